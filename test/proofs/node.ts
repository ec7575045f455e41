/**
 * `npm run proof:node`: what must hold here holds on other releases of Node.js too. Each gets a clean copy of the
 * checkout with packages of its own, and runs `npm run check` in it. Ends with the counts, and with 1 where one failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { closingLine, countsOf, type Report } from '../counts.mjs'
import { argumentsOf, PROJECTS, reportOf } from '../vitest-run.mjs'
import { copyCheckout } from './checkout.ts'
import { Commands } from './commands.ts'
import { environmentOn, fetchNode } from './node-release.ts'

const HELP = `npm run proof:node -- [options]
  --version N      a release of Node.js, such as 22 or 22.12.0; may be repeated (default: 22 and 24)
  --project NAME   the tests of this project and no other check: unit or integration; may be repeated
`
const { values } = parseArgs({
  options: {
    version: { type: 'string', multiple: true, default: ['22', '24'] },
    project: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
})
const wrong =
  values.project.some((one) => !PROJECTS.includes(one)) ||
  values.version.some((one) => !/^\d+(\.\d+){0,2}$/.test(one))
if (values.help || wrong) {
  process.stderr.write(HELP)
  process.exit(values.help ? 0 : 2)
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const commands = new Commands().watch()
const results: { readonly line: string; readonly failures: readonly string[] }[] = []

/** What ran and what failed; empty where all is well. */
async function prove(wanted: string, folder: string): Promise<void> {
  const began = performance.now()
  const { version, folder: release } = await fetchNode(commands, wanted, join(folder, 'node'))
  const env = environmentOn(release, process.env)
  const copy = join(folder, 'lethe')
  copyCheckout(root, copy)
  const options = { cwd: copy, env, onLine: (line: string) => say(`${version} | ${line}`) }
  const failures: string[] = []
  const step = async (name: string, command: string, ...args: string[]): Promise<void> => {
    const { status } = await commands.run(command, args, options)
    if (status !== 0) failures.push(name)
  }
  // By the path, as npm, its scripts and the tests find it.
  const found = (await commands.must('node', ['--version'], { cwd: copy, env })).trim()
  if (found !== `v${version}`) throw new Error(`node is ${found}, and not v${version}`)
  await step('npm ci', 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
  if (failures.length === 0) {
    if (values.project.length === 0) await step('check', 'node', 'test/check.mjs')
    else {
      await step('node-rdkafka', 'node', 'test/client.mjs')
      await step('build', 'node', 'test/built.mjs')
      for (const project of values.project) await step(`${project} tests`, 'node', ...argumentsOf(project))
    }
    // The check lets it be missing, and skips its tests.
    if ((await commands.run('node', ['-e', 'require("node-rdkafka")'], { cwd: copy, env })).status !== 0)
      failures.push('node-rdkafka does not load')
  }
  const projects = values.project.length === 0 ? PROJECTS : values.project
  const lines = projects.map((project) => {
    const report = reportIn(join(copy, reportOf(project)))
    const counts = report === undefined ? undefined : countsOf([report])
    if (report === undefined || counts === undefined || counts.passed === 0)
      failures.push(`no ${project} test ran`)
    else if (counts.failed > 0) failures.push(`${counts.failed} ${project} tests`, ...failedIn(report))
    return `${project} ${counts === undefined ? 'not run' : closingLine(counts)}`
  })
  const seconds = Math.round((performance.now() - began) / 1000)
  results.push({ line: `Node.js ${version}: ${lines.join('; ')}; ${seconds} s`, failures })
}

function reportIn(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return undefined
  }
}

const failedIn = (report: Report): readonly string[] =>
  report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  )

for (const wanted of values.version) {
  if (commands.interrupted) break
  const folder = mkdtempSync(join(tmpdir(), 'lethe-node-'))
  try {
    await prove(wanted, folder)
  } catch (error) {
    results.push({ line: `Node.js ${wanted}: not run`, failures: [(error as Error).message] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
for (const { line, failures } of results)
  say(failures.length === 0 ? line : `${line}\n  failed: ${failures.join('\n    ')}`)
// Node may turn for ever when it tidies up after the thread that compiles TypeScript.
process.exit(commands.interrupted ? 130 : results.every(({ failures }) => failures.length === 0) ? 0 : 1)
