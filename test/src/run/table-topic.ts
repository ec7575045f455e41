/** A topic of a consent table, made of nothing but an array: written to, compacted, cut at either end, made again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../src/errors.ts'
import type { TableRecord, TableSource } from '../../../src/kafka/table-source.ts'

export class TableTopic {
  #records: TableRecord[] = []
  #start = 0
  #end = 0
  /** Offsets from which it was read. */
  readonly openedAt: number[] = []

  get end(): number {
    return this.#end
  }

  write(key: string | null, value: string | null): void {
    this.#records.push({
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      offset: this.#end++,
    })
  }

  /** Keeps the last record of each key; `tombstones`: those go too. */
  compact(tombstones = false): void {
    const last = new Map(this.#records.map((record) => [String(record.key), record]))
    this.#records = this.#records.filter(
      (record) => last.get(String(record.key)) === record && !(tombstones && record.value === null),
    )
  }

  /** Deletes what lies before an offset. */
  cutStart(offset: number): void {
    this.#start = offset
    this.#records = this.#records.filter((record) => record.offset >= offset)
  }

  /** Loses what lies behind an offset. */
  cutEnd(offset: number): void {
    this.#end = offset
    this.#records = this.#records.filter((record) => record.offset < offset)
  }

  open = (from: number | undefined): Promise<TableSource> => {
    let position = from ?? this.#start
    if (position < this.#start || position > this.#end)
      return Promise.reject(new LetheError('offsets-lost', 'test'))
    this.openedAt.push(position)
    return Promise.resolve({
      start: this.#start,
      take: async () => {
        const records = this.#records.filter(({ offset }) => offset >= position).slice(0, 7)
        position = records.length < 7 ? this.#end : records.at(-1)!.offset + 1
        await (records.length > 0 ? sleep(0) : sleep(2))
        return { records, position }
      },
      end: () => Promise.resolve(this.#end),
      close: () => Promise.resolve(),
    })
  }
}
