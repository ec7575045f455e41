/** Fetch requests: kafkajs codes the question, and the answer is read here, up to its batches. */
import type { TopicPartition } from '../../record.ts'
import type { AbortedTransaction } from './committed.ts'
import { codeFailure } from './failure.ts'
import { Decoder } from './internals.ts'
import type { Link } from './link.ts'
import { byTopic } from './offsets.ts'
import type { Settings } from './settings.ts'

export interface Wanted extends TopicPartition {
  /** The first offset that is wanted. */
  readonly offset: number
}

export interface Fetched extends TopicPartition {
  readonly errorCode: number
  /** Up to here, transactions are decided. */
  readonly stableOffset: number
  readonly aborted: readonly AbortedTransaction[]
  /** Another replica is to be asked; -1: this one. */
  readonly preferred: number
  /** Record batches; the last one may be cut off. */
  readonly set: Buffer
}

interface Answer {
  /** For kafkajs, which waits so long before the next request. */
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly partitions: readonly Fetched[]
}

const READ_COMMITTED = 1

/**
 * Fetches from one broker what is committed, waiting for it no longer than the settings say.
 * @throws Moment, LetheError
 */
export async function fetchFrom(
  link: Link,
  wanted: readonly Wanted[],
  { fetch: { minBytes, maxBytes, maxPartitionBytes, maxWait }, rack }: Settings,
): Promise<readonly Fetched[]> {
  const protocol = link.requestOf('Fetch', {
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: maxWait,
    minBytes,
    maxBytes,
    rackId: rack,
    // In another order each time, so that one full partition does not shut out the others.
    topics: byTopic(shuffled(wanted), ({ partition, offset }) => ({
      partition,
      fetchOffset: offset,
      maxBytes: maxPartitionBytes,
    })),
  })
  const { apiVersion } = protocol.request
  const answer = await link.send<Answer>({
    ...protocol,
    response: { ...protocol.response, decode: async (raw) => decodeAnswer(raw, apiVersion) },
  })
  if (answer.errorCode !== 0) throw codeFailure(answer.errorCode, 'fetching records')
  return answer.partitions
}

const readNumber = (decoder: Decoder): number => Number(decoder.readInt64())

/** Versions 4 to 11. */
function decodeAnswer(raw: Buffer, version: number): Answer {
  const decoder = new Decoder(raw)
  const clientSideThrottleTime = decoder.readInt32()
  const errorCode = version >= 7 ? decoder.readInt16() : 0
  if (version >= 7) decoder.readInt32()
  const partitions = decoder.readArray(() => {
    const topic = decoder.readString() ?? ''
    return decoder.readArray(() => readPartition(decoder, topic, version))
  })
  return { clientSideThrottleTime, errorCode, partitions: partitions.flat() }
}

function readPartition(decoder: Decoder, topic: string, version: number): Fetched {
  const partition = decoder.readInt32()
  const errorCode = decoder.readInt16()
  readNumber(decoder)
  const stableOffset = readNumber(decoder)
  if (version >= 5) readNumber(decoder)
  const aborted = decoder.readArray(() => ({
    producerId: readNumber(decoder),
    firstOffset: readNumber(decoder),
  }))
  const preferred = version >= 11 ? decoder.readInt32() : -1
  const set = decoder.readBytes() ?? Buffer.alloc(0)
  return { topic, partition, errorCode, stableOffset, aborted, preferred, set }
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const swapped = result[i]!
    result[i] = result[j]!
    result[j] = swapped
  }
  return result
}
