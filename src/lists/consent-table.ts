/**
 * Histories of consent in shared memory, for one purpose: of each subject a token of 128 bits and one interval, in 48 bytes with
 * what stays free; longer histories stand in a second table. One thread writes, any number read: an interval is read whole, and
 * a longer history stands in the second table before it is pointed at, and is never overwritten. Where one of both is full, both
 * are made anew: readers of the old memory see what was true when it was left, until they are given the new one.
 */
import type { ConsentStatement } from './consent-history.ts'
import { TOKEN_BYTES, TokenTable } from './token-table.ts'

/** What a history says of an event: `unknown` where it does not cover the time. */
export type ConsentState = 'granted' | 'withdrawn' | 'unknown'

/** Two doubles beside each token: from and until, in ms. */
const PAYLOAD_WORDS = 4
/** In place of `from`: it is withdrawn now, so that no time counts. */
const WITHDRAWN = Number.POSITIVE_INFINITY
/** In place of `from`: a longer history, which begins in the second table where `until` says. */
const LONGER = Number.NEGATIVE_INFINITY

/** Doubles of an interval in the second table: from, until, and 1 where consent was given. */
const INTERVAL = 3
/** The first double says how many are used. */
const FIRST = 1

export interface ConsentMemory {
  readonly table: SharedArrayBuffer
  readonly longer: SharedArrayBuffer
}

export class ConsentTable {
  #table: TokenTable
  #longer: Float64Array<SharedArrayBuffer>
  readonly #words = new Int32Array(PAYLOAD_WORDS)
  readonly #doubles = new Float64Array(this.#words.buffer)

  private constructor(table: TokenTable, longer: SharedArrayBuffer) {
    this.#table = table
    this.#longer = new Float64Array(longer)
  }

  /** A table with room for `subjects`; it grows as it is filled, into other memory. */
  static create(subjects: number): ConsentTable {
    const longer = new SharedArrayBuffer(8 * (FIRST + INTERVAL * Math.max(64, subjects >> 3)))
    const table = new ConsentTable(TokenTable.create(subjects, PAYLOAD_WORDS), longer)
    table.#longer[0] = FIRST
    return table
  }

  static of({ table, longer }: ConsentMemory): ConsentTable {
    return new ConsentTable(TokenTable.of(table), longer)
  }

  get memory(): ConsentMemory {
    return { table: this.#table.memory, longer: this.#longer.buffer }
  }

  get count(): number {
    return this.#table.count
  }

  /** Puts the history of a subject in place of the one before. It has at least one statement, in order of time. */
  set(token: Buffer, history: readonly ConsentStatement[]): void {
    const last = history.at(-1)!
    if (last.state === 'withdrawn') {
      this.withdraw(token)
      return
    }
    const isLonger = history.length > 1
    this.#makeRoom(isLonger ? 1 + history.length * INTERVAL : 0)
    const [from, until] = isLonger
      ? [LONGER, this.#append(history)]
      : [last.from, last.until ?? Number.POSITIVE_INFINITY]
    this.#put(token, from, until)
  }

  /** Whatever the subject said before: it is withdrawn now. */
  withdraw(token: Buffer): void {
    this.#makeRoom(0)
    this.#put(token, WITHDRAWN, 0)
  }

  #put(token: Buffer, from: number, until: number): void {
    this.#doubles[0] = from
    this.#doubles[1] = until
    this.#table.set(token, this.#words)
  }

  /** Room for a subject, and so many doubles more in the second table. */
  #makeRoom(doubles: number): void {
    const isFull = this.#table.count >= this.#table.room
    const used = this.#longer[0]!
    const isLongFull = used + doubles > this.#longer.length
    if (isFull || isLongFull)
      this.#rebuild(isFull ? this.#table.count * 2 : this.#table.room, isLongFull ? used * 2 + doubles : used)
  }

  /** The same histories in new memory, without the intervals that nothing points at any more. */
  #rebuild(subjects: number, doubles: number): void {
    const table = TokenTable.create(subjects, PAYLOAD_WORDS)
    const longer = new Float64Array(new SharedArrayBuffer(8 * Math.max(doubles, this.#longer.length)))
    let end = FIRST
    const token = Buffer.alloc(TOKEN_BYTES)
    this.#table.each((known, payload) => {
      token.set(known)
      this.#words.set(payload)
      if (this.#doubles[0] === LONGER) {
        const begin = this.#doubles[1]!
        const length = 1 + this.#longer[begin]! * INTERVAL
        longer.set(this.#longer.subarray(begin, begin + length), end)
        this.#doubles[1] = end
        end += length
      }
      table.set(token, this.#words)
    })
    longer[0] = end
    this.#table = table
    this.#longer = longer
  }

  /** Appends intervals to the second table, and gives where they begin. What a longer history had before is not used again. */
  #append(history: readonly ConsentStatement[]): number {
    const begin = this.#longer[0]!
    this.#longer[begin] = history.length
    for (const [at, { state, from, until }] of history.entries()) {
      const place = begin + 1 + at * INTERVAL
      const next = history[at + 1]?.from ?? Number.POSITIVE_INFINITY
      this.#longer[place] = from
      this.#longer[place + 1] = Math.min(until ?? next, next)
      this.#longer[place + 2] = state === 'granted' ? 1 : 0
    }
    this.#longer[0] = begin + 1 + history.length * INTERVAL
    return begin
  }

  /** What the history of a subject says of an event of this time (ms since the epoch); undefined where there is none. */
  stateOf(token: Buffer, time: number): ConsentState | undefined {
    if (!this.#table.get(token, this.#words)) return undefined
    const from = this.#doubles[0]!
    const until = this.#doubles[1]!
    if (from === WITHDRAWN) return 'withdrawn'
    if (from === LONGER) return this.#stateIn(until, time)
    return time >= from && time < until ? 'granted' : 'unknown'
  }

  #stateIn(begin: number, time: number): ConsentState {
    const count = this.#longer[begin]!
    for (let place = begin + 1, at = 0; at < count; at++, place += INTERVAL)
      if (time >= this.#longer[place]! && time < this.#longer[place + 1]!)
        return this.#longer[place + 2] === 1 ? 'granted' : 'withdrawn'
    return 'unknown'
  }
}
