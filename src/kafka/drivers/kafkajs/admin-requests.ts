/** Requests that kafkajs codes in versions too old to say what the user may do, or which release this is. */
import type { Right } from '../../admin.ts'
import { API_KEYS, Decoder, Encoder, type Request } from './internals.ts'
import type { Link } from './link.ts'

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

export function rightsOf(bits: number): ReadonlySet<Right> | undefined {
  if (bits === NOT_SAID) return undefined
  return new Set(RIGHTS.filter(([bit]) => (bits >> bit) & 1).map(([, right]) => right))
}

interface Described {
  readonly clusterId: string | null
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly clusterRights: number
  readonly topics: readonly {
    readonly name: string
    readonly errorCode: number
    readonly isInternal: boolean
    readonly rights: number
    readonly partitions: readonly {
      readonly partition: number
      readonly leader: number
      readonly replicas: readonly number[]
      readonly isr: readonly number[]
    }[]
  }[]
}

/** Metadata in version 8, with rights; of all topics where no list is given. @throws Moment, LetheError */
export async function describe(link: Link, names?: readonly string[]): Promise<Described> {
  const body = new Encoder()
  if (names === undefined) body.writeInt32(-1)
  else body.writeArray(names)
  // No topics made by asking; and say what may be done with the cluster and the topics.
  body.writeBoolean(false).writeBoolean(true).writeBoolean(true)
  return await ask(link, 'Metadata', 8, body, readDescribed)
}

function ask<T>(
  link: Link,
  apiName: string,
  apiVersion: number,
  body: Awaited<ReturnType<Request['encode']>>,
  read: (decoder: Decoder) => T,
): Promise<T> {
  return link.send<T>({
    request: { apiKey: API_KEYS[apiName]!, apiVersion, apiName, encode: async () => body },
    response: { decode: async (raw) => read(new Decoder(raw)), parse: async (decoded) => decoded },
  })
}

const readNumbers = (decoder: Decoder): number[] => decoder.readArray(() => decoder.readInt32())

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
  decoder.readInt32()
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
    return { name, errorCode, isInternal, partitions, rights: decoder.readInt32() }
  })
  return { clusterId, brokers, topics, clusterRights: decoder.readInt32() }
}

interface DescribedGroup {
  readonly errorCode: number
  readonly state: string
  readonly members: number
  readonly rights: number
}

/** DescribeGroups in version 3, with rights. @throws Moment, LetheError */
export async function describeGroup(link: Link, name: string): Promise<DescribedGroup> {
  const body = new Encoder().writeArray([name]).writeBoolean(true)
  return await ask(link, 'DescribeGroups', 3, body, (decoder) => {
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
      return { errorCode, state, members, rights: decoder.readInt32() }
    })
    return group!
  })
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
export async function releaseOf(link: Link): Promise<string | undefined> {
  if ((link.versionOf('ApiVersions') ?? 0) < 3) return undefined
  const said = (text: string): Buffer => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)])
  // Tags of the header, the name and version of this software, tags of the body.
  const bytes = Buffer.concat([Buffer.from([0]), said('lethe'), said('1'), Buffer.from([0])])
  const level = await ask(link, 'ApiVersions', 3, { buf: bytes, buffer: bytes }, readLevel)
  if (level === undefined) return undefined
  return RELEASES.findLast(([least]) => least <= level)?.[1]
}

function readLevel(decoder: Decoder): number | undefined {
  if (decoder.readInt16() !== 0) return undefined
  const skipTags = (): void => {
    for (let tags = decoder.readUVarInt(); tags > 0; tags--) {
      decoder.readUVarInt()
      for (let size = decoder.readUVarInt(); size > 0; size--) decoder.readInt8()
    }
  }
  for (let apis = decoder.readUVarInt() - 1; apis > 0; apis--) {
    for (let i = 0; i < 3; i++) decoder.readInt16()
    skipTags()
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
      skipTags()
      if (name === 'metadata.version') return level
    }
  }
  return undefined
}

/** The tag of the features that the cluster has switched on. */
const FINALIZED = 2
