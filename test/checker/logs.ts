/** A cluster's logs in memory: enough of transactions and offsets to be wrong in the ways that real ones are. */
import type { Coordinates, LogRecord } from '../integration/checker/records.ts'

export interface Transaction {
  state: 'open' | 'committed' | 'aborted'
  /** Partitions that it wrote to: each gets a marker, which takes an offset. */
  readonly wrote: Set<Log>
}

export const beginTransaction = (): Transaction => ({ state: 'open', wrote: new Set() })

export function endTransaction(transaction: Transaction, state: 'committed' | 'aborted'): void {
  transaction.state = state
  for (const log of transaction.wrote) log.mark()
}

export type NewRecord = Pick<LogRecord, 'key' | 'value' | 'headers'>

/** One partition. */
export class Log {
  readonly topic: string
  readonly partition: number
  end = 0
  readonly #records: { readonly record: LogRecord; readonly transaction: Transaction | undefined }[] = []

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  append(record: NewRecord, transaction: Transaction | undefined): void {
    const place: Coordinates = { topic: this.topic, partition: this.partition, offset: this.end++ }
    this.#records.push({ record: { ...record, ...place, timestamp: -1 }, transaction })
    transaction?.wrote.add(this)
  }

  mark(): void {
    this.end++
  }

  /** What a read_committed consumer sees: nothing behind the first open transaction. */
  read(): readonly LogRecord[] {
    const open = this.#records.findIndex(({ transaction }) => transaction?.state === 'open')
    return this.#records
      .slice(0, open < 0 ? undefined : open)
      .filter(({ transaction }) => transaction?.state !== 'aborted')
      .map(({ record }) => record)
  }
}
