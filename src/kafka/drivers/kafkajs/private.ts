/**
 * The requests that the public interface of kafkajs 2.2.4 lacks, and the connections to send them. The one file that
 * uses its private parts: the seed broker of a cluster, the methods of a broker that have no types, the coding of
 * requests, and a timer that it would not stop. The public admin is not used: before each question it requests the metadata of all topics, it fails where any
 * partition of the cluster has no leader, and it does not report what a user may do.
 */
import type { Broker, Cluster } from 'kafkajs'
// @ts-expect-error: no types
import RequestQueueModule from 'kafkajs/src/network/requestQueue/index.js'
// @ts-expect-error: no types
import DecoderModule from 'kafkajs/src/protocol/decoder.js'
// @ts-expect-error: no types
import EncoderModule from 'kafkajs/src/protocol/encoder.js'
import type { Right } from '../../admin.ts'

interface Encoder {
  readonly buf: Buffer
  readonly buffer: Buffer
  writeInt32(value: number): this
  writeBoolean(value: boolean): this
  writeArray(values: readonly string[]): this
}

type Body = Pick<Encoder, 'buf' | 'buffer'>

interface Decoder {
  readInt8(): number
  readInt16(): number
  readInt32(): number
  readBoolean(): boolean
  readUVarInt(): number
  readString(): string | null
  readUVarIntString(): string | null
  readBytes(length?: number): Buffer | null
  readArray<T>(read: (decoder: Decoder) => T): T[]
}

interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}

const queue = (RequestQueueModule as { readonly prototype: RequestQueue }).prototype
const { scheduleCheckPendingRequests } = queue

/**
 * After each answer kafkajs sets a timer for requests that wait, also where none does: for a time in the past, so that it
 * fires every millisecond as long as the connection lives, and Node.js 24 warns of it. A request that has to wait sets the
 * timer itself.
 */
queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this)
}

const newEncoder = (): Encoder => new (EncoderModule as new () => Encoder)()

interface Partitions<P> {
  readonly topic: string
  readonly partitions: readonly P[]
}

/** What a broker can be asked. Each answer that holds an error code is thrown as kafkajs throws it. */
export interface Node extends Broker {
  readonly connectionPool: {
    send<T>(protocol: {
      readonly request: {
        readonly apiKey: number
        readonly apiVersion: number
        readonly apiName: string
        readonly encode: () => Promise<Body>
      }
      readonly response: {
        readonly decode: (raw: Buffer) => Promise<T>
        readonly parse: (decoded: T) => Promise<T>
      }
    }): Promise<T>
  }
  listOffsets(request: {
    readonly isolationLevel: number
    readonly topics: readonly Partitions<{ readonly partition: number; readonly timestamp: number }>[]
  }): Promise<{
    readonly responses: readonly Partitions<{ readonly partition: number; readonly offset: string }>[]
  }>
  describeConfigs(request: {
    readonly resources: readonly { readonly type: number; readonly name: string }[]
  }): Promise<{
    readonly resources: readonly {
      readonly resourceName: string
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[]
    }[]
  }>
  createTopics(request: {
    readonly topics: readonly object[]
    readonly validateOnly: boolean
    readonly timeout: number
  }): Promise<unknown>
  deleteRecords(request: {
    readonly topics: readonly Partitions<{ readonly partition: number; readonly offset: string }>[]
  }): Promise<{
    readonly topics: readonly Partitions<{ readonly partition: number; readonly lowWatermark: string }>[]
  }>
  findGroupCoordinator(request: { readonly groupId: string; readonly coordinatorType: number }): Promise<{
    readonly coordinator: Address
  }>
}

