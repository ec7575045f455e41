/** One fault run: a cluster, workers of one group, faults by seed, and the checker's word at the end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from '../../../src/errors.ts'
import { sourceDomain } from '../../../src/kafka/source-header.ts'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { readTopics } from '../checker/read-topics.ts'
import { encryptedSource } from '../checker/sources.ts'
import { check, type Report } from '../checker.ts'
import { Cluster, CONSENT, DEAD, GROUP, INPUT, OUTPUT } from './cluster.ts'
import { CANARY, type Draw, drawOf, oracleOf } from './events.ts'
import { FAULTS, type FaultName } from './faults.ts'
import { GATED_POLICY, Gated, type GatedCounts, MAX_LAG_MS, type SettledBefore } from './gated.ts'
import { Worker } from './worker.ts'

export interface RunOptions {
  readonly seed: number
  /** How the group shares partitions; by default as the driver does. */
  readonly assignment?: 'cooperative-sticky' | 'range' | undefined
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly driver: 'rdkafka' | 'kafkajs'
  /** For so long are faults begun. */
  readonly milliseconds: number
  /** Faults in this order instead of drawn ones. */
  readonly faults?: readonly FaultName[]
  /** Only these are drawn. */
  readonly only?: readonly FaultName[] | undefined
  readonly workers?: number
  /** Records a second. */
  readonly rate?: number
  /** Milliseconds: members out of reach for so long are given up. Exactly once takes ten seconds more than a transaction, or it is refused. */
  readonly session?: number
  readonly say?: (line: string) => void
}

export interface RunResult {
  readonly report: Report
  /** What went wrong beside the topics. */
  readonly findings: readonly string[]
  /** Faults survived, by kind. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>
  /** Clients that were lost and replaced, by reason. */
  readonly replaced: Readonly<Record<string, number>>
  readonly sent: number
  /** Statements of consent that were made while it ran. */
  readonly said: number
  /** Inputs by what list and table say of them. */
  readonly gated: GatedCounts
  /** How often a process waited for its table. */
  readonly waited: number
}

const SESSION_MS = 14_500
const TRANSACTION_MS = 4_000
/** A process has 20 s to settle and 10 s to close; a busy machine may take longer. */
const STOP_MS = 60_000
const END_MS = 120_000

export class Run {
  readonly options: RunOptions
  readonly draw: Draw
  readonly folder: string
  readonly pipeline: string
  readonly workers: Worker[] = []
  readonly findings: string[] = []
  readonly faults: Partial<Record<FaultName, number>> = {}
  cluster!: Cluster
  readonly #gated = new Gated()
  #instances = 0
  #began = performance.now()

  constructor(options: RunOptions) {
    this.options = options
    this.draw = drawOf(options.seed)
    this.folder = mkdtempSync(join(tmpdir(), 'lethe-chaos-'))
    this.pipeline = join(this.folder, 'pipeline.yaml')
  }

