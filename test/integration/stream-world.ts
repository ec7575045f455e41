/** A pipeline of a test's own: topics, files, `lethe stream` as a process, and the checker's word. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, type ITopicConfig, Kafka, type KafkaConfig, logLevel, type Message } from 'kafkajs'
import { sourceDomain } from '../../src/kafka/source-header.ts'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { uniqueName } from '../broker/suite.ts'
import { createTopics } from '../broker/topics.ts'
import { type Ended, lethe } from '../src/cli/lethe.ts'
import { CANARY, oracleOf, POLICY } from './chaos/events.ts'
import { Worker } from './chaos/worker.ts'
import { readTopics } from './checker/read-topics.ts'
import type { LogRecord } from './checker/records.ts'
import { encryptedSource } from './checker/sources.ts'
import { check, describeReport } from './checker.ts'
import { checkDataset, type DatasetFile, describeDataset, readDataset } from './dataset-checker.ts'

/** Of the test: cases run side by side, so that the global one would take another's. */
export interface TestContext {
  readonly onTestFinished: (clean: () => void | Promise<void>) => void
}

export interface WorldOptions {
  readonly partitions?: number
  /** Of the dead-letter topic. */
  readonly deadPartitions?: number
  readonly outputSettings?: Readonly<Record<string, string>>
  /** Topics that are not made. */
  readonly without?: readonly ('in' | 'out' | 'dead')[]
  readonly policy?: string
  readonly keyset?: string
  readonly compacted?: boolean
  /** As the pipeline file says it. */
  readonly maxRecordBytes?: number
  /** More lines at the top of the pipeline file. */
  readonly pipeline?: string
  readonly brokers?: string
  /** More words under `from:` and `to:` of the route, each with a comma in front. */
  readonly from?: string
  readonly to?: string
  /** Rows go into the folder `data` beside it, in place of a topic: more words under `to:`. */
  readonly dataset?: string
  /** Where else than in `data` its rows go, and what a command has to know of that. */
  readonly objects?: { readonly place: string; readonly env: Readonly<Record<string, string>> }
  /** More lines of the route, each indented as its words are. */
  readonly route?: string
  /** More files beside it. */
  readonly files?: Readonly<Record<string, string>>
}

export const kafkaOf = (address: string, more: Partial<KafkaConfig> = {}): Kafka =>
  new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, ...more })

export class World {
  readonly address: string
  readonly folder: string
  readonly pipeline: string
  readonly input: string
  readonly output: string
  readonly dead: string
  readonly group: string
  readonly #options: WorldOptions
  readonly #test: TestContext

