/**
 * Canaries through a stream: marked values, keys, headers and names go in, in records that pass and in every kind that
 * does not, and every place that a byte can go is searched: outputs, dead letters, the log at debug level, metrics,
 * the summary. For both drivers.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { createTopics } from '../broker/topics.ts'
import { CODES_OF_FORMS, CODES_OF_MESSAGES } from '../codes-of-messages.ts'
import { folder, script, warm } from '../src/cli/lethe.ts'
import { firstEvent } from '../src/telemetry/live-events.ts'
import { findCanaries } from './checker/canaries.ts'
import { readTopics } from './checker/read-topics.ts'

const POLICY = `
policy: canaries
version: 1
purpose: train_ai_system
subject: customer.id
time: at
fields:
  at: { use: generalize.date, to: hour }
  kind: { use: generalize.category, allow: [view, buy] }
  customer.id: { use: hash.hmac, domain: customer }
  customer.email: { use: hash.hmac, domain: email, normalize: email }
  customer.name: { use: fake.person }
  customer.age: { use: generalize.number, width: 10 }
  "items[].sku": { use: hash.hmac, domain: sku }
  map.*: { use: mask.null }
  map.$names: { use: hash.hmac, domain: names }
  $key: { use: hash.hmac, domain: customer }
  $headers.trace: { use: hash.hmac, domain: trace }
retention: { steps: [ { after: 400d, then: suppress } ] }
`

const DAY = 86_400_000
const INPUT = { 'max.message.bytes': 8_000_000 }
/** Takes no record that is larger, older or without a key. */
const OUTPUT = {
  'max.message.bytes': 150_000,
  'message.timestamp.before.max.ms': 30 * DAY,
  'cleanup.policy': 'compact',
}

let marks = 0
/** Each mark begins so: what holds a mark, however it is written down, holds this, written down in the same way. */
const STEM = 'ZqCanary'
/** A marked text that no other is equal to; it has a letter that is not ASCII, and one that URLs escape. */
function mark(): string {
  return `${STEM}${marks++}é +VKq`
}

interface Sent {
  key: string | Buffer | null
  value: string | Buffer | null
  headers?: Record<string, string | Buffer | string[]>
  timestamp?: string
}

function messages(): Sent[] {
  const now = new Date(Date.now() - 60_000).toISOString()
  const good = (): Record<string, unknown> => ({
    at: now,
    kind: 'view',
    customer: {
      id: mark(),
      email: `${mark().replaceAll(' ', '')}@example.org`,
      name: mark(),
      age: 41,
      [mark()]: mark(),
    },
    items: [{ sku: mark(), [mark()]: 1 }],
    map: { [mark()]: mark() },
    [mark()]: { deep: [mark()] },
  })
  const of = (value: unknown): Sent => ({
    key: mark(),
    value:
      typeof value === 'string' || Buffer.isBuffer(value) || value === null ? value : JSON.stringify(value),
    headers: { trace: mark(), [mark()]: mark() },
  })
  const wide = mark()
  const all: Sent[] = Array.from({ length: 40 }, () => of(good()))
  all.push(
    of(null),
    of({ ...good(), at: '2020-01-01T00:00:00Z' }),
    of({ ...good(), at: mark() }),
    of({ ...good(), kind: mark() }),
    of({ ...good(), customer: mark() }),
    of({ ...good(), customer: { id: { [mark()]: mark() } } }),
    of({ ...good(), customer: { age: mark() } }),
    of(mark()),
    of(`"${mark()}"`),
    of(`{"${mark()}":"${mark()}"`),
    of(`{"a":"${mark()}","a":"${mark()}"}`),
    of(Buffer.concat([Buffer.from(`{"a":"${mark()}`), Buffer.from([0xff]), Buffer.from('"}')])),
    of(Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(mark())])),
    of(JSON.stringify({ ...good(), pad: mark().repeat(60_000) })),
    { ...of(good()), headers: { trace: Buffer.concat([Buffer.from(mark()), Buffer.from([0xff])]) } },
    { ...of(null), key: null },
    { ...of(good()), key: null },
    { ...of(good()), key: Buffer.concat([Buffer.from(mark()), Buffer.from([0xff])]) },
    { ...of(good()), headers: { trace: [mark(), mark()] } },
    of(Buffer.alloc(0)),
    of({ ...good(), map: Object.fromEntries(Array.from({ length: 8_000 }, (_, i) => [`${wide}-${i}`, i])) }),
    of({ ...good(), at: new Date(Date.now() - 60 * DAY).toISOString() }),
  )
  return all
}

/** Of a topic whose values are JSON texts behind frames, and whose keys are framed JSON: each of them wrong, then a right one. */
function framed(): Sent[] {
  const frame = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(text)])
  const inner = (text: string): Buffer => frame(JSON.stringify(text))
  const key = (more = ''): Buffer => frame(`{"id":${JSON.stringify(mark())}${more}}`)
  return [
    { key: key(), value: JSON.stringify(mark()) },
    { key: mark(), value: inner('{}') },
    { key: mark(), value: null },
    { key: frame(mark()), value: inner('{}') },
    { key: key(`,"${mark()}":2`), value: inner('{}') },
    { key: key(), value: frame(JSON.stringify({ [mark()]: mark() })) },
    { key: key(), value: inner(mark()) },
    { key: key(), value: inner(JSON.stringify([{ [mark()]: mark() }, { [mark()]: mark() }])) },
    { key: key(), value: null },
    { key: key(), value: inner(JSON.stringify({ customer: { id: mark() }, [mark()]: mark() })) },
  ]
}

const DRIVERS = [
  ['rdkafka', 'exactly-once'],
  ['rdkafka', 'at-least-once'],
  ['kafkajs', 'at-least-once'],
] as const