export interface Address {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface Described {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: readonly Address[]
  readonly rights: ReadonlySet<Right> | undefined
  readonly topics: readonly DescribedTopic[]
}

export interface DescribedTopic {
  readonly name: string
  readonly errorCode: number
  readonly isInternal: boolean
  readonly rights: ReadonlySet<Right> | undefined
  readonly partitions: readonly {
    readonly partition: number
    /** Below 0: there is none. */
    readonly leader: number
    readonly replicas: readonly number[]
    readonly isr: readonly number[]
  }[]
}

interface Seed extends Cluster {
  readonly brokerPool: { readonly seedBroker: Node }
}

/** One of the brokers that a cluster was made with, connected. */
export async function seedOf(cluster: Cluster): Promise<Node> {
  await cluster.connect()
  return (cluster as Seed).brokerPool.seedBroker
}

function ask<T>(
  broker: Node,
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Body,
  read: (decoder: Decoder) => T,
): Promise<T> {
  return broker.connectionPool.send<T>({
    request: { apiKey, apiVersion, apiName, encode: async () => body },
    response: {
      decode: async (raw) => read(new (DecoderModule as new (bytes: Buffer) => Decoder)(raw)),
      parse: async (decoded) => decoded,
    },
  })
}

/** By the bits of an answer: Kafka's numbers of its operations. */
const RIGHTS: readonly (readonly [bit: number, Right])[] = [
  [3, 'read'],
  [4, 'write'],
  [5, 'create'],
  [6, 'delete'],
  [7, 'alter'],
  [8, 'describe'],
  [9, 'cluster-action'],
  [10, 'describe-configs'],
  [11, 'alter-configs'],
  [12, 'idempotent-write'],
]
const NOT_SAID = -(2 ** 31)

function readRights(decoder: Decoder): ReadonlySet<Right> | undefined {
  const bits = decoder.readInt32()
  if (bits === NOT_SAID) return undefined
  return new Set(RIGHTS.filter(([bit]) => (bits >> bit) & 1).map(([, right]) => right))
}

const readNumbers = (decoder: Decoder): number[] => decoder.readArray(() => decoder.readInt32())

/** Metadata in version 8, with rights; of all topics where no list is given. */
export async function describe(broker: Node, names?: readonly string[]): Promise<Described> {
  const body = newEncoder()
  if (names === undefined) body.writeInt32(-1)
  else body.writeArray(names)
  // No topics made by asking; and say what may be done with the cluster and the topics.
  body.writeBoolean(false).writeBoolean(true).writeBoolean(true)
  return await ask(broker, 3, 8, 'Metadata', body, readDescribed)
}

function readDescribed(decoder: Decoder): Described {
  decoder.readInt32()
  const brokers = decoder.readArray(() => {
    const nodeId = decoder.readInt32()
    const host = decoder.readString() ?? ''
    const port = decoder.readInt32()
    decoder.readString()
    return { nodeId, host, port }
  })
  const clusterId = decoder.readString()
  const controllerId = decoder.readInt32()
  const topics = decoder.readArray(() => {
    const errorCode = decoder.readInt16()
    const name = decoder.readString() ?? ''
    const isInternal = decoder.readBoolean()
    const partitions = decoder.readArray(() => {
      decoder.readInt16()
      const partition = decoder.readInt32()
      const leader = decoder.readInt32()
      decoder.readInt32()
      const replicas = readNumbers(decoder)
      const isr = readNumbers(decoder)
      readNumbers(decoder)
      return { partition, leader, replicas, isr }
    })
    return { name, errorCode, isInternal, partitions, rights: readRights(decoder) }
  })
  return { clusterId, controllerId, brokers, topics, rights: readRights(decoder) }
}

interface DescribedGroup {
  readonly errorCode: number
  readonly state: string
  readonly members: number
  readonly rights: ReadonlySet<Right> | undefined
}

/** DescribeGroups in version 3, with rights. */
export async function describeGroup(broker: Node, name: string): Promise<DescribedGroup> {
  const body = newEncoder().writeArray([name]).writeBoolean(true)
  return await ask(broker, 15, 3, 'DescribeGroups', body, (decoder) => {
    decoder.readInt32()
    const [group] = decoder.readArray(() => {
      const errorCode = decoder.readInt16()
      decoder.readString()
      const state = decoder.readString() ?? ''
      decoder.readString()
      decoder.readString()
      const members = decoder.readArray(() => {
        for (let i = 0; i < 3; i++) decoder.readString()
        for (let i = 0; i < 2; i++) decoder.readBytes()
      }).length
      return { errorCode, state, members, rights: readRights(decoder) }
    })
    return group!
  })
}

const API_VERSIONS = 18
const METADATA = 3
/** The first version of Metadata that tells the ids of topics by name, and can be sent for them. */
const WITH_IDS = 12
const ID_BYTES = 16

const compactText = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([unsigned(bytes.length + 1), bytes])
}

/** A number as 7 bits a byte, the lowest first. */
function unsigned(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return Buffer.from([...bytes, value])
}

