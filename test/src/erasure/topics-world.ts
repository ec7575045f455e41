/** Topics in memory, behind the port that commands ask brokers through, with what a policy would write to them. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import type { EraseSetting } from '../../../src/erasure/erase.ts'
import { keyChecksOf, type SubjectSearch, searchOf } from '../../../src/erasure/finders.ts'
import { subjectsOf } from '../../../src/erasure/subjects.ts'
import type { Admin, Right } from '../../../src/kafka/admin.ts'
import type { Pipeline } from '../../../src/kafka/pipeline-file/pipeline.ts'
import type { Header, InputRecord, OutputRecord, Position } from '../../../src/kafka/record.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { createKeyset, type Keyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { compilePolicyFile } from '../../../src/policy/compile-file.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { folder } from '../cli/lethe.ts'

export const NOW: number = Date.parse('2026-03-10T12:34:56Z')
export const WEEK: number = 7 * 86_400_000

export interface FakeTopic {
  id: string
  settings: Record<string, string>
  /** By partition. */
  logs: { start: number; end: number; records: InputRecord[] }[]
  rights: ReadonlySet<Right> | undefined
}

const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))

export class FakeCluster {
  readonly topics: Map<string, FakeTopic> = new Map()
  id: string = 'cluster-1'

  make(name: string, settings: Record<string, string> = {}, partitions = 1): FakeTopic {
    const logs = Array.from({ length: partitions }, () => ({ start: 0, end: 0, records: [] }))
    const topic = { id: randomBytes(16).toString('hex'), settings, logs, rights: undefined }
    this.topics.set(name, topic)
    return topic
  }

  append(topic: string, partition: number, record: Omit<InputRecord, keyof Position>): void {
    const log = this.topics.get(topic)!.logs[partition]!
    log.records.push({ topic, partition, offset: log.end++, ...record })
  }

  /** The last record of each key stays, and no tombstone does. */
  compact(name: string): void {
    for (const log of this.topics.get(name)!.logs) {
      const last = new Map(log.records.map(({ key, offset }) => [String(Buffer.from(key ?? '')), offset]))
      log.records = log.records.filter(
        ({ key, offset, value }) => value !== null && last.get(String(Buffer.from(key ?? ''))) === offset,
      )
    }
  }

  get admin(): Admin {
    const logOf = ({ topic, partition }: { topic: string; partition: number }) =>
      this.topics.get(topic)!.logs[partition]!
    const admin: Partial<Admin> = {
      cluster: async () => ({ id: this.id, release: '4.1', brokers: [], rights: undefined }),
      topics: async (names = []) =>
        names.map((name) => {
          const topic = this.topics.get(name)
          return {
            name,
            presence: topic === undefined ? ('missing' as const) : ('there' as const),
            isInternal: false,
            partitions: (topic?.logs ?? []).map((_, partition) => ({
              ...{ partition, hasLeader: true, replicas: 1, inSync: 1 },
            })),
            rights: topic?.rights,
          }
        }),
      settings: async (names) =>
        new Map(
          names.flatMap((name) => {
            const topic = this.topics.get(name)
            return topic === undefined
              ? []
              : [[name, { presence: 'there' as const, values: new Map(Object.entries(topic.settings)) }]]
          }),
        ),
      topicIds: async (names) =>
        new Map(
          names.flatMap((name) =>
            this.topics.has(name) ? [[name, this.topics.get(name)!.id] as const] : [],
          ),
        ),
      offsets: async (partitions, edge) =>
        partitions.map((one) => ({
          ...one,
          offset: edge === 'earliest' ? logOf(one).start : logOf(one).end,
        })),
      read: (from) => {
        let at = [...from]
        return {
          take: async () => {
            const records = at.flatMap((one) =>
              logOf(one).records.filter(({ offset }) => offset >= one.offset),
            )
            at = at.map((one) => ({ ...one, offset: logOf(one).end }))
            return { records, next: at }
          },
          close: () => {},
        }
      },
      deleteRecords: async (before) => {
        for (const one of before) {
          const log = logOf(one)
          log.start = Math.max(log.start, one.offset)
          log.records = log.records.filter(({ offset }) => offset >= log.start)
        }
        return before.map((one) => ({ ...one, offset: logOf(one).start }))
      },
      write: async (records: readonly OutputRecord[]) => {
        for (const { topic, partition = 0, key, value, headers } of records)
          this.append(topic, partition, { key, value, timestamp: NOW, headers: headers.flatMap(headerOf) })
      },
      close: async () => {},
    }
    return admin as Admin
  }
}

const headerOf = (header: Readonly<Record<string, string>>): Header[] =>
  Object.entries(header).map(([name, value]) => ({ name, value: Buffer.from(value) }))

