/** A data set that a stream writes, retained and erased while it goes on: no offset is lost or doubled, and a restart goes on. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { type Broker, startBroker } from '../../broker/broker.mjs'
import { oracleOf } from '../../integration/chaos/events.ts'
import { Worker } from '../../integration/chaos/worker.ts'
import { readTopics } from '../../integration/checker/read-topics.ts'
import { checkDataset, describeDataset, readObjects } from '../../integration/dataset-checker.ts'
import { CANARY, DAY_MS, erasing, eventOf, type Lakes, POLICY, subject } from './lake.ts'
import type { StoreProof } from './store-proof.ts'

const [INPUT, DEAD] = ['orders.in', 'orders.dead']
const PLACE = 's3://clean/orders/'
const SUBJECTS = 30
/** Retention of the policy that retains is shorter: rows go that the stream took for young. */
const [STREAM_DAYS, RETAIN_DAYS] = [400, 50]
const PIPELINE = (address: string): string => `pipeline: shop
brokers: ["${address}"]
instance: { env: CHAOS_INSTANCE }
keys: { file: keys.json }
matchKeys: { file: match.json }
lists: { erasures: { file: stream.list } }
delivery: at-least-once
client: { session.timeout.ms: 6000, heartbeat.interval.ms: 1000 }
batch: { records: 50, time: 50ms }
maxDeadLetters: 100%
routes:
  - name: orders
    from: { topics: [${INPUT}], group: orders, start: earliest }
    to: { dataset: ${PLACE.slice(0, -1)}, format: ndjson, roll: { bytes: 12KiB, time: 1s } }
    deadLetterTopic: ${DEAD}
    policy: stream.yaml
`
const policyOf = (days: number): string =>
  `${POLICY.slice(0, POLICY.indexOf('  steps:'))}  steps:\n    - { after: ${days}d, then: suppress }\n`

export async function streamed(proof: StoreProof, lakes: Lakes): Promise<void> {
  const broker = await startBroker({ own: true })
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  try {
    const admin = kafka.admin()
    await admin.connect()
    await admin.createTopics({
      topics: [
        { topic: INPUT, numPartitions: 2 },
        { topic: DEAD, numPartitions: 1 },
      ],
    })
    await admin.disconnect()
    await producer.connect()
    const world = new StreamWorld(proof, lakes, broker, producer)
    try {
      await world.run()
    } finally {
      await world.end()
    }
  } finally {
    await producer.disconnect().catch(() => {})
    await broker.stop()
  }
}

class StreamWorld {
  readonly #proof: StoreProof
  readonly #lakes: Lakes
  readonly #broker: Broker
  readonly #producer: Producer
  readonly #workers: Worker[] = []
  #sent = 0
  #deleted = 0
  #orders = 0
  readonly #troubles: string[] = []

  constructor(proof: StoreProof, lakes: Lakes, broker: Broker, producer: Producer) {
    this.#proof = proof
    this.#lakes = lakes
    this.#broker = broker
    this.#producer = producer
    writeFileSync(proof.path('pipeline.yaml'), PIPELINE(broker.address))
    writeFileSync(proof.path('stream.yaml'), policyOf(STREAM_DAYS))
    writeFileSync(proof.path('shorter.yaml'), policyOf(RETAIN_DAYS))
    for (const list of ['stream.list', 'asked.list'])
      copyFileSync(proof.path('begun.ndjson'), proof.path(list))
  }

  async end(): Promise<void> {
    for (const worker of this.#workers) {
      await worker.end()
      this.#proof.told += worker.said
    }
  }

