/**
 * What a sketch costs a stream: `npm run bench:sketch`. The work of the thread that rewrites, with a sketch and without, in turns, of
 * events of which each has a combination of its own (the most that can be) and of few combinations; and with `--stream`, the events a
 * second of `lethe stream` on a broker of its own, exactly once. See README.md.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const dist = process.env.LETHE_BENCH_DIST ?? join(import.meta.dirname, '../../dist')
const load = (path) => import(join(dist, 'src', path))
const { batchWork } = await load('run/batch-work.js')
const { PackedRecords } = await load('kafka/packed-records.js')
const { createKeyset } = await load('keys/keyset.js')
const { Keyring } = await load('keys/keyring.js')
const { compilePolicy } = await load('policy/compile.js')
const { policyFileOf } = await load('policy/policy-file.js')
const { PLAIN_FORM } = await load('record/wire-form.js')
const { KHyperLogLog } = await load('measures/khyperloglog.js')

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    runs: { type: 'string', default: '3' },
    stream: { type: 'boolean', default: false },
  },
})
const events = Number(values.events)
const runs = Number(values.runs)
const BATCH = 5_000

const POLICY = `policy: bench
version: 1
purpose: train_ai_system
subject: customer.id
fields:
  type: keep
  customer.id: { use: hash.hmac, domain: customer }
  customer.email: { use: hash.hmac, domain: email }
  customer.phone: { use: mask.characters, keepLast: 2 }
  customer.birth_date: { use: generalize.date, to: year, role: quasi-identifier }
  customer.postcode: { use: generalize.prefix, keep: 3, role: quasi-identifier }
  customer.country: { use: keep, role: quasi-identifier, accept: it is measured here }
  occurred_at: { use: generalize.date, to: hour }
`
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}

const keyset = createKeyset(new Date())
const file = '/nowhere/policy.yaml'
const { plan, problems } = compilePolicy(policyFileOf(file, POLICY), { keys: Keyring.fromKeyset(keyset) })
if (plan === undefined) throw new Error(JSON.stringify(problems))

/** `combinations`: of the quasi-identifiers, how many there are. */
function batches(combinations) {
  const pad = (n, to) => String(n).padStart(to, '0')
  return Array.from({ length: events / BATCH }, (_, batch) =>
    Array.from({ length: BATCH }, (_, i) => {
      const n = batch * BATCH + i
      const who = n % (events / 5)
      const of = Math.imul(who, 2654435761) >>> 0
      const at = of % combinations
      return {
        topic: 't',
        partition: 0,
        offset: n,
        key: null,
        value: Buffer.from(
          JSON.stringify({
            type: 'view',
            occurred_at: '2026-11-30T10:00:00Z',
            customer: {
              id: `C-${who}`,
              email: `person${who}@example.org`,
              phone: `+49 170 ${pad(who % 10_000_000, 7)}`,
              birth_date: `${1930 + (at % 80)}-01-${pad(1 + (n % 28), 2)}`,
              postcode: pad((((at / 80) | 0) % 1000) * 100 + (n % 100), 5),
              country: ['DE', 'FR', 'PL', 'US', 'GB'][((at / 80_000) | 0) % 5],
              note: 'x'.repeat(150),
            },
          }),
        ),
        headers: undefined,
        timestamp: 0,
      }
    }),
  )
}

function setup(sides) {
  return {
    policyFile: file,
    fingerprint: plan.fingerprint,
    configuration: { files: new Map([[file, Uint8Array.from(Buffer.from(POLICY))]]), keyset },
    maxRecordBytes: 1 << 20,
    compacted: false,
    seals: false,
    form: PLAIN_FORM,
    groupsKey: { combinations: new Uint8Array(32).fill(1), subjects: new Uint8Array(32).fill(2) },
    sketch: sides && { sides, over: undefined },
  }
}

if (values.stream) {
  await streams()
  process.exit(0)
}

const processor = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** ms of the processor for a batch, the merging that another thread does included. */
function run({ work, merged }, records) {
  const packed = PackedRecords.of(records)
  const job = {
    ...{ route: 0, now: Date.now(), messages: packed.parts(), looked: new Uint8Array(records.length) },
    ...{ memory: undefined, sketchLimits: merged.map((sketch) => sketch.limit) },
  }
  const began = processor()
  const { done } = work(job)
  for (const [i, part] of (done.sketches ?? []).entries()) merged[i].merge(part)
  return processor() - began
}

