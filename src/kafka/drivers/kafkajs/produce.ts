/** Produce requests: coded here, so that each partition's answer counts by itself, and a refused record is known. */
import { API_KEYS, Decoder, Encoder } from './internals.ts'
import type { Link } from './link.ts'
import { byTopic } from './offsets.ts'

export interface Sending {
  readonly topic: string
  readonly partition: number
  /** One record batch. */
  readonly batch: Buffer
}

export interface Acknowledged {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** Places in the batch of records that the broker refuses, where it says so. */
  readonly refused: readonly number[]
}

/** Names the records at fault; versions below say so for a batch as a whole. The next version codes strings otherwise. */
const VERSION = 8
/** Brokers wait so long for their replicas. */
const TIMEOUT_MS = 20_000

/** @throws Moment, LetheError */
export async function produce(link: Link, sendings: readonly Sending[]): Promise<readonly Acknowledged[]> {
  const version = Math.min(VERSION, link.versionOf('Produce') ?? 0)
  const topics = byTopic(sendings, ({ partition, batch }) =>
    new Encoder().writeInt32(partition).writeBytes(batch),
  )
  const answer = await link.send<{ readonly partitions: readonly Acknowledged[] }>({
    request: {
      apiKey: API_KEYS['Produce']!,
      apiVersion: version,
      apiName: 'Produce',
      encode: async () =>
        new Encoder()
          .writeString(null)
          .writeInt16(-1)
          .writeInt32(TIMEOUT_MS)
          .writeArray(
            topics.map(({ topic, partitions }) => new Encoder().writeString(topic).writeArray(partitions)),
          ),
    },
    response: {
      decode: async (raw) => decodeAnswer(new Decoder(raw), version),
      parse: async (decoded) => decoded,
    },
    requestTimeout: TIMEOUT_MS + 5000,
  })
  return answer.partitions
}

function decodeAnswer(decoder: Decoder, version: number): object {
  const partitions = decoder.readArray(() => {
    const topic = decoder.readString() ?? ''
    return decoder.readArray(() => {
      const partition = decoder.readInt32()
      const errorCode = decoder.readInt16()
      // Offset and time of appending, and where the log starts.
      for (let i = version >= 5 ? 3 : 2; i > 0; i--) decoder.readInt64()
      const refused = version >= 8 ? decoder.readArray(() => readRefused(decoder)) : []
      if (version >= 8) decoder.readString()
      return { topic, partition, errorCode, refused }
    })
  })
  return { partitions: partitions.flat(), clientSideThrottleTime: decoder.readInt32() }
}

function readRefused(decoder: Decoder): number {
  const place = decoder.readInt32()
  // The broker's words, which may hold anything.
  decoder.readString()
  return place
}