  /** `first`: the lowest number of a subject. Those who ask for erasure have low ones. */
  async #send(count: number, first: number): Promise<void> {
    const { now } = this.#lakes
    const { draw } = this.#proof
    const messages = Array.from({ length: count }, () => {
      const n = this.#sent++
      return { value: JSON.stringify(eventOf(subject(first + draw(SUBJECTS)), draw(95), 'DE', n, now)) }
    })
    await this.#producer.send({ topic: INPUT, messages })
  }

  #start(name: string, ...more: readonly string[]): Worker {
    const proof = this.#proof
    const env = { ...proof.server.env, TMPDIR: proof.temporary }
    const worker = new Worker(name, [proof.path('pipeline.yaml'), '--quiet', ...more], env)
    this.#workers.push(worker)
    return worker
  }

  async #stop(worker: Worker): Promise<void> {
    worker.isExpected = true
    worker.kill('SIGTERM')
    const exit = await worker.within(60_000)
    if (exit?.code !== 0)
      this.#troubles.push(`${worker.instance} ended with ${exit?.code}: ${worker.said.slice(-1500)}`)
  }

  async #must(args: readonly string[], ...codes: readonly number[]): Promise<void> {
    const { code, stdout, stderr } = await this.#proof.run(args)
    if (!codes.includes(code ?? -1))
      this.#troubles.push(`${args.slice(0, 2).join(' ')} ended with ${code}: ${stdout}${stderr}`)
  }

  /** One order over what is there now. */
  async #retain(asOf: string): Promise<void> {
    const shorter = ['-p', 'shorter.yaml', '--no-holds']
    await this.#must(['retain', 'plan', PLACE, ...shorter, '--as-of', asOf, '-o', 'stream-retain.json'], 0)
    const { targets } = JSON.parse(this.#proof.read('stream-retain.json')) as {
      targets: { deleted: number }[]
    }
    this.#deleted += targets.reduce((sum, one) => sum + one.deleted, 0)
    this.#orders++
    await this.#must(['retain', 'apply', 'stream-retain.json', ...shorter], 0)
  }

  async #forget(...codes: readonly number[]): Promise<void> {
    const named = erasing('asked.list').map((one) => (one === 'policy.yaml' ? 'stream.yaml' : one))
    const subjects = ['--list', 'asked.txt', '--keys', 'keys.json']
    await this.#must(['forget', 'plan', PLACE, ...subjects, ...named, '-o', 'stream-forget.json'], ...codes)
    this.#orders++
    await this.#must(['forget', 'apply', 'stream-forget.json', ...named], 0)
    const receipt = ['--receipt', 'stream-receipt.json', '--signing-key', 'host.pem']
    await this.#must(['forget', 'verify', 'stream-forget.json', ...named, ...receipt], ...codes)
  }

  async run(): Promise<void> {
    const proof = this.#proof
    const asOf = new Date().toISOString()
    await this.#send(400, 0)
    let isSending = true
    const sending = (async () => {
      for (; isSending; await sleep(200)) await this.#send(25, 0)
    })()
    const first = this.#start('a')
    await first.says(/"file-published"/, 60_000)
    for (let n = 0; n < 2; n++) await this.#retain(asOf)
    // Files are being written: the receipt of such an erasure may be open.
    await this.#forget(0, 1)
    await first.end()
    const second = this.#start('b')
    await second.says(/"file-published"/, 60_000)
    await this.#retain(asOf)
    isSending = false
    await sending
    await this.#stop(second)
    await this.#forget(0)
    copyFileSync(proof.path('asked.list'), proof.path('stream.list'))
    await this.#send(60, 100)
    const last = this.#start('c', '--until-end')
    last.isExpected = true
    const exit = await last.within(120_000)
    if (exit?.code !== 0)
      this.#troubles.push(`--until-end ended with ${exit?.code}: ${last.said.slice(-1500)}`)
    await this.#retain(asOf)
    const report = await this.#report(Date.parse(asOf))
    this.#troubles.push(...(report.findings.length > 0 ? [describeDataset(report)] : []))
    const isClosed = JSON.parse(proof.read('stream-receipt.json')).closed === true
    if (!isClosed) this.#troubles.push('the receipt is open')
    if (this.#deleted === 0) this.#troubles.push('retention had nothing to do')
    proof.check(
      `a stream writes ${report.files} files while ${this.#orders} orders rewrite them: each of ${report.inputs} offsets is there once, ${this.#deleted} rows went for their age, the receipt is closed, a restart goes on`,
      this.#troubles.length === 0,
      this.#troubles.join('\n'),
    )
    for (const { Key } of await proof.uploads('orders/'))
      proof.check('no upload of a stream is left', false, Key)
  }

  async #report(asOf: number) {
    const proof = this.#proof
    const { expected, policy } = oracleOf(proof.path('stream.yaml'), proof.path('keys.json'))
    const { subjects } = JSON.parse(proof.read('stream-forget.json')) as { subjects: { tokens: string[] }[] }
    const tokens = new Set(subjects.flatMap((one) => one.tokens))
    const all = await readTopics(this.#broker.address, [INPUT, DEAD])
    return checkDataset({
      inputs: all.filter(({ topic }) => topic === INPUT),
      deadLetters: all.filter(({ topic }) => topic === DEAD),
      files: await readObjects(proof.s3, 'clean', 'orders/'),
      expected,
      policy,
      canaries: [CANARY],
      isGone: (row) => {
        const { id, at } = JSON.parse(row) as { id: string; at: string }
        // The day, the period, and the margin.
        return tokens.has(id) || Date.parse(at) + (1 + RETAIN_DAYS + 1) * DAY_MS <= asOf
      },
    })
  }
}