process.stdout.write(`${events.toLocaleString('en')} events, ${runs} times, node ${process.versions.node}\n`)
for (const combinations of [400, 20_000, 400_000]) {
  const given = batches(combinations)
  const cases = [
    ['none', undefined],
    ['output', ['output']],
    ['input', ['input']],
    ['both', ['input', 'output']],
  ].map(([name, sides]) => ({
    name,
    work: batchWork({ kind: 'batches', routes: [setup(sides)] }),
    merged: (sides ?? []).map(() => new KHyperLogLog()),
    times: [],
  }))
  // Batch by batch in turns, so that what else the machine does meets all of them.
  for (let i = -1; i < runs; i++)
    for (const [at, records] of given.entries())
      for (let turn = 0; turn < cases.length; turn++) {
        const one = cases[(turn + at) % cases.length]
        const time = run(one, records)
        if (i >= 0) one.times.push(time)
      }
  const line = cases.map(({ name, times }) => {
    const ratio = median(times.map((time, i) => time / cases[0].times[i]))
    return `${name} ${((median([...times]) / BATCH) * 1e6).toFixed(0)} ns (${ratio.toFixed(3)})`
  })
  process.stdout.write(`  up to ${combinations.toLocaleString('en')} combinations: ${line.join(', ')}\n`)
}

/** Whole streams, in turns: events a second, and the processor's time for one. */
async function streams() {
  const { openWorld } = await import('./stream/world.mjs')
  const { mkdirSync, readFileSync, writeFileSync } = await import('node:fs')
  const main = join(dist, 'bin/lethe.js')
  const say = (text) => process.stdout.write(`${text}\n`)
  const world = await openWorld({ main, events, say })
  try {
    const { folder, admin, topic, timed, fill, pipeline, count } = world
    const policy = join(folder, 'sketched.yaml')
    const stream = readFileSync(join(import.meta.dirname, 'policies/stream.yaml'), 'utf8')
    writeFileSync(policy, withRoles(stream))
    mkdirSync(join(folder, 'sketches'))
    const input = await topic('input')
    await fill(input)
    const cases = ['none', 'output', 'both'].map((side) => ({ side, seconds: [], cpu: [] }))
    for (let i = -1; i < runs; i++)
      for (const one of cases) {
        const [cleaned, dead] = [await topic('cleaned', { 'retention.ms': '-1' }), await topic('dead')]
        const route =
          one.side === 'none' ? '' : `    sketch: { folder: sketches, side: ${one.side}, holds: none }\n`
        const of = {
          input,
          output: cleaned,
          dead,
          driver: 'rdkafka',
          delivery: 'exactly-once',
          policy,
          route,
        }
        const { seconds, cpu } = await timed([
          [process.execPath, main, 'stream', pipeline(of), '--until-end', '--quiet'],
        ])
        if ((await count(cleaned)) < events) throw new Error('Lethe wrote fewer records than it read')
        await admin.deleteTopics({ topics: [cleaned, dead] })
        if (i < 0) continue
        one.seconds.push(seconds)
        one.cpu.push(cpu)
      }
    for (const { side, seconds, cpu } of cases) {
      const ratio = median(seconds.map((time, i) => cases[0].seconds[i] / time))
      say(
        `  sketch ${side}: ${Math.round(events / median(seconds)).toLocaleString('en')} events/s, ratio ${ratio.toFixed(3)}; ${((median(cpu) / events) * 1e6).toFixed(2)} µs of the processor an event`,
      )
    }
  } finally {
    await world.close()
  }
}

/** The policy with quasi-identifiers in it. */
function withRoles(text) {
  return text
    .replace('role: other', 'role: quasi-identifier')
    .replace('generalize.date, to: year }', 'generalize.date, to: year, role: quasi-identifier }')
    .replace(
      'customer.postcode: { use: generalize.prefix, keep: 3 }',
      'customer.postcode: { use: generalize.prefix, keep: 3, role: quasi-identifier }',
    )
}
