/**
 * A process that runs one command line after another, as `src/cli/main.ts` runs one: to start Node and to load a command
 * takes ten times as long as most tests of commands. `warm` of `lethe.ts` starts it.
 */
import { Readable } from 'node:stream'

const cli = new URL('../../../dist/src/cli/', import.meta.url)
const { run } = await import(new URL('program.js', cli).href)
const { reportError, wantsJson } = await import(new URL('report-error.js', cli).href)

/** What the command that runs has written. */
let written
let answer
/** Ends the command that runs with an error. */
let fail

for (const name of ['stdout', 'stderr']) {
  process[name].write = (chunk, encoding, callback) => {
    const done = typeof encoding === 'function' ? encoding : callback
    written[name].push(
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
        : Buffer.from(chunk),
    )
    if (done !== undefined) process.nextTick(done)
    return true
  }
}

const home = process.cwd()

process.on('message', async ({ args, cwd, input, env }) => {
  const asJson = wantsJson(args)
  written = { stdout: [], stderr: [] }
  answer = (code) => {
    answer = undefined
    const text = (name) => Buffer.concat(written[name]).toString()
    process.send({ code, stdout: text('stdout'), stderr: text('stderr') })
  }
  fail = (error) => answer?.(reportError(error, asJson))
  process.chdir(cwd ?? home)
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
  process.exitCode = undefined
  const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)], { objectMode: false })
  Object.defineProperty(process, 'stdin', { configurable: true, get: () => stdin })
  try {
    const code = await run(args)
    answer?.(code)
  } catch (error) {
    fail(error)
  }
})

/** An unhandled rejection ends the process of a command. This process ends too: its state is unknown then. */
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => {
    fail?.(error)
    process.disconnect()
  })
process.on('disconnect', () => process.exit())
process.send('ready')