export const policyText = (fields: string, version = 1, list = true): string => `policy: p
version: ${version}
purpose: train_ai_system
subject: customer.id
unlisted: drop
fields:
${fields}
  n: keep
${list ? 'suppression: [{ list: erasures, by: customer.id }]\n' : ''}`

export const BY_KEY = `  $key: { use: hash.hmac, domain: customer }
  customer.id: { use: hash.hmac, domain: customer }`

export interface Sent {
  readonly id: string
  readonly n: number | string
  readonly key?: string | null
  readonly partition?: number
  readonly timestamp?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface TopicsWorld {
  readonly cluster: FakeCluster
  readonly at: string
  readonly suppression: string
  readonly search: SubjectSearch
  readonly setting: (more?: Partial<EraseSetting>) => EraseSetting & { validMs: number }
  /** Writes what the policy makes of events, under a keyset. */
  readonly publish: (events: readonly Sent[], keyset?: Keyset, policy?: string) => Promise<void>
  readonly subjects: (ids: readonly string[], keyset?: Keyset) => ReturnType<typeof subjectsOf>
}

export const firstKeys: Keyset = createKeyset(new Date(NOW))
export const matchKeys: MatchKeys = new MatchKeys(createKeyset(new Date(NOW), undefined, 'match'))

export async function topicsWorld(
  fields: string = BY_KEY,
  settings: Record<string, string> = { 'cleanup.policy': 'compact' },
  {
    partitions = 1,
    keyset = firstKeys,
    older,
    more = '',
  }: { partitions?: number; keyset?: Keyset; older?: string; more?: string } = {},
): Promise<TopicsWorld> {
  const at = folder({
    'p.yaml': policyText(fields) + more,
    ...(older === undefined ? {} : { 'older.yaml': older }),
  })
  const file = join(at, 'p.yaml')
  const cluster = new FakeCluster()
  cluster.make('out', settings, partitions)
  cluster.make('dead', { 'cleanup.policy': 'delete', 'retention.ms': '3600000' })
  const search = await searchOf(file, keyset)
  const searches = older === undefined ? [search] : [search, await searchOf(join(at, 'older.yaml'), keyset)]
  const { policy } = await compilePolicyFile(file, { keys: Keyring.fromKeyset(keyset) })
  const pipeline = {
    name: 'pipe',
    routes: [{ name: 'events', to: { topic: 'out' }, deadLetterTopic: 'dead', policy: file }],
  } as unknown as Pipeline
  const stored = { pipeline, policies: new Map([[file, { plan: search.plan, policy: policy! }]]) }
  const suppression = join(at, 'erasures.ndjson')
  return {
    cluster,
    at,
    suppression,
    search,
    setting: (more = {}) => ({
      ...{ plans: searches.map(({ plan }) => plan), matchKeys, holds: [], now: NOW, validMs: WEEK },
      topics: { admin: cluster.admin, stored },
      ...more,
    }),
    async publish(events, keys = keyset, name = 'p.yaml') {
      const { plan } = await compilePolicyFile(join(at, name), { keys: Keyring.fromKeyset(keys) })
      const label = `${plan!.name}@${plan!.version}#${plan!.fingerprint}`
      const engine = messageEngine(plan!, { now: NOW, gates: [], compacted: false, keyRules: [] })
      const batch = new MessageBatch()
      for (const { id, n, key = id, timestamp = NOW, headers = {} } of events)
        batch.add({
          key: bytesOf(key),
          value: Buffer.from(JSON.stringify({ customer: { id }, n })),
          headers: headerOf(headers),
          timestamp,
        })
      const outcomes = engine.rewrite(batch)
      for (const [index, { partition = 0, timestamp = NOW }] of events.entries()) {
        if (outcomes.kind(index) !== 'publish') throw new Error(`not published: ${outcomes.code(index)}`)
        cluster.append('out', partition, {
          key: outcomes.key(index)?.slice() ?? null,
          value: outcomes.value(index)!.slice(),
          headers: [
            { name: 'lethe-policy', value: Buffer.from(label) },
            ...outcomes.headers(index).map((one) => ({ name: one.name, value: Buffer.from(one.value) })),
          ],
          timestamp,
        })
      }
    },
    subjects: (ids) =>
      subjectsOf(ids, { searches, matchKeys, keyChecks: keyChecksOf(keyset), suppression, ofTopics: true }),
  }
}

/** What is still to be read, as text. */
export const left = ({ cluster }: TopicsWorld, topic = 'out'): readonly InputRecord[] =>
  cluster.topics.get(topic)!.logs.flatMap(({ records }) => records)

/** Whether a text stands in a record, as a scan that knows nothing of policies finds it. */
export const holds = ({ key, value, headers = [] }: InputRecord, text: string): boolean =>
  [key, value, ...headers.map((header) => header.value)].some((part) =>
    Buffer.from(part ?? new Uint8Array()).includes(text),
  )
