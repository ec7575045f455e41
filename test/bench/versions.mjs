/**
 * `npm run bench:versions -- --base DIST`: processor time a record of this build over that of another one, in alternating
 * pairs. Prints the median of the paired ratios with an interval that holds it in 95 of 100 runs or more. See README.md.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { generate } from './data.mjs'
import { measure, warm } from './measure.mjs'
import { openWorld } from './stream/world.mjs'

const HERE = import.meta.dirname
const HELP = `npm run bench:versions -- --base DIST [options]
  --base DIST      the other build's dist folder
  --pairs N        of each case (default 10)
  --rows N         rows or events (default 500000)
  --only NAME      csv, ndjson, stream (may be repeated)
  --policies DIR   policies of the cases, csv.yaml and so on, that both builds take (default: those of the bench)
  --count          the country is a quasi-identifier: data subjects are counted where a build can
`
const { values: options } = parseArgs({
  options: {
    base: { type: 'string' },
    pairs: { type: 'string', default: '10' },
    rows: { type: 'string', default: '500000' },
    only: { type: 'string', multiple: true, default: ['csv', 'ndjson', 'stream'] },
    policies: { type: 'string', default: join(HERE, 'policies') },
    count: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const pairs = Number(options.pairs)
const rows = Number(options.rows)
if (options.help || options.base === undefined || !(pairs >= 6) || !(rows >= 1)) {
  process.stdout.write(HELP)
  process.exit(options.help ? 0 : 2)
}
/** The command of a build: up to 0.1.0 it was not joined into few files. */
function mainOf(dist) {
  const joined = join(resolve(dist), 'bin/lethe.js')
  return existsSync(joined) ? joined : join(resolve(dist), 'src/cli/main.js')
}
const BUILDS = { base: mainOf(options.base), here: mainOf(join(HERE, '../../dist')) }
for (const main of Object.values(BUILDS)) if (!existsSync(main)) throw new Error(`${main} is not there`)
const say = (text) => process.stdout.write(`${text}\n`)

/**
 * The median of paired ratios and the order statistics around it: for n pairs, the widest ranks that still leave at most
 * 2.5 % below and above (binomial, Conover 1999, section 3.2).
 */
function interval(ratios) {
  const sorted = [...ratios].sort((a, b) => a - b)
  const n = sorted.length
  let below = 0
  let probability = 0.5 ** n
  let sum = probability
  while (sum + (probability * (n - below)) / (below + 1) <= 0.025) {
    probability *= (n - below) / (below + 1)
    sum += probability
    below++
  }
  const middle = n >> 1
  const median = n % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, low: sorted[below], high: sorted[n - 1 - below] }
}

/** Runs `run(main)` for both builds in turn, and the other way round in every second pair; gives processor seconds. */
async function compare(name, run) {
  const ratios = []
  let total = { base: 0, here: 0 }
  for (let pair = -1; pair < pairs; pair++) {
    const seconds = {}
    for (const build of pair % 2 === 0 ? ['base', 'here'] : ['here', 'base'])
      seconds[build] = await run(BUILDS[build])
    // The first pair warms up.
    if (pair < 0) continue
    ratios.push(seconds.here / seconds.base)
    total = { base: total.base + seconds.base, here: total.here + seconds.here }
  }
  const { median, low, high } = interval(ratios)
  const micro = (seconds) => ((seconds / pairs / rows) * 1e6).toFixed(2)
  const verdict = high < 1.03 || (low <= 1 && high >= 1) ? 'holds' : 'MISSED'
  say(
    `| ${name} | ${micro(total.base)} | ${micro(total.here)} | ${median.toFixed(3)} (${low.toFixed(3)}..${high.toFixed(3)}) | ${verdict} |`,
  )
}

/** The policy of a case; with `--count`, one that has data subjects counted. */
function policyOf(kind, folder) {
  const file = join(options.policies, `${kind}.yaml`)
  if (!options.count) return file
  const counting = join(folder, `${kind}.yaml`)
  writeFileSync(counting, readFileSync(file, 'utf8').replace('role: other', 'role: quasi-identifier'))
  return counting
}

async function files(kind, workers, folder, keys) {
  const input = join(folder, `events.${kind}`)
  if (!existsSync(input)) await generate(kind, rows, 'repeat', input)
  warm(input)
  const output = join(folder, `out.${kind}`)
  await compare(`${kind}, ${workers} worker${workers > 1 ? 's' : ''}`, async (main) => {
    rmSync(output, { force: true })
    const policy = policyOf(kind, folder)
    const args = [
      'batch',
      input,
      '-p',
      policy,
      '-o',
      output,
      '--keys',
      keys,
      '--workers',
      String(workers),
      '-q',
    ]
    return (await measure([[main, ...args]], folder)).cpu
  })
}

async function streams() {
  const world = await openWorld({ main: BUILDS.here, events: rows, say: () => {} })
  try {
    const input = await world.topic('input')
    await world.fill(input)
    for (const delivery of ['exactly-once', 'at-least-once'])
      await compare(`stream, ${delivery}`, async (main) => {
        const output = await world.topic('cleaned', { 'retention.ms': '-1' })
        const dead = await world.topic('dead')
        const policy = policyOf('stream', folder)
        const file = world.pipeline({ input, output, dead, driver: 'rdkafka', delivery, policy })
        const { cpu } = await world.timed([
          [process.execPath, main, 'stream', file, '--until-end', '--quiet'],
        ])
        if ((await world.count(output)) < rows) throw new Error('fewer records were written than read')
        await world.admin.deleteTopics({ topics: [output, dead] })
        return cpu
      })
  } finally {
    await world.close()
  }
}

say(`${pairs} pairs of ${rows.toLocaleString('en')} records; processor time of all threads, start included`)
say('| case | base, CPU µs a record | here | ratio (95 %) | under 1.03, or not told from 1 |')
say('|---|---|---|---|---|')
mkdirSync(join(tmpdir(), 'lethe-bench'), { recursive: true })
const folder = mkdtempSync(join(tmpdir(), 'lethe-bench', 'versions-'))
try {
  const keys = join(folder, 'keys.json')
  execFileSync(process.execPath, [BUILDS.here, 'keys', 'create', keys], { stdio: 'ignore' })
  for (const kind of ['csv', 'ndjson'].filter((one) => options.only.includes(one)))
    for (const workers of availableParallelism() > 1 ? [1, 2] : [1]) await files(kind, workers, folder, keys)
  if (options.only.includes('stream')) await streams()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
