/**
 * Reads a dead-letter topic to where it ends now, transactions that are still open included: it waits for them. A marker
 * that was committed may stand behind what another transaction holds back.
 */
import { LetheError } from '../../../errors.ts'
import { type InputRecord, type Position, partitionKey } from '../../record.ts'
import type { Library } from './client.ts'
import { LogConsumer } from './log-consumer.ts'
import { inputOf } from './messages.ts'
import { partitionsOf, watermarks } from './rdkafka-offsets.ts'
import type { Session } from './session.ts'

const AT_ONCE = 4_096
/** An open transaction ends long before: its timeout is at most 15 minutes, unless brokers are told otherwise. */
const HIDDEN_MS = 16 * 60_000

interface Part {
  /** Where it is read on, and where it ends. */
  next: number
  readonly end: number
}

/**
 * Hands over every committed record, in order within each partition.
 * @throws LetheError where the topic is not there, or an open transaction hides its end for too long
 */
export async function readLetters(
  library: Library,
  session: Session,
  topic: string,
  hear: (record: InputRecord) => void,
): Promise<void> {
  const left = await partsOf(library, session, topic)
  const log = await LogConsumer.open(library, session)
  const assign = (): void =>
    log.assign(
      [...left].map(([key, { next }]) => ({
        topic,
        partition: Number(key.slice(key.lastIndexOf('/') + 1)),
        offset: next,
      })),
    )
  const reached = (at: Position): void => {
    const key = partitionKey(at)
    const part = left.get(key)
    if (part === undefined) return
    part.next = Math.max(part.next, at.offset)
    if (part.next >= part.end) left.delete(key)
  }
  try {
    assign()
    for (let heardAt = performance.now(); left.size > 0; ) {
      if (session.closing) throw new LetheError('client-lost', 'the client was closed while it read')
      const { messages, ends, isOutOfRange } = await log.take(AT_ONCE)
      for (const message of messages) {
        const part = left.get(partitionKey(message))
        if (part === undefined || message.offset < part.next) continue
        if (message.offset < part.end) hear(inputOf(message))
        reached({ ...message, offset: message.offset + 1 })
      }
      for (const [key, offset] of ends)
        reached({ topic, partition: Number(key.slice(key.lastIndexOf('/') + 1)), offset })
      if (isOutOfRange) {
        await skipDeleted(log, left, topic)
        if (left.size > 0) assign()
      }
      if (messages.length > 0) heardAt = performance.now()
      else if (performance.now() - heardAt > HIDDEN_MS)
        throw new LetheError(
          'broker-unreachable',
          `the end of the dead letter topic ${topic} was not reached within ${HIDDEN_MS / 60_000} minutes: an open transaction hides it`,
          'wait until it has ended: see kafka-transactions.sh --find-hanging',
        )
    }
  } finally {
    await log.close()
  }
}

/** What the log deleted meanwhile is passed over. */
async function skipDeleted(log: LogConsumer, left: Map<string, Part>, topic: string): Promise<void> {
  for (const [key, part] of left) {
    const partition = Number(key.slice(key.lastIndexOf('/') + 1))
    const { low } = await watermarks(log.consumer, { topic, partition })
    part.next = Math.max(part.next, low)
    if (part.next >= part.end) left.delete(key)
  }
}

async function partsOf(library: Library, session: Session, topic: string): Promise<Map<string, Part>> {
  // Asked so, the end lies behind open transactions.
  const log = await LogConsumer.open(library, session, 'read_uncommitted')
  try {
    const parts = new Map<string, Part>()
    for (const partition of await partitionsOf(log.consumer, [topic])) {
      const { low, high } = await watermarks(log.consumer, partition)
      if (low < high) parts.set(partitionKey(partition), { next: low, end: high })
    }
    return parts
  } finally {
    await log.close()
  }
}