  async run(): Promise<RunResult> {
    try {
      this.cluster = await Cluster.start(drawOf(this.options.seed + 1), this.options.rate ?? 400)
      this.#writeFiles()
      const { isFollowed, cluster, findings, faults } = this
      if (isFollowed) await cluster.say(this.#gated.firstMessages())
      for (let n = this.options.workers ?? 3; n > 0; n--) this.join()
      cluster.produce(this.options.driver !== 'kafkajs', isFollowed ? this.#gated : undefined)
      await this.#disturb()
      const report = await this.#finish()
      const { sent, said } = cluster
      const waited = this.workers.reduce((sum, one) => sum + one.said.split('"table-behind"').length - 1, 0)
      const replaced = this.#replaced()
      return { report, findings, faults, replaced, sent, said, gated: this.#gated.counts, waited }
    } finally {
      await Promise.all(this.workers.map((worker) => worker.end()))
      await this.cluster?.stop()
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  get session(): number {
    return this.options.session ?? SESSION_MS
  }

  /** The driver kafkajs reads tables from files only: nothing is said then while it runs. */
  get isFollowed(): boolean {
    return this.options.driver !== 'kafkajs'
  }

  say(line: string): void {
    this.options.say?.(`${((performance.now() - this.#began) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  }

  find(what: string): void {
    this.findings.push(what)
    this.say(`FINDING: ${what}`)
  }

  /** A new process of the group, under a name of its own unless it is given one. */
  join(instance = `w${this.#instances++}`): Worker {
    const worker = new Worker(instance, [this.pipeline, '--quiet'])
    this.workers.push(worker)
    void worker.exited.then((exit) => this.#ended(worker, exit))
    return worker
  }

  /** Workers that run and that no fault is at. */
  get free(): readonly Worker[] {
    return this.workers.filter((worker) => worker.isRunning && !worker.isExpected)
  }

  /**
   * No fault here is one that a process may end of by itself, but for one that starts while the broker is away, and finds none in
   * its time: it says so, and is started again. The run goes on all the same.
   */
  #ended(worker: Worker, { code, signal }: { code: number | null; signal: string | null }): void {
    if (worker.isExpected) return
    const foundNone =
      code === EXIT.io &&
      worker.said.includes('"code":"broker-unreachable"') &&
      !worker.said.includes('"kind":"route-started"')
    if (foundNone) this.say(`${worker.instance} found no broker when it started, and is started again`)
    else this.find(`${worker.instance} ended by itself with ${code ?? signal}: ${worker.said.slice(-2000)}`)
    worker.isExpected = true
    this.join(worker.instance)
  }

  #replaced(): Readonly<Record<string, number>> {
    const replaced: Record<string, number> = {}
    for (const { said } of this.workers)
      for (const [, code] of said.matchAll(/"client-lost".*?"code":"([^"]+)"/g))
        replaced[code!] = (replaced[code!] ?? 0) + 1
    return replaced
  }

  #writeFiles(): void {
    const { delivery, driver, assignment } = this.options
    const keys = join(this.folder, 'keys.json')
    createKeysetFile(keys, createKeyset(new Date()))
    writeFileSync(join(this.folder, 'policy.yaml'), GATED_POLICY)
    this.#gated.writeFiles(this.folder)
    const table = this.isFollowed
      ? `{ topic: ${CONSENT}, maxLag: ${MAX_LAG_MS / 1000}s }`
      : '{ file: training.ndjson }'
    const transactions = delivery === 'exactly-once' ? `, transaction.timeout.ms: ${TRANSACTION_MS}` : ''
    const shares = assignment === undefined ? '' : `, partition.assignment.strategy: ${assignment}`
    writeFileSync(
      this.pipeline,
      `pipeline: chaos
brokers: ["${this.cluster.proxy.address}"]
delivery: ${delivery}
driver: ${driver}
instance: { env: CHAOS_INSTANCE }
keys: { file: keys.json }
matchKeys: { file: match.json }
lists: { erasures: { file: erasures.ndjson } }
tables: { training: ${table} }
client: { session.timeout.ms: ${this.session}, heartbeat.interval.ms: 1000${transactions}${shares} }
batch: { records: 300, time: 50ms }
maxDeadLetters: 60%
routes:
  - name: chaos
    from: { topics: [${INPUT}], group: ${GROUP} }
    to: { topic: ${OUTPUT} }
    deadLetterTopic: ${DEAD}
    policy: policy.yaml
`,
    )
  }

  async #disturb(): Promise<void> {
    const { milliseconds, faults, only, delivery } = this.options
    await this.workers[0]!.says(/"assigned"/, 60_000)
    const names =
      only ??
      (Object.keys(FAULTS) as FaultName[]).filter((name) => name !== 'twin' || delivery === 'exactly-once')
    const giveUp = performance.now() + milliseconds
    for (let n = 0; performance.now() < giveUp && n < (faults?.length ?? Infinity); n++) {
      await sleep(200 + this.draw(1500))
      const name = faults?.[n] ?? names[this.draw(names.length)]!
      this.say(`${name} (${this.free.map(({ instance }) => instance).join(' ')})`)
      const before = this.findings.length
      await FAULTS[name](this)
      if (this.findings.length === before) this.faults[name] = (this.faults[name] ?? 0) + 1
    }
  }

  /** Stops everything in order, lets one process read the rest, and looks. */
  async #finish(): Promise<Report> {
    const { cluster } = this
    cluster.proxy.calm()
    await cluster.proxy.accept()
    await Promise.all(this.free.map((worker) => this.stop(worker)))
    await sleep(500)
    await cluster.stopProducing()
    // Transactions of the input that were left open end by themselves.
    const rest = await cluster.settled()
    // What is left was written before this is said, and is judged after it.
    if (this.isFollowed) await cluster.say(this.#gated.lastMessages(rest))
    this.say('the rest')
    const last = new Worker('last', [this.pipeline, '--until-end', '--quiet'])
    this.workers.push(last)
    const exit = await last.within(END_MS)
    // There are dead letters.
    if (exit === undefined) this.find(`--until-end hangs: ${last.said.slice(-3000)}`)
    else if (exit.code !== 3 && exit.code !== 0)
      this.find(`--until-end ended with ${exit.code}: ${last.said.slice(-3000)}`)
    await last.end()
    this.say('judging')
    // At least once, others may have published some of it, and not said so.
    return await this.#judge(this.options.delivery === 'exactly-once' ? rest : undefined)
  }

  /** SIGTERM: code 0 within the deadline. */
  async stop(worker: Worker): Promise<void> {
    worker.isExpected = true
    await worker.says(/"route-started"/, 60_000)
    worker.kill('SIGTERM')
    const exit = await worker.within(STOP_MS)
    if (exit === undefined)
      this.find(`${worker.instance} does not end on SIGTERM: ${worker.said.slice(-2000)}`)
    else if (exit.code !== 0)
      this.find(
        `${worker.instance} ended on SIGTERM with ${exit.code ?? exit.signal}: ${worker.said.slice(-2000)}`,
      )
    await worker.end()
  }

  async #judge(rest: SettledBefore | undefined): Promise<Report> {
    const all = await readTopics(this.cluster.broker.address, [INPUT, OUTPUT, DEAD, CONSENT])
    const of = (topic: string): typeof all => all.filter((record) => record.topic === topic)
    const { keys, policy, expected } = oracleOf(
      join(this.folder, 'policy.yaml'),
      join(this.folder, 'keys.json'),
    )
    return check({
      inputs: of(INPUT),
      outputs: of(OUTPUT),
      deadLetters: of(DEAD),
      expected: this.#gated.expected(expected, of(CONSENT), rest),
      sourceOf: encryptedSource(keys.key('source', sourceDomain('chaos', OUTPUT)), 'chaos', [INPUT]),
      delivery: this.options.delivery,
      policy,
      canaries: [CANARY],
    })
  }
}
