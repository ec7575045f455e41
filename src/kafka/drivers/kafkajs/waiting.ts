/** What one fetch brought of one partition, on its way to whoever takes it: compressed until then. */
import type { InputRecord, Position } from '../../record.ts'
import { unreadable } from './read-errors.ts'
import { type Batch, openBatch } from './record-batch.ts'

export class Waiting {
  /** Where the partition goes on behind it. */
  readonly next: Position
  readonly bytes: number
  readonly #from: number
  readonly #batches: Batch[]
  #open: Iterator<InputRecord> | undefined
  #back: InputRecord | undefined

  /** Records before `from` are left out: a batch may begin before what was asked for. */
  constructor(next: Position, from: number, batches: readonly Batch[], bytes: number) {
    this.next = next
    this.bytes = bytes
    this.#from = from
    this.#batches = [...batches]
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Decompresses the next batch. @throws LetheError */
  async open(): Promise<void> {
    const { topic, partition } = this.next
    try {
      this.#open = await openBatch(this.#batches[0]!, topic, partition)
    } catch (error) {
      throw this.#unreadable(error)
    }
  }

  /** The next record of the open batch; undefined: it has no more, and is put away. @throws LetheError */
  pull(): InputRecord | undefined {
    const back = this.#back
    if (back !== undefined) {
      this.#back = undefined
      return back
    }
    try {
      for (let got = this.#open!.next(); got.done !== true; got = this.#open!.next())
        if (got.value.offset >= this.#from) return got.value
    } catch (error) {
      throw this.#unreadable(error)
    }
    this.#open = undefined
    this.#batches.shift()
    return undefined
  }

  /** The next `pull` gives this one again. */
  putBack(record: InputRecord): void {
    this.#back = record
  }

  #unreadable(error: unknown): unknown {
    return unreadable(error, { ...this.next, offset: this.#batches[0]!.baseOffset })
  }
}
