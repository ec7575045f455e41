/**
 * Plays schedules over topics of a real broker: `lethe stream` as a process that is stopped, killed and started again, a consent table
 * in a topic, a suppression list, and keys that are rotated. Then every record of the outputs is looked at.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { Worker } from '../integration/chaos/worker.ts'
import { readTopics } from '../integration/checker/read-topics.ts'
import type { LogRecord } from '../integration/checker/records.ts'
import { type Lethe, POLICY, PURPOSE, subjectName } from './files-world.ts'
import { DAY, type Event, mayLeave, type Statement } from './model.ts'
import { SUBJECTS } from './schedule.ts'
import { keyIdsOf, tokensOf } from './tokens.ts'
import { checkRetained } from './topic-retention.ts'
import type { TopicAction } from './topic-schedule.ts'

/** What a stream goes by that does not change while it runs. */
interface Config {
  readonly listed: ReadonlySet<string>
  readonly primary: string
  readonly enabled: readonly string[]
}

/** What an event may have become: published under a key, or held back with tombstones under these. */
type Outcome = { readonly published: string } | { readonly held: readonly string[] }

interface Sent extends Event {
  /** More than one where something changed while it was on its way. */
  readonly outcomes: Map<string, Outcome>
}

type Doing<Name extends TopicAction['do']> = Extract<TopicAction, { do: Name }>

const MATCH = ['--match-keys', 'match.json']
const READY_MS = 60_000
const QUIET_MS = 90_000
const STOP_MS = 30_000
const iso = (time: number): string => new Date(time).toISOString()

/** Records by what the model says of them, tombstones, and what retention deleted. */
export type Counts = Record<'published' | 'held' | 'either' | 'tombstones' | 'retained', number>

export interface Topics {
  readonly input: string
  readonly plain: string
  readonly compacted: string
  readonly dead: string
  readonly consent: string
}

export class TopicsWorld {
  readonly folder: string
  readonly topics: Topics
  readonly counts: Counts = { published: 0, held: 0, either: 0, tombstones: 0, retained: 0 }
  readonly #address: string
  readonly #lethe: Lethe
  readonly #admin: Admin
  readonly #producer: Producer
  readonly #today = Math.floor(Date.now() / DAY) * DAY
  readonly #name: string
  readonly #sent: Sent[] = []
  /** On their way. */
  #pending: Sent[] = []
  readonly #statements: Statement[] = []
  readonly #listed = new Set<string>()
  readonly #states = new Map([['k1', 'enabled']])
  #primary = 'k1'
  #running: Config | undefined
  #worker: Worker | undefined
  /** Subjects, and how many events had been sent then. */
  readonly #forgotten: { readonly before: number; readonly subjects: readonly string[] }[] = []
  /** Lines of the consent table that its topic has. */
  readonly #exported = new Set<string>()
  #count = 0

