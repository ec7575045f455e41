/**
 * Histories of consent in shared memory, for one purpose: of each subject a token of 128 bits and one interval, in 48 bytes with
 * what stays free; longer histories stand in a second table. One thread writes, any number read: an interval is read whole, and
 * a longer history stands in the second table before it is pointed at, and is never overwritten. Where one of both is full, both
 * are made anew: readers of the old memory see what was true when it was left, until they are given the new one.
 */
import type { ConsentStatement } from './consent-history.ts'
import { TOKEN_WORDS, TokenTable } from './token-table.ts'

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

/** Room is left for so many times as many subjects, before memory is made anew. */
const SPARE = 1.05
const LEAST_ROOM = 1 << 10

/** Kinds of parts. */
const SUBJECTS = 1
const INTERVALS = 2

/** A part of a table, as a snapshot holds it. */
export interface TablePart {
  readonly kind: number
  readonly bytes: Uint8Array
}

/** Makes a table of the parts of another one. */
export interface PartTaker {
  take(kind: number, part: Uint8Array<ArrayBuffer>): void
  readonly table: ConsentTable
}

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

  /** A table with room for `subjects`; it grows as it is filled, into other memory. `doubles`: room for longer histories. */
  static create(subjects: number, doubles: number = INTERVAL * Math.max(64, subjects >> 3)): ConsentTable {
    const longer = new SharedArrayBuffer(8 * (FIRST + doubles))
    const table = new ConsentTable(TokenTable.create(subjects, PAYLOAD_WORDS), longer)
    table.#longer[0] = FIRST
    return table
  }

  /** The table that `parts` of another one gave. Its parts are taken in their order, before anybody reads it. */
  static filler(subjects: number, doubles: number): PartTaker {
    const table = ConsentTable.create(Math.ceil(subjects * SPARE), Math.ceil(doubles * SPARE))
    return {
      take: (kind, part) => (kind === SUBJECTS ? table.#takeSubjects(part) : table.#takeIntervals(part)),
      table,
    }
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
  set(token: Uint8Array, history: readonly ConsentStatement[]): void {
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
  withdraw(token: Uint8Array): void {
    this.#makeRoom(0)
    this.#put(token, WITHDRAWN, 0)
  }

  #put(token: Uint8Array, from: number, until: number): void {
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
      this.#rebuild(
        isFull ? this.#table.nextRoom : this.#table.room,
        isLongFull ? used * 2 + doubles : this.#longer.length,
      )
  }

  /** Gives back room that growing left empty, but a twentieth. Readers have to be given the memory then. */
  fit(): void {
    const subjects = Math.max(LEAST_ROOM, Math.ceil(this.#table.count * SPARE))
    if (this.#table.room > subjects * SPARE)
      this.#rebuild(subjects, FIRST + INTERVAL * 64 + Math.ceil(this.intervals * SPARE))
  }

  /** The same histories in new memory, without the intervals that nothing points at any more. */
  #rebuild(subjects: number, doubles: number): void {
    const old = this.#longer
    const longer = new Float64Array(new SharedArrayBuffer(8 * doubles))
    let end = FIRST
    const doublesOf = new Float64Array(PAYLOAD_WORDS / 2)
    const wordsOf = new Int32Array(doublesOf.buffer)
    this.#table = this.#table.grown(subjects, (payload) => {
      wordsOf.set(payload)
      if (doublesOf[0] !== LONGER) return
      const begin = doublesOf[1]!
      const length = 1 + old[begin]! * INTERVAL
      longer.set(old.subarray(begin, begin + length), end)
      doublesOf[1] = end
      payload.set(wordsOf)
      end += length
    })
    longer[0] = end
    this.#longer = longer
  }

  /** Doubles of longer histories, with those that nothing points at any more. */
  get intervals(): number {
    return this.#longer[0]!
  }

  /**
   * All that is in it, in parts that are used again for the next. It may be written to meanwhile: each subject that was in it at
   * the beginning is in one of the parts, with what it said then or later; the subjects of later ones may be.
   */
  *parts(bytes: number): Generator<TablePart> {
    const [table, longer] = [this.#table, this.#longer]
    const into = new Int32Array(bytes / 4)
    for (let from: number | undefined = 0; from !== undefined; ) {
      const { words, next }: ReturnType<TokenTable['entries']> = table.entries(from, into)
      if (words > 0) yield { kind: SUBJECTS, bytes: new Uint8Array(into.buffer, 0, words * 4) }
      from = next
    }
    // Behind the subjects: what points at an interval was written behind it.
    const end = longer[0]!
    const doubles = bytes / 8
    for (let at = FIRST; at < end; at += doubles) {
      const part = longer.slice(at, Math.min(end, at + doubles))
      yield { kind: INTERVALS, bytes: new Uint8Array(part.buffer) }
    }
  }

  #takeSubjects(part: Uint8Array<ArrayBuffer>): void {
    const words = new Int32Array(part.buffer, part.byteOffset, part.length >> 2)
    const more = words.length / (TOKEN_WORDS + PAYLOAD_WORDS)
    if (this.#table.count + more > this.#table.room)
      this.#table = this.#table.grown(Math.max(this.#table.nextRoom, this.#table.count + more))
    this.#table.fill(words, words.length)
  }

  #takeIntervals(part: Uint8Array<ArrayBuffer>): void {
    const doubles = new Float64Array(part.buffer, part.byteOffset, part.length >> 3)
    const used = this.#longer[0]!
    if (used + doubles.length > this.#longer.length) {
      const larger = new Float64Array(new SharedArrayBuffer(8 * Math.ceil((used + doubles.length) * 1.25)))
      larger.set(this.#longer)
      this.#longer = larger
    }
    this.#longer.set(doubles, used)
    this.#longer[0] = used + doubles.length
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
  stateOf(token: Uint8Array, time: number): ConsentState | undefined {
    return this.#table.get(token, this.#words) ? this.#state(time) : undefined
  }

  /** The same of the token at a place of `tokens`, as words. */
  stateAt(tokens: Int32Array, at: number, time: number): ConsentState | undefined {
    return this.#table.getAt(tokens, at, this.#words) ? this.#state(time) : undefined
  }

  /** Brings to hand where so many tokens stand, before each is asked for. */
  touch(tokens: Int32Array, count: number): void {
    this.#table.touch(tokens, count)
  }

  #state(time: number): ConsentState {
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
