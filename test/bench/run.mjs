/** `npm run bench`: ratios of Lethe to baselines, each pair measured in the same run. See README.md. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'

const HERE = import.meta.dirname
const HELP = `npm run bench -- [options]
  --only csv|ndjson|startup|gates|lifecycle   one part (may be repeated)
  --mode repeat|unique        one kind of subjects (may be repeated)
  --rows N                    rows or events (default 1000000)
  --quick                     100000 rows, unless --rows says otherwise
  --runs N                    runs of each contestant (default 3)
  --without-loops             leaves fast-csv and parse-stringify out, which take the longest
LETHE_BENCH_DIST names another build's dist folder, to compare builds.
`
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['csv', 'ndjson', 'startup', 'gates', 'lifecycle'] },
    mode: { type: 'string', multiple: true, default: ['repeat', 'unique'] },
    rows: { type: 'string' },
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    'without-loops': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const rows = Number(options.rows ?? (options.quick ? 100_000 : 1_000_000))
const runs = Number(options.runs)
if (!Number.isInteger(rows) || rows < 1 || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write(HELP)
  process.exit(2)
}
const threads = availableParallelism() > 1 ? [1, 2] : [1]

if (!existsSync(join(HERE, 'node_modules'))) {
  process.stderr.write('installing the baselines into test/bench/node_modules\n')
  // npm is a script of a shell on Windows.
  execFileSync('npm', ['ci', '--prefix', HERE], { stdio: 'inherit', shell: process.platform === 'win32' })
}
// Only now: these import the baselines.
const { machine, measure, spread, startup, warm } = await import('./measure.mjs')
const { contestants, MAIN, ratios } = await import('./cases.mjs')
const { assertEqual } = await import('./equal.mjs')

const cache = join(tmpdir(), 'lethe-bench')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'run-'))
const keys = join(folder, 'keyset.json')
const secret = randomBytes(32)

/** The data of one case; made once for its parameters and the generator's text. */
function dataFor(kind, mode) {
  const generator = join(HERE, 'data.mjs')
  const digest = createHash('sha256').update(readFileSync(generator)).digest('hex').slice(0, 12)
  const file = join(cache, `${digest}-${rows}-${mode}.${kind}`)
  if (!existsSync(file)) {
    process.stderr.write(`generating ${rows} ${kind} records, subjects ${mode}\n`)
    execFileSync(process.execPath, [generator, kind, String(rows), mode, file], { stdio: 'inherit' })
  }
  return { file, bytes: warm(file) }
}

/** NDJSON in two files of whole records, about as large as each other. */
async function halvesOf(file) {
  const names = [1, 2].map((half) => `${file.replace(/\.ndjson$/, '')}-half${half}.ndjson`)
  if (!names.every((name) => existsSync(name))) {
    const middle = await lineBehind(file, statSync(file).size >> 1)
    // In pieces: a child's peak of memory is never below what this process had when it was started.
    await pipeline(createReadStream(file, { end: middle - 1 }), createWriteStream(names[0]))
    await pipeline(createReadStream(file, { start: middle }), createWriteStream(names[1]))
  }
  for (const name of names) warm(name)
  return names
}

/** Where the next line begins. */
async function lineBehind(file, start) {
  let at = start
  for await (const piece of createReadStream(file, { start })) {
    const found = piece.indexOf(0x0a)
    if (found >= 0) return at + found + 1
    at += piece.length
  }
  return at
}

const number = (value, digits) => value.toFixed(digits)
const range = ({ median, min, max }, digits) =>
  `${number(median, digits)} (${number(min, digits)}..${number(max, digits)})`
const row = (cells, widths) =>
  `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}\n`

