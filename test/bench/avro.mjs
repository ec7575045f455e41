/**
 * `npm run bench:avro [-- EVENTS [ROUNDS]]`: what the events of the NDJSON case cost as messages of Avro and Protobuf, beside the
 * same events as messages of JSON. Each route has a process of its own, and all work in turn. Processor time; see README.md.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from './data.mjs'

const ROUTES = ['JSON to JSON', 'Avro to JSON', 'Protobuf to JSON', 'Avro to Avro', 'Protobuf to Protobuf']
/** Rounds before those that count: code is compiled, and memory grows to its size. */
const WARM = 3
/** Threads that help to collect garbage wait for each other, which is processor time too: the more, the busier the machine. */
const ONE_THREAD = ['--single-threaded', '--expose-gc']
const [events, rounds] = [Number(process.argv[2] ?? 50_000), Number(process.argv[3] ?? 15)]
if (!Number.isInteger(events) || events < 1 || !Number.isInteger(rounds) || rounds < 9) {
  process.stderr.write('npm run bench:avro [-- EVENTS [ROUNDS]]: 9 rounds or more\n')
  process.exit(2)
}

/** Of sorted numbers: the least, the quarters between them, and the greatest. */
function spread(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (part) => sorted[Math.round((sorted.length - 1) * part)]
  return { least: at(0), low: at(0.25), median: at(0.5), high: at(0.75), most: at(1) }
}
const shown = ({ least, low, median, high, most }) =>
  `**${median.toFixed(2)}** | ${low.toFixed(2)} to ${high.toFixed(2)} | ${least.toFixed(2)} to ${most.toFixed(2)}`

const folder = mkdtempSync(join(tmpdir(), 'lethe-bench-'))
const file = join(folder, 'events')
generate('ndjson', events, 'repeat', file)
const routes = ROUTES.map((name) => ({
  name,
  child: fork(join(import.meta.dirname, 'avro-route.mjs'), [file, name], { execArgv: ONE_THREAD }),
  took: [],
}))

/** Lets one route do its events once; gives what that took. */
async function round({ name, child }) {
  const answered = new AbortController()
  const { signal } = answered
  child.send('run')
  const [answer] = await Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })])
  answered.abort()
  if (typeof answer !== 'object') throw new Error(`the process of ${name} has ended`)
  return answer
}

try {
  for (let at = -WARM; at < rounds; at++)
    for (const route of routes) {
      const took = await round(route)
      if (at >= 0) route.took.push(took)
    }
} finally {
  for (const { child } of routes) child.kill()
  rmSync(folder, { recursive: true, force: true })
}

const [json] = routes
const of = (route, figure) => spread(route.took.map((took) => took[figure])).median.toFixed(2)
const least = (route) => spread(route.took.map((took) => took.processor)).least
const ratio = (route, figure) => spread(route.took.map((took, at) => json.took[at][figure] / took[figure]))
process.stdout.write(
  'Events a second, to those of JSON in the same round: by processor time, and by the clock.\n\n',
)
process.stdout.write(
  '| route | bytes | processor, µs | ratio | half of rounds | all rounds | least, µs | ratio | clock, µs | ratio |\n|---|---|---|---|---|---|---|---|---|---|\n',
)
for (const route of routes) {
  const parts = [
    route.name,
    Math.round(route.took[0].bytes),
    of(route, 'processor'),
    shown(ratio(route, 'processor')),
    least(route).toFixed(2),
    (least(json) / least(route)).toFixed(2),
    of(route, 'wall'),
    ratio(route, 'wall').median.toFixed(2),
  ]
  process.stdout.write(`| ${parts.join(' | ')} |\n`)
}
