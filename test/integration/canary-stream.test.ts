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
import { folder, lethe, script } from '../src/cli/lethe.ts'
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

let marks = 0
const canaries: string[] = []
/** A marked text that no other is equal to; it has a letter that is not ASCII, and one that URLs escape. */
function mark(): string {
  const text = `ZqCanary${marks++}é +VKq`
  canaries.push(text)
  return text
}

interface Sent {
  key: string | null
  value: string | Buffer | null
  headers?: Record<string, string | Buffer>
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
  )
  return all
}

const DRIVERS = [
  ['rdkafka', 'exactly-once'],
  ['rdkafka', 'at-least-once'],
  ['kafkajs', 'at-least-once'],
] as const

onKafka('canaries through a stream', () => {
  it.each(DRIVERS)('by %s, %s: nothing of a record leaves but by its rules', async (driver, delivery) => {
    const [input, output, dead] = ['in', 'out', 'dead'].map((what) => uniqueName(`canary-${what}`)) as [
      string,
      string,
      string,
    ]
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
    to: { topic: ${output} }
    deadLetterTopic: ${dead}
    policy: policy.yaml
`,
    })
    await lethe(['keys', 'create', 'keys.json'], { cwd })
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: [input, output, dead] })
      await admin.disconnect()
    })
    const topics = [input, output, dead].map((topic) => ({ topic, numPartitions: 2 }))
    await admin.createTopics({
      topics: topics.map((topic) => ({
        ...topic,
        configEntries: [{ name: 'max.message.bytes', value: '8000000' }],
      })),
    })
    const sent = messages()
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: input, messages: sent })
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
    const metrics = async (): Promise<string> => await (await fetch(url)).text()
    const consumed = async (): Promise<number> =>
      Number(/^lethe_records_consumed_total\{route="r"\} (\d+)/m.exec(await metrics())?.[1] ?? 0)
    for (const deadline = Date.now() + 60_000; (await consumed()) < sent.length && Date.now() < deadline; )
      await sleep(200)
    const told = await metrics()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)

    const outputs = await readTopics(broker.address, [output])
    const letters = await readTopics(broker.address, [dead])
    expect(outputs.length).toBe(42)
    expect(letters.length).toBe(13)
    const codes = new Set(letters.map(({ value }) => JSON.parse(value!.toString()).code))
    for (const code of [
      'bad-utf8',
      'schema-registry-framed',
      'record-too-large',
      'header-not-utf8',
      'tombstone-without-key',
    ])
      expect(codes).toContain(code)
    const texts = [
      ...[...outputs, ...letters].flatMap(({ key, value, headers }) => [
        key ?? Buffer.alloc(0),
        value ?? Buffer.alloc(0),
        ...headers.flatMap(({ name, value: text }) => [Buffer.from(name), text]),
      ]),
      Buffer.from(log),
      Buffer.from(told),
      readFileSync(join(cwd, 'summary.json')),
    ]
    expect(log).toContain('"kind":"assigned"')
    expect(told).toContain('lethe_records_quarantined_total')
    // The search itself finds what is there.
    expect(
      findCanaries([canaries[0]!], [...texts, Buffer.from(`x${encodeURIComponent(canaries[0]!)}`)]),
    ).toHaveLength(1)
    expect(findCanaries(canaries, texts)).toEqual([])
  })
})
