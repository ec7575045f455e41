/** `lethe demo`: makes customer events up, de-identifies them as CSV and NDJSON, and shows what became of them. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { EventFile } from '../demo/event-writer.ts'
import { generateEvents } from '../demo/generate-events.ts'
import { EXIT, LetheError } from '../errors.ts'
import { type Explanation, explain } from '../explain/explanation.ts'
import { runRecord } from '../explain/run-record.ts'
import { createKeysetFile, loadKeyring } from '../keys/file.ts'
import { createKeyset } from '../keys/keyset.ts'
import { compilePolicy } from '../policy/compile.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { onInterrupt } from '../run/interrupt.ts'
import { packageRoot } from '../run/package-root.ts'
import { columns, paint, printable, shorten, wantsColour } from '../terminal.ts'

/** The demo's export was made at this moment, so that its output is the same on every day. */
const AS_OF = new Date('2026-01-01T00:00:00Z')
/** The command's own script, which runs in processes of its own as people run it. */
const SCRIPT = fileURLToPath(new URL('./main.js', import.meta.url))
const SEED = 20_260_101

interface Options {
  readonly count: number
  readonly keep?: string
  readonly broker?: string
  readonly delivery?: 'exactly-once' | 'at-least-once'
  readonly mock?: boolean
}

async function run(options: Options): Promise<void> {
  const { count, keep } = options
  const folder = keep === undefined ? mkdtempSync(join(tmpdir(), 'lethe-demo-')) : keepFolder(keep)
  const remove = () => {
    if (keep === undefined) rmSync(folder, { recursive: true, force: true })
  }
  const forget = onInterrupt(remove)
  try {
    await show(folder, count)
    await showOrExplain(folder, options)
    const kept =
      keep === undefined
        ? 'nothing is left behind; --keep FOLDER keeps the files'
        : `the files are in ${folder}`
    process.stdout.write(`\n${paint(process.stdout).dim(kept)}\n`)
  } finally {
    remove()
    forget()
  }
}

function keepFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0)
    throw new LetheError('output-exists', `${folder} is not empty`, 'name a new folder')
  return folder
}

/** The stream, where there is a broker. */
async function showOrExplain(folder: string, options: Options): Promise<void> {
  const broker = options.broker ?? (process.env['LETHE_KAFKA'] || undefined)
  const { NO_BROKER, showStream } = await import('../demo/show-stream.ts')
  if (broker === undefined) {
    process.stdout.write(`\n${NO_BROKER}\n`)
    return
  }
  process.stdout.write('\n')
  await showStream({
    broker,
    delivery: options.delivery,
    isMock: options.mock === true,
    folder,
    policy: join(packageRoot(), 'config/policies/customer-events.yaml'),
    keys: join(folder, 'keys.json'),
    count: options.count,
    seed: SEED,
    script: SCRIPT,
  })
}

async function show(folder: string, count: number): Promise<void> {
  const { bold, dim } = paint(process.stdout)
  const say = (text: string) => process.stdout.write(`${text}\n`)
  const policy = join(packageRoot(), 'config/policies/customer-events.yaml')
  const keys = join(folder, 'keys.json')
  createKeysetFile(keys, createKeyset(new Date()))

  const files = await generateEvents({ count, seed: SEED, asOf: AS_OF })
  writeFileSync(join(folder, 'events.ndjson'), files.ndjson.bytes)
  writeFileSync(join(folder, 'events.csv'), files.csv.bytes)
  say(bold(`${count.toLocaleString('en-US')} made-up customer events, as NDJSON and as CSV`))
  for (const [name, file] of [
    ['events.ndjson', files.ndjson],
    ['events.csv', files.csv],
  ] as const)
    say(`  ${name}: ${describe(file)}`)

  say(`\n${bold('Before and after')} ${dim(`by ${policy}`)}`)
  for (const explanation of samples(files.ndjson, policy, keys)) {
    for (const line of beforeAndAfter(explanation)) say(line)
    say('')
  }
  for (const name of ['events.ndjson', 'events.csv']) {
    const args = [
      name,
      '-p',
      policy,
      '--keys',
      'keys.json',
      '-o',
      `clean-${name}`,
      '--as-of',
      AS_OF.toISOString(),
    ]
    args.push('--dead-letter', `dead-letters-${name.replace('.csv', '.csv.ndjson')}`)
    say(bold(`lethe batch ${name} -o clean-${name}`))
    const { code, text } = await batch(args, folder)
    say(text.trimEnd())
    say('')
    if (code !== EXIT.ok && code !== EXIT.deadLetters)
      throw new LetheError('step-failed', `the run over ${name} ended with ${code ?? 'a signal'}`)
  }
  const [one, other] = ['clean-events.ndjson', 'clean-events.csv'].map((name) => tokens(join(folder, name)))
  const shared = [...one!].filter((token) => other!.has(token)).length
  const counts = [shared, one!.size, other!.size].map((size) => size.toLocaleString('en-US'))
  say(bold('One policy, one token: the same value gives the same bytes in either format'))
  say(`  ${counts[0]} tokens stand in both files; ${counts[1]} in the NDJSON, ${counts[2]} in the CSV\n`)
  say(bold('Broken rows went to the dead letters: a place and a code, never a value'))
  for (const line of readFileSync(join(folder, 'dead-letters-events.ndjson'), 'utf8').split('\n', 2))
    say(`  ${printable(line)}`)
}

