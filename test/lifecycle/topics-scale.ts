/** Erasure of many subjects among many records of topics: Kafka's own consumer finds none before a receipt is closed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { kafkaJars } from '../broker/maven.mjs'
import { SCALE_POLICY, type ScaleOptions, scaleSubject, whose } from './files-scale.ts'
import type { Ran } from './files-world.ts'
import { tokensOf } from './tokens.ts'

export interface TopicScaleOptions extends Omit<ScaleOptions, 'rows'> {
  /** Of a broker whose cleaner and retention look often. */
  readonly address: string
  /** Of both outputs together. */
  readonly records: number
}

/** What the broker of this part needs: it looks at once for what may be deleted or compacted. */
export const PROMPT: Readonly<Record<string, number>> = {
  'log.retention.check.interval.ms': 1000,
  'log.cleaner.backoff.ms': 500,
  'log.segment.delete.delay.ms': 100,
  'log.cleaner.delete.retention.ms': 0,
}
const OTHERS = 49
const PARTITIONS = 4
const GONE_MS = 400_000
const TOPICS = { input: 'scale.in', plain: 'scale.plain', compacted: 'scale.compacted', dead: 'scale.dead' }

/** Lines of a topic, `key<tab>value`, of any transaction, that hold a token; and how many of these are tombstones. */
async function consumed(
  address: string,
  topic: string,
  tokens: string,
): Promise<{ found: number; tombstones: number }> {
  const jars = await kafkaJars(() => {})
  const java = ['-Xmx256m', '-cp', join(jars, '*'), 'org.apache.kafka.tools.consumer.ConsoleConsumer']
  const from = ['--bootstrap-server', address, '--topic', topic, '--from-beginning', '--timeout-ms', '8000']
  const line = 'java "$@" 2>/dev/null | LC_ALL=C grep -F -f "$TOKENS" || true'
  const args = ['-c', line, 'sh', ...java, ...from, '--property', 'print.key=true']
  const child = spawn('sh', args, {
    env: { ...process.env, TOKENS: tokens },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8')
  for await (const piece of child.stdout) text += piece
  const lines = text.split('\n').filter(Boolean)
  return { found: lines.length, tombstones: lines.filter((one) => one.endsWith('\tnull')).length }
}

const settings = (words: Readonly<Record<string, string>>) =>
  Object.entries(words).map(([name, value]) => ({ name, value }))

interface Receipt {
  readonly closed: boolean
  readonly targets: readonly { target: string; state: string; found: number; eligible?: string | null }[]
}

class TopicsAtScale {
  readonly #options: TopicScaleOptions
  readonly #admin: Admin
  readonly #producer: Producer
  #receipts = 0

  constructor(options: TopicScaleOptions) {
    this.#options = options
    const kafka = new Kafka({ brokers: [options.address], logLevel: logLevel.NOTHING })
    this.#admin = kafka.admin()
    this.#producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  }

  #at(name: string): string {
    return join(this.#options.folder, name)
  }

  get #tokens(): string {
    return this.#at('topic-tokens.txt')
  }

  async #run(code: number, ...args: string[]): Promise<Ran> {
    const ran = await this.#options.lethe(args, { cwd: this.#options.folder })
    assert.equal(
      ran.code,
      code,
      `lethe ${args.join(' ')}\n${ran.stdout.slice(-3000)}${ran.stderr.slice(-3000)}`,
    )
    return ran
  }

  async #timed(what: string, count: number, act: () => Promise<unknown>): Promise<void> {
    const began = performance.now()
    await act()
    const ms = performance.now() - began
    const rate = Math.round(count / (ms / 1000)).toLocaleString('en')
    this.#options.say(`scale, topics: ${what}: ${(ms / 1000).toFixed(1)} s, ${rate}/s`)
  }

  async #prepare(): Promise<void> {
    await this.#admin.connect()
    await this.#producer.connect()
    const topic = (name: string, words: Readonly<Record<string, string>>) => ({
      topic: name,
      numPartitions: name === TOPICS.dead ? 1 : PARTITIONS,
      configEntries: settings({ 'retention.ms': '-1', ...words }),
    })
    // Nothing is compacted for now, since what is there is counted first: segments are closed by the times of their events.
    const compacted = {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '100',
    }
    const topics = [
      topic(TOPICS.input, {}),
      topic(TOPICS.plain, {}),
      topic(TOPICS.compacted, { ...compacted, 'segment.ms': String(3650 * 86_400_000) }),
      topic(TOPICS.dead, {}),
    ]
    await this.#admin.createTopics({ topics, waitForLeaders: true })
    writeFileSync(this.#at('policy.yaml'), SCALE_POLICY)
    const route = (name: string, to: string): string =>
      `  - { name: ${name}, from: { topics: [${TOPICS.input}], group: scale.${name} }, to: ${to}, deadLetterTopic: ${TOPICS.dead}, policy: policy.yaml }\n`
    const lists = 'matchKeys: { file: match.json }\nlists: { erasures: { file: erasures.ndjson } }\n'
    const routes = `${route('plain', `{ topic: ${TOPICS.plain} }`)}${route('compacted', `{ topic: ${TOPICS.compacted}, compacted: true }`)}`
    writeFileSync(
      this.#at('pipeline.yaml'),
      `pipeline: scale\nbrokers: ["${this.#options.address}"]\nkeys: { file: keys.json }\n${lists}routes:\n${routes}`,
    )
    await this.#run(0, 'keys', 'create', 'keys.json')
    await this.#run(0, 'keys', 'create', '--match', 'match.json')
    await this.#run(0, 'signing-key', 'create', 'host.pem')
    await this.#run(0, 'forget', 'begin', '-p', 'policy.yaml', '--suppression', 'erasures.ndjson')
  }

  async #produce(from: number, until: number, population: number): Promise<void> {
    for (let first = from; first < until; first += 10_000) {
      const count = Math.min(10_000, until - first)
      const messages = Array.from({ length: count }, (_, index) => {
        const id = scaleSubject(whose(first + index, population))
        const at = `2026-0${1 + ((first + index) % 9)}-15T08:00:00Z`
        return { key: id, value: `{"id":"${id}","at":"${at}","v":"${first + index}"}` }
      })
      await this.#producer.send({ topic: TOPICS.input, messages })
    }
  }

  async #stream(): Promise<void> {
    await this.#run(0, 'stream', 'pipeline.yaml', '--until-end', '--quiet')
  }

  async #verify(code: number | undefined): Promise<Receipt> {
    const list = ['--pipeline', 'pipeline.yaml', '--suppression', 'erasures.ndjson', '--no-holds']
    const signed = [
      '--receipt',
      `topics-${this.#receipts++}.json`,
      '--signing-key',
      'host.pem',
      '--format',
      'json',
    ]
    const args = ['forget', 'verify', 'topics.json', ...list, ...signed]
    const ran = await this.#options.lethe(args, { cwd: this.#options.folder })
    const receipt = JSON.parse(ran.stdout) as Receipt
    assert.equal(ran.code, code ?? (receipt.closed ? 0 : 1), ran.stdout.slice(0, 3000) + ran.stderr)
    return receipt
  }

  async #scan(): Promise<Readonly<Record<'plain' | 'compacted', { found: number; tombstones: number }>>> {
    const { address } = this.#options
    const plain = await consumed(address, TOPICS.plain, this.#tokens)
    return { plain, compacted: await consumed(address, TOPICS.compacted, this.#tokens) }
  }

  async #set(topic: string, words: Readonly<Record<string, string>>): Promise<void> {
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: settings(words) }
    await this.#admin.alterConfigs({ validateOnly: false, resources: [resource] })
  }

  async prove(): Promise<void> {
    const { subjects, records, say } = this.#options
    try {
      await this.#prepare()
      const population = subjects * (1 + OTHERS)
      const events = Math.floor(records / 2)
      await this.#timed(
        `${events} events made`,
        events,
        async () => await this.#produce(0, events >> 1, population),
      )
      await this.#timed('first half streamed', events, async () => await this.#stream())
      await this.#run(0, 'keys', 'add', 'keys.json')
      await this.#run(0, 'keys', 'promote', 'keys.json', 'k2')
      await this.#run(0, 'keys', 'disable', 'keys.json', 'k1')
      await this.#produce(events >> 1, events, population)
      await this.#timed('second half streamed, under another key', events, async () => await this.#stream())

      const token = tokensOf(this.#at('keys.json'), 'customer')
      const erased = Array.from({ length: subjects }, (_, who) => scaleSubject(who))
      writeFileSync(
        this.#tokens,
        `${erased.flatMap((who) => [token(who, 'k1'), token(who, 'k2')]).join('\n')}\n`,
      )
      writeFileSync(this.#at('topic-asked.txt'), `${erased.join('\n')}\n`, { mode: 0o600 })
      let expected = 0
      for (let n = 0; n < events; n++) if (whose(n, population) < subjects) expected++
      const before = await this.#scan()
      const all = { found: expected, tombstones: 0 }
      assert.deepEqual(before, { plain: all, compacted: all }, 'the scan finds what is there')

      const list = ['--pipeline', 'pipeline.yaml', '--suppression', 'erasures.ndjson', '--no-holds']
      const plan = ['forget', 'plan', '--list', 'topic-asked.txt', '-o', 'topics.json', ...list]
      await this.#timed('forget plan', records, async () => await this.#run(0, ...plan))
      const apply = ['forget', 'apply', 'topics.json', ...list]
      await this.#timed('forget apply', records, async () => await this.#run(0, ...apply))
      await this.#timed('forget verify', records, async () => {
        const receipt = await this.#verify(1)
        assert.equal(receipt.closed, false, 'a receipt was closed early')
        const states = receipt.targets.map(({ target, state }) => `${target} ${state}`)
        say(
          `scale, topics: ${expected} records of the subjects in each output; after apply: ${states.join(', ')}`,
        )
        const plain = receipt.targets.find(({ target }) => target === `topic:${TOPICS.plain}`)!
        assert.deepEqual([plain.state, plain.found], ['not absent', expected])
      })
      const requested = await this.#scan()
      assert.equal(requested.plain.found, expected)
      assert.ok(requested.compacted.tombstones >= subjects, 'a tombstone under the token of each subject')
      await this.#untilGone()
    } finally {
      await this.#producer.disconnect()
      await this.#admin.disconnect()
    }
  }

  /** The broker may compact one and delete from the other: receipts stay open until the scan finds nothing. */
  async #untilGone(): Promise<void> {
    const { subjects, say } = this.#options
    const rolled = { 'segment.ms': '1000' }
    const compact = {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0',
      'delete.retention.ms': '1',
    }
    await this.#set(TOPICS.compacted, {
      'retention.ms': '-1',
      ...compact,
      ...rolled,
      'min.compaction.lag.ms': '0',
    })
    await this.#set(TOPICS.plain, { 'retention.ms': '1000', ...rolled })
    const began = performance.now()
    for (let round = 0; ; round++) {
      assert.ok(performance.now() - began < GONE_MS, 'the broker does not delete')
      // Segments are closed by what comes behind them: events of others, to every partition.
      const messages = Array.from({ length: 40 }, (_, n) => {
        const id = scaleSubject(subjects + 1 + n)
        return { key: id, value: `{"id":"${id}","at":"2026-10-15T08:00:00Z","v":"more ${round}"}` }
      })
      await this.#producer.send({ topic: TOPICS.input, messages })
      await this.#stream()
      await sleep(2000)
      const { plain, compacted } = await this.#scan()
      const left = plain.found + compacted.found
      // The broker goes on while this looks: a receipt may be closed behind a scan that found something, but not before one.
      const receipt = await this.#verify(left === 0 ? 0 : undefined)
      if (receipt.closed) {
        assert.ok(await this.#isGone(), 'a receipt was closed early')
        const seconds = ((performance.now() - began) / 1000).toFixed(0)
        say(
          `scale, topics: the broker had deleted all after ${seconds} s; the receipt is closed, and the scan finds none`,
        )
        return
      }
      say(
        `scale, topics: ${plain.found} and ${compacted.found} records left, ${compacted.tombstones} of them tombstones; the receipt is open`,
      )
    }
  }

  async #isGone(): Promise<boolean> {
    const { plain, compacted } = await this.#scan()
    return plain.found + compacted.found === 0
  }
}

/** @throws AssertionError where a receipt closes early, or anything of a subject is left that it does not name */
export const eraseFromTopics = async (options: TopicScaleOptions): Promise<void> =>
  await new TopicsAtScale(options).prove()