  private constructor(address: string, test: TestContext, options: WorldOptions) {
    this.address = address
    this.#test = test
    this.#options = options
    const name = uniqueName('s')
    this.input = `${name}.in`
    this.output = `${name}.out`
    this.dead = `${name}.dead`
    this.group = name
    this.folder = mkdtempSync(join(tmpdir(), 'lethe-test-'))
    test.onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }))
    const files = { 'policy.yaml': options.policy ?? POLICY, ...options.files }
    for (const [file, text] of Object.entries(files))
      writeFileSync(join(this.folder, file), text, { mode: 0o600 })
    this.pipeline = join(this.folder, 'pipeline.yaml')
  }

  static async make(address: string, test: TestContext, options: WorldOptions = {}): Promise<World> {
    const world = new World(address, test, options)
    await world.#prepare()
    return world
  }

  async #prepare(): Promise<void> {
    const {
      partitions = 3,
      deadPartitions = 1,
      outputSettings,
      without = [],
      compacted,
      keyset,
      pipeline,
      brokers,
      dataset,
    } = this.#options
    if (dataset !== undefined) mkdirSync(this.data)
    const keys = join(this.folder, 'keys.json')
    writeFileSync(keys, keyset ?? formatKeyset(createKeyset(new Date())), { mode: 0o600 })
    writeFileSync(
      this.pipeline,
      `pipeline: ${this.group}
brokers: ["${brokers ?? this.address}"]
instance: { env: CHAOS_INSTANCE }
keys: { file: keys.json }
${pipeline ?? 'maxDeadLetters: 100%\n'}
routes:
  - name: r
    from: { topics: [${this.input}], group: ${this.group}${this.#options.from ?? ''} }
    to: ${dataset === undefined ? `{ topic: ${this.output}, compacted: ${compacted === true}${this.#options.to ?? ''} }` : `{ dataset: ${this.#options.objects?.place ?? 'data'}${dataset.includes('format') ? '' : ', format: ndjson'}${dataset} }`}
    deadLetterTopic: ${this.dead}
    policy: policy.yaml
${this.#options.route ?? ''}`,
    )
    const names = { in: this.input, out: this.output, dead: this.dead }
    const settings = { 'retention.ms': '-1', ...outputSettings }
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    const topics = (['in', 'out', 'dead'] as const)
      .filter((one) => !without.includes(one) && !(one === 'out' && dataset !== undefined))
      .map((one) => ({
        topic: names[one],
        numPartitions: one === 'dead' ? deadPartitions : partitions,
        ...(one === 'out' ? { configEntries } : {}),
      }))
    await this.create(topics)
  }

  /** Of the data set. */
  get data(): string {
    return join(this.folder, 'data')
  }

  async create(topics: ITopicConfig[]): Promise<void> {
    await this.admin((admin) => createTopics(admin, topics))
  }

  async admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafkaOf(this.address).admin()
    await admin.connect()
    try {
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  async send(messages: readonly Message[]): Promise<void> {
    const producer = kafkaOf(this.address).producer()
    await producer.connect()
    await producer.send({ topic: this.input, messages: [...messages] })
    await producer.disconnect()
  }

  /** Runs to its end. */
  async run(...args: readonly string[]): Promise<Ended> {
    return await lethe(['stream', this.pipeline, ...args], {
      env: { CHAOS_INSTANCE: 'a', LETHE_LOG: 'json', ...this.#options.objects?.env },
    })
  }

  /** Runs `lethe replay` to its end, or until it is killed after so many milliseconds. */
  async replay(args: readonly string[] = [], killAfter?: number): Promise<Ended> {
    return await lethe(['replay', this.pipeline, ...args], {
      env: { CHAOS_INSTANCE: 'a', LETHE_LOG: 'json' },
      ...(killAfter !== undefined && { killAfter }),
    })
  }

  start(instance = 'a', ...args: readonly string[]): Worker {
    const worker = new Worker(instance, [this.pipeline, ...args], this.#options.objects?.env)
    this.#test.onTestFinished(async () => await worker.end())
    return worker
  }

  async read(topic: string): Promise<readonly LogRecord[]> {
    return await readTopics(this.address, [topic])
  }

  /** Resolves when so many records stand in the topic. It is read once its log is that long, markers of transactions included. */
  async until(topic: string, count: number, milliseconds = 60_000): Promise<readonly LogRecord[]> {
    const giveUp = performance.now() + milliseconds
    return await this.admin(async (admin) => {
      for (;;) {
        const isOver = performance.now() > giveUp
        const ends = await admin.fetchTopicOffsets(topic).catch(() => [])
        if (isOver || ends.reduce((sum, { high }) => sum + Number(high), 0) >= count) {
          const records = await this.read(topic)
          if (records.length >= count || isOver) return records
        }
        await sleep(200)
      }
    })
  }

  /** What stands in each of the topics, read at once. */
  async #logs(...topics: readonly string[]): Promise<(topic: string) => readonly LogRecord[]> {
    const all = await readTopics(this.address, topics)
    return (topic) => all.filter((record) => record.topic === topic)
  }

  /** `clean`, or what a reader of the data set found that knows the topics alone. `isGone`: rows that were deleted since. */
  async datasetVerdict(
    isGone?: (row: string) => boolean,
    files: readonly DatasetFile[] = readDataset(this.data),
  ): Promise<string> {
    const oracle = oracleOf(join(this.folder, 'policy.yaml'), join(this.folder, 'keys.json'))
    const of = await this.#logs(this.input, this.dead)
    return describeDataset(
      checkDataset({
        inputs: of(this.input),
        deadLetters: of(this.dead),
        files,
        expected: oracle.expected,
        policy: oracle.policy,
        canaries: [CANARY],
        isGone,
      }),
    )
  }

  /** `clean`, or what the checker found. */
  async verdict(): Promise<string> {
    const { compacted = false, maxRecordBytes } = this.#options
    const oracle = oracleOf(join(this.folder, 'policy.yaml'), join(this.folder, 'keys.json'), {
      compacted,
      ...(maxRecordBytes && { maxRecordBytes }),
    })
    const of = await this.#logs(this.input, this.output, this.dead)
    const report = check({
      inputs: of(this.input),
      outputs: of(this.output),
      deadLetters: of(this.dead),
      expected: oracle.expected,
      sourceOf: encryptedSource(oracle.keys.key('source', sourceDomain(this.group, this.output)), 'r', [
        this.input,
      ]),
      delivery: 'exactly-once',
      policy: oracle.policy,
      canaries: [CANARY],
    })
    return describeReport(report)
  }
}

/** Codes of dead letters, by the offset of their input. */
export const codesOf = (records: readonly LogRecord[]): Record<number, string> =>
  Object.fromEntries(
    records.map(({ value }) => {
      const { offset, code } = JSON.parse(String(value)) as { offset: number; code: string }
      return [offset, code]
    }),
  )