  constructor(address: string, folder: string, lethe: Lethe, name: string) {
    this.#address = address
    this.folder = folder
    this.#lethe = lethe
    this.#name = name
    const of = (what: string): string => `${name}.${what}`
    this.topics = {
      input: of('in'),
      plain: of('plain'),
      compacted: of('compacted'),
      dead: of('dead'),
      consent: of('consent'),
    }
    const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
    this.#admin = kafka.admin()
    this.#producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  }

  at(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  async must(code: number, args: readonly string[]): Promise<string> {
    const ran = await this.#lethe(args, { cwd: this.folder })
    assert.equal(ran.code, code, `lethe ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran.stdout
  }

  async open(): Promise<void> {
    await this.#admin.connect()
    await this.#producer.connect()
    await this.#makeTopics()
    mkdirSync(this.at('clean'), { recursive: true })
    writeFileSync(this.at('policy.yaml'), POLICY)
    this.#writePipeline()
    await this.must(0, ['keys', 'create', 'keys.json'])
    await this.must(0, ['keys', 'create', '--match', 'match.json'])
    await this.must(0, ['signing-key', 'create', 'host.pem'])
    await this.must(0, ['consent', 'create', 'training.ndjson'])
    await this.must(0, ['forget', 'begin', '-p', 'policy.yaml', '--suppression', 'erasures.ndjson'])
    const rows = Array.from({ length: SUBJECTS }, (_, who) => {
      const said = this.#statement(who, true, 260)
      return `${said.subject},${PURPOSE},granted,${iso(said.at)}`
    })
    writeFileSync(this.at('said.csv'), `subject,purpose,state,from\n${rows.join('\n')}\n`, { mode: 0o600 })
    await this.must(0, ['consent', 'import', 'training.ndjson', 'said.csv', ...MATCH])
    await this.#export()
    // At the start of the log, so that there is something to delete.
    const ages = [150, 112, 140, 105, 131, 120, 158, 109, 145, 126]
    await this.old({ do: 'old', events: ages.map((age, index) => ({ who: index % SUBJECTS, age })) })
  }

  async #makeTopics(): Promise<void> {
    const { input, plain, compacted, dead, consent } = this.topics
    const entries = (settings: Readonly<Record<string, string>>) =>
      Object.entries(settings).map(([name, value]) => ({ name, value }))
    const kept = { 'retention.ms': '-1' }
    // What is written stays to be read: segments are closed by the times of events, and only closed ones are compacted.
    const uncompacted = { 'cleanup.policy': 'compact', 'segment.ms': String(3650 * DAY) }
    const topics = [
      { topic: input, numPartitions: 2, configEntries: entries(kept) },
      { topic: plain, numPartitions: 2, configEntries: entries(kept) },
      { topic: compacted, numPartitions: 2, configEntries: entries({ ...kept, ...uncompacted }) },
      { topic: dead, numPartitions: 1 },
      { topic: consent, numPartitions: 1, configEntries: entries({ 'cleanup.policy': 'compact' }) },
    ]
    await this.#admin.createTopics({ topics, waitForLeaders: true })
  }

  #writePipeline(): void {
    const { input, plain, compacted, dead, consent } = this.topics
    const route = (name: string, to: string): string => `  - name: ${name}
    from: { topics: [${input}], group: ${this.#name}.${name} }
    to: ${to}
    deadLetterTopic: ${dead}
    policy: policy.yaml
`
    writeFileSync(
      this.at('pipeline.yaml'),
      `pipeline: ${this.#name}
brokers: ["${this.#address}"]
instance: { env: CHAOS_INSTANCE }
keys: { file: keys.json }
http: { port: 0 }
matchKeys: { file: match.json }
lists: { erasures: { file: erasures.ndjson } }
tables: { training: { topic: ${consent}, maxLag: 30s } }
client: { session.timeout.ms: 14500, heartbeat.interval.ms: 1000, transaction.timeout.ms: 4000 }
batch: { records: 50, time: 20ms }
maxDeadLetters: 100%
routes:
${route('plain', `{ topic: ${plain} }`)}${route('compacted', `{ topic: ${compacted}, compacted: true }`)}`,
    )
  }

  #statement(who: number, grants: boolean, ago: number): Statement {
    const at = this.#today - ago * DAY + 9 * 3_600_000 + this.#count++ * 1000
    const said = {
      subject: subjectName(who),
      at,
      state: grants ? 'granted' : 'withdrawn',
      until: undefined,
    } as const
    this.#statements.push(said)
    return said
  }

  async play(action: TopicAction): Promise<void> {
    switch (action.do) {
      case 'send':
        return await this.send(action)
      case 'say':
        return await this.say(action)
      case 'suppress':
        return await this.suppress(action)
      case 'forget':
        return await this.forget(action)
      case 'old':
        return await this.old(action)
      case 'retain':
        return await this.retain(action)
      case 'start':
        return await this.start()
      case 'stop':
        return await this.stop()
      case 'kill':
        return await this.kill(action)
      case 'keys':
        return await this.keys(action)
      case 'quiet':
        return await this.quiet()
    }
  }

  #judge(event: Event, { listed, primary, enabled }: Config): Outcome {
    return mayLeave(event, Date.now(), listed, this.#statements) ? { published: primary } : { held: enabled }
  }

  /** From now on, what is on its way may be judged so too. */
  #mayBeJudged(): void {
    const config = this.#running
    if (config === undefined) return
    for (const sent of this.#pending) {
      const outcome = this.#judge(sent, config)
      sent.outcomes.set(JSON.stringify(outcome), outcome)
    }
  }

  async send({ events }: Doing<'send'>): Promise<void> {
    const all = events.map(
      ({ who, age }): Sent => ({
        v: this.#count++,
        subject: subjectName(who),
        time: this.#today - age * DAY - 2 * 3_600_000,
        outcomes: new Map(),
      }),
    )
    this.#sent.push(...all)
    this.#pending.push(...all)
    this.#mayBeJudged()
    await this.#producer.send({
      topic: this.topics.input,
      messages: all.map(({ v, subject, time }) => ({
        key: subject,
        value: JSON.stringify({ id: subject, at: iso(time), v: String(v) }),
      })),
    })
  }

  async say({ who, grants, ago }: Doing<'say'>): Promise<void> {
    const said = this.#statement(who, grants, ago)
    const what = ['consent', grants ? 'grant' : 'withdraw', 'training.ndjson', ...MATCH, '--purpose', PURPOSE]
    await this.must(0, [...what, '--subject', said.subject, '--at', iso(said.at)])
    this.#mayBeJudged()
    await this.#export()
    await this.#tableIsRead()
  }

  /** Lines that are new go to the topic. */
  async #export(): Promise<void> {
    const lines = (await this.must(0, ['consent', 'export', 'training.ndjson'])).split('\n').filter(Boolean)
    const fresh = lines.filter((line) => !this.#exported.has(line))
    for (const line of fresh) this.#exported.add(line)
    const messages = fresh.map((line) => {
      const at = line.indexOf('\t')
      return { key: line.slice(0, at), value: line.slice(at + 1) }
    })
    if (messages.length > 0) await this.#producer.send({ topic: this.topics.consent, messages })
  }

  /** A withdrawal counts for what is judged after its record was read, which the stream says. */
  async #tableIsRead(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    const [end] = await this.#admin.fetchTopicOffsets(this.topics.consent)
    const giveUp = performance.now() + READY_MS
    const port = /"kind":"listening".*?"port":(\d+)/.exec(worker.said)![1]!
    for (;;) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      const read = /^lethe_table_offset\{table="training"\} (\d+)$/m.exec(text)?.[1]
      if (read !== undefined && Number(read) >= Number(end!.high)) return
      assert.ok(
        performance.now() < giveUp,
        `the table is not read to ${end!.high}:\n${worker.said.slice(-2000)}`,
      )
      await sleep(20)
    }
  }

  /** On the list through an order over a file that holds none of them; a stream goes by it when it is started again. */
  async suppress({ who }: Doing<'suppress'>): Promise<void> {
    const subjects = who.map(subjectName)
    writeFileSync(this.at('asked.txt'), `${subjects.join('\n')}\n`, { mode: 0o600 })
    await this.#storedFile()
    const list = ['-p', 'policy.yaml', '--suppression', 'erasures.ndjson', ...MATCH, '--no-holds']
    const order = `order-${this.#count++}.json`
    await this.must(0, [
      'forget',
      'plan',
      'clean',
      '--list',
      'asked.txt',
      '--keys',
      'keys.json',
      '-o',
      order,
      ...list,
    ])
    await this.must(0, ['forget', 'apply', order, ...list])
    for (const subject of subjects) this.#listed.add(subject)
  }

  /** Its sidecar says the fingerprint of the policy. */
  async #storedFile(): Promise<void> {
    if (existsSync(this.at('clean', 'none.ndjson'))) return
    writeFileSync(this.at('in.ndjson'), `{"id":"nobody","at":"${iso(this.#today - DAY)}","v":"1"}\n`)
    const gates = ['--list', 'erasures=erasures.ndjson', '--table', 'training=training.ndjson', ...MATCH]
    const files = [
      'batch',
      'in.ndjson',
      '-p',
      'policy.yaml',
      '-o',
      'clean/none.ndjson',
      '--keys',
      'keys.json',
      '-q',
    ]
    await this.must(0, [...files, ...gates])
  }

  /** All is settled and the stream stopped, so that nothing of the subjects comes behind the tombstones. */
  async forget({ who }: Doing<'forget'>): Promise<void> {
    await this.quiet()
    await this.stop()
    const subjects = who.map(subjectName)
    writeFileSync(this.at('asked.txt'), `${subjects.join('\n')}\n`, { mode: 0o600 })
    const list = ['--pipeline', 'pipeline.yaml', '--suppression', 'erasures.ndjson', '--no-holds']
    const order = `order-${this.#count++}.json`
    await this.must(0, ['forget', 'plan', '--list', 'asked.txt', '-o', order, ...list])
    await this.must(0, ['forget', 'apply', order, ...list])
    for (const subject of subjects) this.#listed.add(subject)
    this.#forgotten.push({ before: this.#sent.length, subjects })
    // Records under their tokens, tombstones too, keep the receipt open.
    const token = tokensOf(this.at('keys.json'), 'customer')
    const tokens = subjects.flatMap((subject) => [...this.#states.keys()].map((id) => token(subject, id)))
    const { plain, compacted } = this.topics
    const all = await readTopics(this.#address, [plain, compacted])
    const left = all.filter(({ key }) => tokens.includes(String(key))).length
    const verify = ['forget', 'verify', order, ...list, '--format', 'json']
    const { closed } = JSON.parse(await this.must(left > 0 ? 1 : 0, verify)) as { closed: boolean }
    assert.equal(closed, left === 0)
  }

  /** Straight to the plain output, as they were published when they were young. */
  async old({ events }: Doing<'old'>): Promise<void> {
    await this.#storedFile()
    const sidecar = JSON.parse(readFileSync(this.at('clean', 'none.ndjson.lethe.json'), 'utf8'))
    const token = tokensOf(this.at('keys.json'), 'customer')
    const label = `life@1#${sidecar.policy.fingerprint as string}`
    const messages = events.map(({ who, age }) => {
      const id = token(subjectName(who), this.#primary)
      const day = this.#today - age * DAY
      const value = JSON.stringify({ id, at: iso(day).slice(0, 10), v: `old ${this.#count++}` })
      return { key: id, value, timestamp: String(day), headers: { 'lethe-policy': label } }
    })
    await this.#producer.send({ topic: this.topics.plain, messages })
  }

  async retain({ held }: Doing<'retain'>): Promise<void> {
    await this.quiet()
    await this.stop()
    const { plain, compacted } = this.topics
    const before = await readTopics(this.#address, [plain, compacted])
    const span =
      held === null
        ? undefined
        : { from: this.#today - (held[0] + held[1]) * DAY, until: this.#today - held[0] * DAY }
    let holds = ['--no-holds']
    if (span !== undefined) {
      holds = ['--holds', `holds-${this.#count++}.ndjson`]
      const what = ['--target', `topic:${plain}`, '--from', iso(span.from), '--until', iso(span.until)]
      const why = [
        '--owner',
        'legal',
        '--reason',
        'case 512, for the proof',
        '--kept-by',
        'retention.ms=-1 on it',
      ]
      await this.must(0, ['hold', 'add', ...holds, ...what, ...why, '--expires', iso(Date.now() + 90 * DAY)])
    }
    const asOf = this.#today
    const shared = ['--pipeline', 'pipeline.yaml', ...holds]
    const order = `retain-${this.#count++}.json`
    // The compacted output is not touched, and the plan says so.
    await this.must(1, ['retain', 'plan', ...shared, '-o', order, '--as-of', iso(asOf)])
    await this.must(0, ['retain', 'apply', order, ...shared])
    const after = await readTopics(this.#address, [plain, compacted])
    const of = (topic: string, all: readonly LogRecord[]): readonly LogRecord[] =>
      all.filter((record) => record.topic === topic)
    assert.equal(of(compacted, after).length, of(compacted, before).length)
    this.counts.retained += checkRetained(of(plain, before), of(plain, after), asOf, span)
  }

  async start(): Promise<void> {
    if (this.#worker !== undefined) return
    const enabled = [...this.#states].filter(([, state]) => state === 'enabled').map(([id]) => id)
    this.#running = { listed: new Set(this.#listed), primary: this.#primary, enabled }
    this.#mayBeJudged()
    const worker = new Worker('a', [this.at('pipeline.yaml')])
    this.#worker = worker
    const isThere = await worker.says(/"kind":"table-read"/, READY_MS)
    assert.ok(
      isThere && (await worker.says(/"kind":"listening"/, READY_MS)),
      `no start:\n${worker.said.slice(-3000)}`,
    )
    // The table of the start is that of now.
    await this.#tableIsRead()
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    worker.isExpected = true
    await worker.says(/"route-started"/, READY_MS)
    worker.kill('SIGTERM')
    const exit = await worker.within(STOP_MS)
    assert.equal(exit?.code, 0, worker.said.slice(-3000))
    this.#worker = undefined
    this.#running = undefined
  }

  async kill({ after }: Doing<'kill'>): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    await sleep(after)
    await worker.end()
    this.#worker = undefined
    this.#running = undefined
  }

  async keys({ what, key }: Doing<'keys'>): Promise<void> {
    if (what === 'rotate-match') {
      // A stream ends at entries under a key that it does not hold: it gets the key first.
      await this.stop()
      await this.must(0, ['keys', 'add', 'match.json'])
      await this.must(0, ['keys', 'promote', 'match.json', keyIdsOf(this.at('match.json')).at(-1)!])
      return
    }
    if (what === 'rotate') {
      await this.must(0, ['keys', 'add', 'keys.json'])
      const id = keyIdsOf(this.at('keys.json')).at(-1)!
      await this.must(0, ['keys', 'promote', 'keys.json', id])
      this.#states.set(id, 'enabled')
      this.#primary = id
      return
    }
    const open = [...this.#states].filter(([id, state]) => id !== this.#primary && state === 'enabled')
    if (open.length === 0) return
    const [id] = open[key % open.length]!
    await this.must(0, ['keys', 'disable', 'keys.json', id])
    this.#states.set(id, 'disabled')
  }

  /** Until both groups have settled all that was sent. */
  async quiet(): Promise<void> {
    await this.start()
    const giveUp = performance.now() + QUIET_MS
    const ends = await this.#admin.fetchTopicOffsets(this.topics.input)
    for (const name of ['plain', 'compacted'])
      for (;;) {
        const groupId = `${this.#name}.${name}`
        const [found] = await this.#admin.fetchOffsets({ groupId, topics: [this.topics.input] })
        const at = new Map(found!.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
        if (
          ends.every(({ partition, high }) => Number(high) === 0 || (at.get(partition) ?? 0) >= Number(high))
        )
          break
        assert.ok(performance.now() < giveUp, `not settled:\n${this.#worker?.said.slice(-3000)}`)
        await sleep(100)
      }
    this.#pending = []
  }

  /** Every record of the outputs, against what the model lets be there. */
  async settle(): Promise<void> {
    await this.quiet()
    await this.stop()
    const { plain, compacted, dead } = this.topics
    const all = await readTopics(this.#address, [plain, compacted, dead])
    assert.deepEqual(all.filter(({ topic }) => topic === dead).length, 0, 'dead letters')
    for (let who = 0; who < SUBJECTS; who++)
      for (const { key, value, headers } of all)
        for (const bytes of [key, value, ...headers.map((header) => header.value)])
          assert.ok(bytes === null || !bytes.includes(subjectName(who)), 'an output names a subject')
    this.#checkOnce(plain, all)
    const became = this.#checkOnce(compacted, all)
    this.#checkVisible(compacted, all, became)
  }

  /** Each event at most once, under a key that it may have; each that may not leave, never. What each became. */
  #checkOnce(topic: string, all: readonly LogRecord[]): ReadonlyMap<number, string> {
    const token = tokensOf(this.at('keys.json'), 'customer')
    const events = new Map(this.#sent.map((sent) => [sent.v, sent]))
    const became = new Map<number, string>()
    for (const record of all) {
      if (record.topic !== topic || record.value === null) continue
      const found = JSON.parse(String(record.value)) as { id: string; at: string; v: string }
      if (found.v.startsWith('old ')) continue
      const sent = events.get(Number(found.v))
      assert.ok(sent, `${topic}: an event that was not sent`)
      assert.ok(!became.has(sent.v), `${topic}: event ${sent.v} is there twice`)
      const [key] = found.id.split('.')
      became.set(sent.v, key!)
      const text = JSON.stringify({
        id: token(sent.subject, key!),
        at: iso(sent.time).slice(0, 10),
        v: String(sent.v),
      })
      assert.equal(String(record.value), text)
      assert.equal(String(record.key), token(sent.subject, key!), 'the key of a record')
    }
    for (const sent of this.#sent) {
      const outcomes = [...sent.outcomes.values()]
      const key = became.get(sent.v)
      const isAllowed = outcomes.some((one) =>
        'published' in one ? one.published === key : key === undefined,
      )
      const said = `${topic}: event ${sent.v} of ${sent.subject} became ${key ?? 'nothing'}: ${JSON.stringify(outcomes)}`
      assert.ok(isAllowed, said)
      this.counts[outcomes.length > 1 ? 'either' : key === undefined ? 'held' : 'published']++
    }
    return became
  }

  /** The last record of each key: the event that was published last, unless one that was held back came behind it. */
  #checkVisible(topic: string, all: readonly LogRecord[], became: ReadonlyMap<number, string>): void {
    const token = tokensOf(this.at('keys.json'), 'customer')
    const visible = new Map<string, string | null>()
    for (const record of all) {
      if (record.topic !== topic) continue
      if (record.value === null) this.counts.tombstones++
      visible.set(
        String(record.key),
        record.value === null ? null : (JSON.parse(String(record.value)) as { v: string }).v,
      )
    }
    const may = new Map<string, Set<string | null>>()
    const keys = keyIdsOf(this.at('keys.json'))
    const forget = (sent: number): void => {
      for (const { before, subjects } of this.#forgotten)
        if (before === sent)
          for (const name of subjects.flatMap((subject) => keys.map((id) => token(subject, id))))
            if (may.has(name)) may.set(name, new Set([null]))
    }
    for (const [index, { v, subject, outcomes }] of this.#sent.entries()) {
      forget(index)
      const key = became.get(v)
      if (key !== undefined) {
        may.set(token(subject, key), new Set([String(v)]))
        continue
      }
      const held = [...outcomes.values()].flatMap((one) => ('held' in one ? [one.held] : []))
      for (const id of new Set(held.flat())) {
        const name = token(subject, id)
        const isSure = held.every((ids) => ids.includes(id))
        may.set(name, new Set([null, ...(isSure ? [] : (may.get(name) ?? [null]))]))
      }
    }
    forget(this.#sent.length)
    for (const [name, values] of may)
      assert.ok(
        values.has(visible.get(name) ?? null),
        `${topic}: ${name} shows ${visible.get(name)}, not ${[...values]}`,
      )
    for (const name of visible.keys())
      assert.ok(may.has(name), `${topic}: ${name} is the token of no subject`)
  }

  async close(): Promise<void> {
    await this.#worker?.end()
    await this.#admin.deleteTopics({ topics: Object.values(this.topics) }).catch(() => {})
    await this.#producer.disconnect()
    await this.#admin.disconnect()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** What the stream said last, for a failure. */
  get said(): string {
    return this.#worker?.said.slice(-3000) ?? ''
  }
}