async function runCase(kind, mode) {
  const { file, bytes } = dataFor(kind, mode)
  const halves = kind === 'ndjson' && threads.includes(2) ? await halvesOf(file) : undefined
  const setup = { kind, mode, input: file, halves, folder, keys, secret, threads }
  const loops = ['fast-csv', 'parse-stringify']
  const wanted = ({ name }) => !(options['without-loops'] && loops.includes(name))
  const list = contestants(setup).filter(wanted)
  const results = new Map(list.map(({ name }) => [name, []]))
  let compared = 0
  for (let run = 0; run < runs; run++) {
    for (const { name, commands, output, outputs = [output] } of list) {
      for (const each of outputs) rmSync(each, { force: true })
      process.stderr.write(`  ${kind} ${mode} run ${run + 1}/${runs}: ${name}        \r`)
      results.get(name).push(await measure(commands, folder))
    }
    if (run > 0) continue
    const ours = list.find(({ name }) => name.startsWith('lethe'))
    for (const other of list)
      if (other !== ours && other.output !== undefined)
        compared += await assertEqual(kind, ours.output, other.output)
  }
  for (const { output, outputs = [output] } of list) for (const each of outputs) rmSync(each, { force: true })
  process.stderr.write(`${' '.repeat(60)}\r`)

  const subjects = mode === 'repeat' ? `${Math.ceil(rows / 5)} subjects` : 'all values unique'
  const out = process.stdout
  out.write(
    `\n${kind.toUpperCase()}: ${rows} records, ${number(bytes / 1e6, 0)} MB, ${subjects}; ${compared} records of outputs compared, all equal\n`,
  )
  const widths = [24, 22, 8, 8, 12, 10]
  out.write(row(['', 'seconds', 'CPU s', 'MB/s', 'records/s', 'peak MiB'], widths))
  for (const [name, measured] of results) {
    const seconds = spread(measured.map((each) => each.seconds))
    const peak = Math.max(...measured.map((each) => each.peak))
    const { median } = seconds
    const cpu = spread(measured.map((each) => each.cpu)).median
    out.write(
      row(
        [
          name,
          range(seconds, 2),
          number(cpu, 2),
          number(bytes / 1e6 / median, 1),
          number(rows / median, 0),
          number(peak, 0),
        ],
        widths,
      ),
    )
  }
  const columns = [40, 22, 8, 6]
  out.write(row(['', 'ratio', 'target', ''], columns))
  for (const { slow, fast, target } of ratios(setup)) {
    if (!results.has(slow) || !results.has(fast)) continue
    const quotients = results.get(slow).map((each, run) => each.seconds / results.get(fast)[run].seconds)
    const ratio = spread(quotients)
    out.write(row([`${fast} against ${slow}`, range(ratio, 2), ...verdict(ratio.median, target)], columns))
  }
}

const verdict = (reached, target) =>
  target === undefined ? ['', ''] : [`>= ${target}`, reached >= target ? 'pass' : 'miss']

async function runStartup() {
  const floor = await startup(['-e', '0'], 10)
  const version = await startup([MAIN, '--version'], 10)
  const ms = ({ median, min, max }) => ({ median: median * 1000, min: min * 1000, max: max * 1000 })
  process.stdout.write(
    `\nStart-up: lethe --version ${range(ms(version), 0)} ms, node alone ${range(ms(floor), 0)} ms; target < 150 ms: ${version.median < 0.15 ? 'pass' : 'miss'}\n`,
  )
}

try {
  const key = {
    id: 'k1',
    status: 'enabled',
    created: new Date().toISOString(),
    secret: secret.toString('base64url'),
  }
  writeFileSync(keys, JSON.stringify({ lethe: 'keyset', version: 1, primary: 'k1', keys: [key] }), {
    mode: 0o600,
  })
  for (const line of machine(['@duckdb/node-api', 'fast-csv'])) process.stdout.write(`${line}\n`)
  process.stdout.write(
    'Ratios: seconds of the other over seconds of Lethe, per run; median (least..greatest).\n',
  )
  for (const kind of ['csv', 'ndjson']) {
    if (!options.only.includes(kind)) continue
    for (const mode of ['repeat', 'unique']) if (options.mode.includes(mode)) await runCase(kind, mode)
  }
  if (options.only.includes('startup')) await runStartup()
  // Figures of their own, each in a process: these compare no contestants.
  const alone = (name, ...args) => {
    process.stdout.write(`\n${name}\n`)
    execFileSync(process.execPath, [join(HERE, `${name}.mjs`), ...args], { stdio: 'inherit' })
  }
  if (options.only.includes('gates')) alone('gates', ...(options.quick ? ['--subjects', '500000'] : []))
  if (options.only.includes('lifecycle')) alone('lifecycle', String(Math.min(rows, 300_000)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