onKafka('canaries through a stream', () => {
  it.each(DRIVERS)('by %s, %s: nothing of a record leaves but by its rules', async (driver, delivery) => {
    const [input, output, dead, frames, deframed] = ['in', 'out', 'dead', 'frames', 'deframed'].map((what) =>
      uniqueName(`canary-${what}`),
    ) as [string, string, string, string, string]
    const cwd = folder({
      'policy.yaml': POLICY,
      'pipeline.yaml': `
pipeline: canaries
brokers: [ "${broker.address}" ]
delivery: ${delivery}
driver: ${driver}
instance: canary
keys: { file: keys.json }
http: { port: 0 }
maxDeadLetters: 100%
routes:
  - name: r
    from: { topics: [ ${input} ], group: ${uniqueName('canary')} }
    to: { topic: ${output}, compacted: true }
    deadLetterTopic: ${dead}
    policy: policy.yaml
  - name: f
    from:
      topics: [ ${frames} ]
      group: ${uniqueName('canary')}
      value: { framing: confluent, inner: json-text }
      key: { framing: confluent }
    to: { topic: ${deframed}, compacted: true }
    deadLetterTopic: ${deframed}-dead
    policy: framed.yaml
`,
      'framed.yaml': POLICY.split('retention')[0]!.replace('$key:', '$key.id:'),
    })
    await warm(['keys', 'create', 'keys.json'], { cwd })
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: all })
      await admin.disconnect()
    })
    const all = [input, output, dead, frames, deframed, `${deframed}-dead`]
    const topics = all.map((topic) => ({ topic, numPartitions: 2 }))
    await createTopics(
      admin,
      topics.map((topic) => ({
        ...topic,
        configEntries: Object.entries([output, deframed].includes(topic.topic) ? OUTPUT : INPUT).map(
          ([name, value]) => ({
            name,
            value: `${value}`,
          }),
        ),
      })),
    )
    const sent = messages()
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: input, messages: sent })
    await producer.send({ topic: frames, messages: framed() })
    await producer.disconnect()

    const env = { ...process.env, LETHE_LOG_LEVEL: 'debug', LETHE_LOG: 'json' }
    const child = spawn(process.execPath, [script, 'stream', 'pipeline.yaml', '--summary', 'summary.json'], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let log = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
      })
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const port = async (): Promise<string> => {
      for (;;) {
        const found = /"kind":"listening".*?"port":(\d+)/.exec(log)?.[1]
        if (found !== undefined) return found
        await sleep(100)
      }
    }
    const url = `http://127.0.0.1:${await port()}/metrics`
    const metrics = async (): Promise<string> => {
      const answer = await fetch(url).catch(() => {
        throw new Error(`nobody answers: ${log}`)
      })
      return await answer.text()
    }
    const consumed = async (): Promise<number> =>
      [...(await metrics()).matchAll(/^lethe_records_consumed_total\{route="[rf]"\} (\d+)/gm)]
        .map(([, count]) => Number(count))
        .reduce((sum, count) => sum + count, 0)
    const count = sent.length + framed().length
    for (const deadline = Date.now() + 60_000; (await consumed()) < count && Date.now() < deadline; )
      await sleep(200)
    const told = await metrics()
    const page = await (await fetch(new URL('/', url))).text()
    const live = await firstEvent(new URL('/live', url).href)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)

    const read = await readTopics(broker.address, [output, dead, deframed, `${deframed}-dead`])
    const of = (topic: string) => read.filter((record) => record.topic === topic)
    const [outputs, letters] = [of(output), of(dead)]
    // At least once, records around a refused one are written again.
    const keys = new Set(outputs.map(({ key }) => key!.toString()))
    const places = new Map(
      letters.map(({ value }) => {
        const { partition, offset, code } = JSON.parse(value!.toString())
        return [`${partition}:${offset}`, code as string]
      }),
    )
    expect(keys.size).toBe(43)
    expect(places.size).toBe(sent.length - keys.size)
    if (delivery === 'exactly-once')
      expect([outputs.length, letters.length]).toEqual([keys.size, places.size])
    const codes = [...places.values()]
    expect(codes).toEqual(expect.arrayContaining(['bad-utf8', 'record-too-large', ...CODES_OF_MESSAGES]))
    const [fromFrames, lettersOfFrames] = [of(deframed), of(`${deframed}-dead`)]
    expect(new Set(fromFrames.map(({ key }) => String(key))).size).toBe(2)
    const codesOfFrames = lettersOfFrames.map(({ value }) => JSON.parse(value!.toString()).code as string)
    expect(codesOfFrames).toEqual(expect.arrayContaining([...CODES_OF_FORMS, 'json-syntax', 'array-length']))
    const texts = [
      ...[...outputs, ...letters, ...fromFrames, ...lettersOfFrames].flatMap(({ key, value, headers }) => [
        key ?? Buffer.alloc(0),
        value ?? Buffer.alloc(0),
        ...headers.flatMap(({ name, value: text }) => [Buffer.from(name), text]),
      ]),
      Buffer.from(log),
      Buffer.from(told),
      Buffer.from(page),
      Buffer.from(live),
      readFileSync(join(cwd, 'summary.json')),
    ]
    expect(log).toContain('"kind":"assigned"')
    expect(told).toContain('lethe_records_quarantined_total')
    expect(live).toContain('lethe_records_quarantined_total')
    // The search itself finds what is there.
    const written = Buffer.from(`x${encodeURIComponent(mark())}`)
    expect(findCanaries([STEM], [...texts, written])).toHaveLength(1)
    expect(findCanaries([STEM], texts)).toEqual([])
  })
})