/** The ids of topics, in hex, of those that are there; undefined where the broker has none. */
export async function topicIdsOf(
  broker: Node,
  names: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const versions = await broker.apiVersions()
  if ((versions[METADATA]?.maxVersion ?? 0) < WITH_IDS) return undefined
  const noTags = Buffer.from([0])
  const bytes = Buffer.concat([
    noTags,
    unsigned(names.length + 1),
    ...names.flatMap((name) => [Buffer.alloc(ID_BYTES), compactText(name), noTags]),
    // No topics made by asking; no rights.
    Buffer.from([0, 0]),
    noTags,
  ])
  return await ask(broker, METADATA, WITH_IDS, 'Metadata', { buf: bytes, buffer: bytes }, readIds)
}

function readIds(decoder: Decoder): ReadonlyMap<string, string> {
  const each = (read: () => void): void => {
    for (let left = decoder.readUVarInt() - 1; left > 0; left--) read()
  }
  skipTags(decoder)
  decoder.readInt32()
  each(() => {
    decoder.readInt32()
    decoder.readUVarIntString()
    decoder.readInt32()
    decoder.readUVarIntString()
    skipTags(decoder)
  })
  decoder.readUVarIntString()
  decoder.readInt32()
  const ids = new Map<string, string>()
  each(() => {
    const errorCode = decoder.readInt16()
    const name = decoder.readUVarIntString() ?? ''
    const id = decoder.readBytes(ID_BYTES)?.toString('hex') ?? ''
    decoder.readBoolean()
    each(() => {
      decoder.readInt16()
      for (let i = 0; i < 3; i++) decoder.readInt32()
      for (let i = 0; i < 3; i++) each(() => decoder.readInt32())
      skipTags(decoder)
    })
    decoder.readInt32()
    skipTags(decoder)
    if (errorCode === 0 && !/^0*$/.test(id)) ids.set(name, id)
  })
  return ids
}

function skipTags(decoder: Decoder): void {
  for (let tags = decoder.readUVarInt(); tags > 0; tags--) {
    decoder.readUVarInt()
    for (let size = decoder.readUVarInt(); size > 0; size--) decoder.readInt8()
  }
}

/** The feature level with which each release came out. */
const RELEASES: readonly (readonly [level: number, release: string])[] = [
  [7, '3.3'],
  [8, '3.4'],
  [11, '3.5'],
  [14, '3.6'],
  [19, '3.7'],
  [20, '3.8'],
  [21, '3.9'],
  [25, '4.0'],
  [27, '4.1'],
  [28, '4.2'],
]

/** ApiVersions in version 3, which tells the cluster's feature level; undefined where it does not. */
export async function releaseOf(broker: Node): Promise<string | undefined> {
  const versions = await broker.apiVersions()
  if ((versions[API_VERSIONS]?.maxVersion ?? 0) < 3) return undefined
  // Tags of the header, the name and version of this software, tags of the body.
  const bytes = Buffer.concat([Buffer.from([0]), compactText('lethe'), compactText('1'), Buffer.from([0])])
  const level = await ask(broker, API_VERSIONS, 3, 'ApiVersions', { buf: bytes, buffer: bytes }, readLevel)
  if (level === undefined) return undefined
  return RELEASES.findLast(([least]) => least <= level)?.[1]
}

/** The tag of the features that the cluster has switched on. */
const FINALIZED = 2

function readLevel(decoder: Decoder): number | undefined {
  if (decoder.readInt16() !== 0) return undefined
  for (let apis = decoder.readUVarInt() - 1; apis > 0; apis--) {
    for (let i = 0; i < 3; i++) decoder.readInt16()
    skipTags(decoder)
  }
  decoder.readInt32()
  for (let tags = decoder.readUVarInt(); tags > 0; tags--) {
    const tag = decoder.readUVarInt()
    const size = decoder.readUVarInt()
    if (tag !== FINALIZED) {
      for (let i = 0; i < size; i++) decoder.readInt8()
      continue
    }
    for (let features = decoder.readUVarInt() - 1; features > 0; features--) {
      const name = decoder.readUVarIntString()
      const level = decoder.readInt16()
      decoder.readInt16()
      skipTags(decoder)
      if (name === 'metadata.version') return level
    }
  }
  return undefined
}
