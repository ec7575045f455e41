#!/usr/bin/env node
/** The `lethe` command: what holds for every command line, and nothing that takes time to load. */
import { EXIT, unwritable } from '../errors.ts'
import { isInterrupted, watchInterrupts } from '../run/interrupt.ts'
import { packageVersion } from '../run/package-root.ts'
import { reportError, wantsJson } from './report-error.ts'

const args = process.argv.slice(2)
const asJson = wantsJson(args)
const fail = (error: unknown): void => {
  // It fails because it is being undone.
  if (!isInterrupted()) process.exit(reportError(error, asJson))
}
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
// A reader that has seen enough, such as `head`: nothing to say, but not all was delivered.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.io : reportError(unwritable('standard output', error), asJson))
})

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`${packageVersion()}\n`)
} else {
  watchInterrupts()
  const { run } = await import('./program.ts')
  const exitCode = await run(args)
  // What a client or a thread of a stream leaves behind may be waited for without end when Node tidies up.
  if (args.find((arg) => !arg.startsWith('-')) === 'stream') process.exit(exitCode)
  process.exitCode = exitCode
}
