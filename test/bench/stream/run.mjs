/** `npm run bench:stream`: Lethe against a bare copy with the same client and delivery, on one broker. See ../README.md. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { latency } from './latency.mjs'
import { openWorld, PARTITIONS } from './world.mjs'

const HERE = import.meta.dirname
const MAIN = join(process.env.LETHE_BENCH_DIST ?? join(HERE, '../../../dist'), 'bin/lethe.js')
const HELP = `npm run bench:stream -- [options]
  --events N          default 1000000
  --runs N            of each pair (default 3)
  --only NAME         rdkafka-exactly-once, rdkafka-at-least-once, kafkajs-at-least-once, latency (may be repeated)
  --workers 1|2       default both
`
const CASES = ['rdkafka-exactly-once', 'rdkafka-at-least-once', 'kafkajs-at-least-once']
const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: [...CASES, 'latency'] },
    workers: { type: 'string', multiple: true, default: ['1', '2'] },
    help: { type: 'boolean', default: false },
  },
})
const events = Number(options.events)
const runs = Number(options.runs)
if (options.help || !Number.isInteger(events) || events < 1 || !Number.isInteger(runs) || runs < 1) {
  process.stdout.write(HELP)
  process.exit(options.help ? 0 : 2)
}
const say = (text) => process.stdout.write(`${text}\n`)
const { folder, broker, admin, topic, timed, fill, pipeline, count, close } = await openWorld({
  main: MAIN,
  events,
  say,
})

async function pair(name, input, workers) {
  const [driver, delivery] = [name.split('-')[0], name.slice(name.indexOf('-') + 1)]
  const [copied, cleaned, dead] = [
    await topic('copied'),
    // Outputs carry the times of their events: a topic that deletes by age would delete them.
    await topic('cleaned', { 'retention.ms': '-1' }),
    await topic('dead'),
  ]
  const group = `copy-${copied}`
  const copy = Array.from({ length: workers }, (_, worker) =>
    driver === 'rdkafka'
      ? [
          process.execPath,
          join(HERE, 'copy-rdkafka.mjs'),
          broker.address,
          group,
          input,
          copied,
          delivery,
          worker,
          workers,
          PARTITIONS,
        ]
      : [process.execPath, join(HERE, 'copy-kafkajs.mjs'), broker.address, group, input, copied, events],
  )
  const base = await timed(copy)
  const file = pipeline({ input, output: cleaned, dead, driver, delivery })
  const ours = await timed([
    [process.execPath, MAIN, 'stream', file, '--until-end', '--quiet', '--workers', String(workers)],
  ])
  if ((await count(cleaned)) < events) throw new Error('Lethe wrote fewer records than it read')
  await admin.deleteTopics({ topics: [copied, cleaned, dead] })
  return { base, ours }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
const range = (numbers) => `${Math.min(...numbers).toFixed(2)}..${Math.max(...numbers).toFixed(2)}`

try {
  say(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, node ${process.versions.node}, broker ${broker.kind}`,
  )
  const input = await topic('input')
  const size = await fill(input)
  say(
    `${events.toLocaleString('en')} events of ${Math.round(size)} B, ${PARTITIONS} partitions, runs: ${runs}\n`,
  )
  say('| case | workers | copy: events/s, CPU µs | Lethe: events/s, CPU µs | events/s, ratio | CPU, ratio |')
  say('|---|---|---|---|---|---|')
  for (const name of CASES.filter((one) => options.only.includes(one)))
    for (const workers of options.workers.map(Number)) {
      const all = []
      for (let run = 0; run < runs; run++) all.push(await pair(name, input, workers))
      const rate = (side) => Math.round(events / median(all.map((one) => one[side].seconds)))
      const cpu = (side) => ((median(all.map((one) => one[side].cpu)) / events) * 1e6).toFixed(1)
      const speed = all.map(({ base, ours }) => base.seconds / ours.seconds)
      const cost = all.map(({ base, ours }) => ours.cpu / base.cpu)
      say(
        `| ${name} | ${workers} | ${rate('base').toLocaleString('en')}, ${cpu('base')} | ${rate('ours').toLocaleString('en')}, ${cpu('ours')} | ${median(speed).toFixed(2)} (${range(speed)}) | ${median(cost).toFixed(2)} (${range(cost)}) |`,
      )
    }
  if (options.only.includes('latency')) {
    const stamped = { 'message.timestamp.type': 'LogAppendTime' }
    const [from, to, dead] = [
      await topic('lat-in', stamped),
      await topic('lat-out', stamped),
      await topic('lat-dead'),
    ]
    const file = pipeline({
      input: from,
      output: to,
      dead,
      driver: 'rdkafka',
      delivery: 'exactly-once',
      source: 'clear',
    })
    const { p50, p99, records } = await latency({
      broker: broker.address,
      main: MAIN,
      file,
      folder,
      from,
      to,
    })
    say(
      `\nexactly-once at 5,000 events/s, from append to append over ${records.toLocaleString('en')} events: p50 ${p50} ms, p99 ${p99} ms`,
    )
  }
} finally {
  await close()
}
process.exit(0)
