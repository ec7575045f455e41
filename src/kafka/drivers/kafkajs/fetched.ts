/** Batches of kafkajs: whether they may be passed on, and their records. */
import type { Batch, KafkaMessage } from 'kafkajs'
import { LetheError } from '../../../errors.ts'
import type { BatchBounds } from '../../driver.ts'
import { PackedRecords, roomFor } from '../../packed-records.ts'
import type { Header, InputRecord, Position, TopicPartition } from '../../record.ts'

const place = ({ topic, partition }: TopicPartition): string => `topic ${topic}, partition ${partition}`

export const RDKAFKA = 'install node-rdkafka, and set `driver: rdkafka`'

/** An offset that did not come, and the one that came in its place. */
export interface Gap {
  readonly expected: number
  readonly found: number
}

/**
 * Without compaction and transactions a log has no gaps: offsets that are missing were passed by. Gives the first gap of
 * a batch that should begin at `from`, which may be between two of its records.
 * @throws LetheError where a record was written by a transaction, or kafkajs does not say
 */
export function gapIn({ topic, partition, messages }: Batch, from: number): Gap | undefined {
  let expected = from
  for (const message of messages) {
    const { batchContext } = message as { readonly batchContext?: { readonly inTransaction?: unknown } }
    if (batchContext?.inTransaction !== false) {
      const at = `${place({ topic, partition })}, offset ${message.offset}`
      if (batchContext?.inTransaction === true)
        throw new LetheError(
          'records-unreadable',
          `${at}: the record was written by a transaction, and kafkajs passes on some records of aborted ones`,
          RDKAFKA,
        )
      throw new LetheError(
        'records-unreadable',
        `${at}: kafkajs does not say whether the record was written by a transaction`,
        'install kafkajs 2.2.4',
      )
    }
    const found = Number(message.offset)
    if (found !== expected) return { expected, found }
    expected++
  }
  return undefined
}

/** What a gap that does not go away means, with the ends of the log as they are. `found` undefined: nothing came. */
export function gapError(at: Position, found: number | undefined, low: number, end: number): LetheError {
  const { offset } = at
  if (offset < low)
    return new LetheError(
      'offsets-lost',
      `${place(at)}: up to ${low - offset} records (offsets ${offset} to ${low - 1}) were deleted before they were read`,
      'if that loss is accepted, set the offset of the group by hand (kafka-consumer-groups.sh --reset-offsets)',
    )
  if (offset > end)
    return new LetheError(
      'offsets-lost',
      `${place(at)}: the group stands at offset ${offset}, the log ends at ${end}`,
      'the topic was created again, or lost records: use a new group, or reset its offsets by hand',
    )
  return new LetheError(
    'records-unreadable',
    found === undefined
      ? `${place(at)}: no records came for long at offset ${offset}, and the log ends at ${end}: kafkajs stops before batches without records, as compaction and aborted transactions leave them`
      : `${place(at)}: ${Math.abs(found - offset)} offsets are missing: ${offset} was expected, and ${found} came; the topic was compacted, or holds transactions`,
    RDKAFKA,
  )
}

function headersOf({ headers }: KafkaMessage): readonly Header[] | undefined {
  const list: Header[] = []
  // kafkajs takes what objects inherit for a first value of a header of that name.
  for (const [name, values] of Object.entries(headers ?? {}))
    for (const value of Array.isArray(values) ? values : [values])
      if (value === null || value === undefined || Buffer.isBuffer(value))
        list.push({ name, value: value ?? new Uint8Array() })
  return list.length === 0 ? undefined : list
}

export const sizeOf = ({ key, value }: Pick<InputRecord, 'key' | 'value'>): number =>
  (key?.length ?? 0) + (value?.length ?? 0) + 64

export const recordOf = ({ topic, partition }: TopicPartition, message: KafkaMessage): InputRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  key: message.key,
  value: message.value,
  headers: headersOf(message),
  timestamp: Number(message.timestamp),
})

/** Batches that wait to be polled. */
export class FetchQueue {
  /** `at`: the next message to be polled. */
  readonly #batches: (TopicPartition & { readonly messages: readonly KafkaMessage[]; at: number })[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  add({ topic, partition, messages }: Batch): void {
    this.#batches.push({ topic, partition, messages, at: 0 })
    for (const message of messages) this.#bytes += sizeOf(message)
  }

  clear(): void {
    this.#batches.length = 0
    this.#bytes = 0
  }

  take({ records: most, bytes: mostBytes }: BatchBounds): PackedRecords {
    const packed = new PackedRecords(roomFor(Math.min(this.#bytes, mostBytes)))
    let bytes = 0
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      const { topic, partition, messages } = batch
      for (; batch.at < messages.length; batch.at++) {
        const message = messages[batch.at]!
        const size = sizeOf(message)
        if (packed.length > 0 && (packed.length >= most || bytes + size > mostBytes)) return packed
        bytes += size
        this.#bytes -= size
        packed.add(recordOf({ topic, partition }, message))
      }
      this.#batches.shift()
    }
    return packed
  }
}
