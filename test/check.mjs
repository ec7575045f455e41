/**
 * `npm run check`: everything that must hold before a change is shared. Says what failed, and ends with the counts of the
 * tests. Arguments are passed on to vitest.
 *
 * First node-rdkafka is compiled where it is not yet, and the sources are checked meanwhile, all of them. Where one of these
 * checks fails, no test is run: that takes a minute, and the tests many. Then the integration tests, which mostly wait, run
 * beside the unit tests, which mostly compute.
 */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closingLine, countsOf } from './counts.mjs'
import { eachLine } from './lines.mjs'
import { argumentsOf, PROJECTS, reportOf } from './vitest-run.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Unit tests let the integration tests go first, which have deadlines. */
const UNIT_PRIORITY = 5

const failed = []
const startedAt = performance.now()
const seconds = (since) => `${Math.round((performance.now() - since) / 1000)} s`

/** Runs a step; its output is printed line by line, with its name where others run beside it. */
function run(name, args, priority = 0) {
  const began = performance.now()
  process.stdout.write(`— ${name}\n`)
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    if (priority !== 0 && child.pid !== undefined) setPriority(child.pid, priority)
    const say = (line) => process.stdout.write(`${name} | ${line}\n`)
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, say)
    child.once('error', (error) => say(error.message))
    child.once('close', (status) => {
      process.stdout.write(`— ${name}: ${status === 0 ? 'ok' : 'failed'} after ${seconds(began)}\n`)
      resolve(status === 0)
    })
  })
}

async function must(name, args, priority) {
  if (!(await run(name, args, priority))) failed.push(name)
}

/** What is soon known comes first. */
async function checkSources() {
  await must('format and lint', ['node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.'])
  await must('build', ['test/built.mjs', '--always'])
  await must('generated files', ['dist/src/cli/generate.js', '--check'])
  await must('kernels', ['test/kernels.mjs', '--check'])
  await must('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'])
}

/** Prints what failed and the counts of the tests, and sets the exit code. */
function end(counts) {
  process.stdout.write(failed.length === 0 ? 'all is well' : `failed: ${failed.join(', ')}`)
  process.stdout.write(` after ${seconds(startedAt)}\n${closingLine(counts)}\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

function test(project) {
  rmSync(join(root, reportOf(project)), { force: true })
  const priority = project === 'unit' ? UNIT_PRIORITY : 0
  return must(
    `${project} tests`,
    [...argumentsOf(project), '--passWithNoTests', ...process.argv.slice(2)],
    priority,
  )
}

// Without it, tests are skipped by name, as where it is not installed.
await Promise.all([run('node-rdkafka', ['test/client.mjs']), checkSources()])
if (failed.length > 0) {
  failed.push('no test ran')
  end(countsOf([]))
} else {
  await Promise.all(PROJECTS.map(test))
  const reports = PROJECTS.map((project) => {
    try {
      return JSON.parse(readFileSync(join(root, reportOf(project)), 'utf8'))
    } catch {
      process.stdout.write(`there is no report of the ${project} tests\n`)
      if (!failed.includes(`${project} tests`)) failed.push(`${project} tests`)
      return undefined
    }
  })
  const counts = countsOf(reports)
  // What a first try met is worth knowing, though the second one passed. What failed comes last: a log that is kept in
  // part is kept from its end.
  for (const { name, message } of counts.retried)
    process.stdout.write(`passed at another try: ${name}\n${message.slice(0, 2000)}\n`)
  for (const { name, message } of counts.failures.slice(0, 20))
    process.stdout.write(`failed: ${name}\n${message.slice(0, 1500)}\n`)
  if (counts.failed > 0 && failed.length === 0) failed.push('tests')
  if (counts.passed === 0) failed.push('no test ran')
  end(counts)
}