function describe({ bytes, records, broken, expired }: EventFile): string {
  const n = (value: number) => value.toLocaleString('en-US')
  return `${n(records)} records, ${n(bytes.length)} bytes; ${n(broken)} broken on purpose, ${n(expired)} past their retention`
}

/** What became of a few records: one whose names are in Latin letters, and one of each of two other scripts. */
function samples(file: EventFile, policy: string, keys: string): Explanation[] {
  const source = readPolicyFile(policy)
  const { plan, policy: read } = compilePolicy(source, { keys: loadKeyring(keys) })
  if (plan === undefined || read === undefined)
    throw new LetheError('policy-invalid', `the policy ${policy} has errors`, `lethe lint ${policy}`)
  const scripts = [
    /"name":"\p{Script=Latin}/u,
    /"name":"[\p{Script=Han}\p{Script=Hiragana}]/u,
    /"name":"\p{Script=Arabic}/u,
  ]
  const found: Explanation[] = []
  for (const line of file.bytes.toString('utf8').split('\n')) {
    const next = scripts.findIndex((script) => script.test(line))
    // A purchase has most to show.
    if (next < 0 || !line.includes('"purchase"')) continue
    const explanation = explain(read, runRecord(plan, { kind: 'json', text: line }, AS_OF.getTime()))
    if (explanation.outcome !== 'publish') continue
    scripts.splice(next, 1)
    found.push(explanation)
    if (scripts.length === 0) break
  }
  return found
}

function beforeAndAfter({ fields }: Explanation): string[] {
  const { cyan, dim } = paint(process.stdout)
  // Paths and rules take about 45 columns; the rest is for two values.
  const width = Math.max(24, Math.min(40, Math.floor(((process.stdout.columns ?? 110) - 52) / 2)))
  const value = (list: readonly string[]) => shorten(printable(list.join(', ')), width)
  const rows = fields
    .filter((field) => field.before.length > 0)
    .map(({ path, rules, before, after }) => {
      const result = after.length === 0 ? dim('(left out)') : cyan(value(after))
      const rule = rules.find((one) => one.applied + one.failed > 0) ?? rules[0]!
      return [`  ${path}`, value(before), result, dim(rule.use)]
    })
  return columns([['  field', 'before', 'after', 'rule'].map(dim), ...rows])
}

function tokens(file: string): Set<string> {
  return new Set(readFileSync(file, 'utf8').match(/\bk1\.[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])/g))
}

/** Runs `lethe batch` as people do, and gives what it writes to stderr. */
function batch(args: readonly string[], cwd: string): Promise<{ code: number | null; text: string }> {
  const env = wantsColour(process.stdout) ? { ...process.env, FORCE_COLOR: '1' } : process.env
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, 'batch', ...args], {
      cwd,
      env,
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, text }))
  })
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 10_000_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 10000000.')
  return count
}

const EXAMPLES = `
Generates customer events with a fixed seed: names and addresses of many regions and scripts, some rows
broken, some past their retention. De-identifies them as NDJSON and as CSV with an example policy. With a
broker, it then makes topics there (lethe-demo-*, which it leaves), and runs the events through a pipeline.

Examples:
  $ lethe demo
  $ lethe demo --count 100000 --keep demo      keeps events, policy output and keyset in demo/
  $ lethe demo --broker localhost:9092         with a stream, too (or LETHE_KAFKA=localhost:9092)`

export const command = (): Command =>
  new Command('demo')
    .description('Shows all of it on made-up customer events. Without a broker it needs no network.')
    .addOption(new Option('--count <n>', 'how many events').argParser(parseCount).default(20_000))
    .option('--keep <folder>', 'keep the files in a new folder')
    .option('--broker <host:port>', 'a broker without TLS, for the stream (default: LETHE_KAFKA)')
    .addOption(
      new Option(
        '--delivery <delivery>',
        'of the stream (default: exactly-once where node-rdkafka is installed)',
      ).choices(['exactly-once', 'at-least-once']),
    )
    .addOption(new Option('--mock').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(run)
