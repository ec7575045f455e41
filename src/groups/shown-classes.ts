/**
 * Which classes enough data subjects have shown, in bounded memory: of each the most recent distinct subjects, and values, with when they
 * were shown last. That is all it takes: a class is open while the k-th most recent subject is recent enough. It holds keyed hashes and no
 * record. It begins with none, and what it forgets is closed.
 */
import type { CountedRecord } from './class-count.ts'
import { KeyTable } from './key-table.ts'

export interface ShownTerms {
  readonly k: number
  readonly l: number | undefined
  /** How many sensitive fields there are. */
  readonly fields: number
}

/** What is held takes no more than this. */
export const MOST_BYTES: number = 1 << 28

/** Words and times of a class beside its lists. */
const CLASS_BYTES = 64
const ITEM_BYTES = 16

export class ShownClasses {
  readonly #terms: ShownTerms
  /** Places of a class for subjects, and for values of each field. */
  readonly #places: number
  /** So many classes are in one generation. */
  readonly #most: number
  /** Classes that were shown since `#old` was full; the others that are known are in that. */
  #young: Generation
  #old: Generation

  constructor(terms: ShownTerms, mostBytes: number = MOST_BYTES) {
    this.#terms = terms
    this.#places = terms.k + terms.fields * (terms.l ?? 0)
    const classBytes = CLASS_BYTES + this.#places * ITEM_BYTES
    // Arrays double as they grow, and there are two generations.
    this.#most = Math.max(1, Math.floor(mostBytes / 4 / classBytes))
    this.#young = new Generation(this.#places)
    this.#old = new Generation(this.#places)
  }

  /** How many classes are known at most. */
  get most(): number {
    return this.#most * 2
  }

  /**
   * A record shows its class, its subject and its values.
   * @param now when, in ms; `isRecent`: whether what was shown at an instant counts
   * @returns whether its class is open, this record counted
   */
  show(record: CountedRecord, now: number, isRecent: (shown: number) => boolean): boolean {
    const { k, l, fields } = this.#terms
    const class_ = this.#classOf(record.class)
    const generation = this.#young
    let isOpen = isRecent(generation.note(class_, 0, k, record.subject, now))
    if (l !== undefined)
      for (let field = 0; field < fields; field++) {
        const oldest = generation.note(class_, k + field * l, l, record.values[field]!, now)
        isOpen = isRecent(oldest) && isOpen
      }
    return isOpen
  }

  /** The number of a class among the young ones. */
  #classOf(key: Int32Array): number {
    const known = this.#young.keys.find(key)
    if (known >= 0) return known
    if (this.#young.keys.count >= this.#most) {
      // Those that were not shown since are forgotten: closed.
      this.#old = this.#young
      this.#young = new Generation(this.#places)
    }
    const at = this.#young.add(key)
    const before = this.#old.keys.find(key)
    if (before >= 0) this.#young.copy(at, this.#old, before)
    return at
  }
}

class Generation {
  readonly keys: KeyTable = new KeyTable(4)
  readonly #places: number
  /** By class and place: two words of a subject or value, and when it was shown last; 0 where none is. */
  #items: Int32Array<ArrayBuffer> = new Int32Array(0)
  #times: Float64Array<ArrayBuffer> = new Float64Array(0)

  constructor(places: number) {
    this.#places = places
  }

  add(key: Int32Array): number {
    const at = this.keys.put(key)
    const needed = this.keys.count * this.#places
    if (needed > this.#times.length) {
      const times = new Float64Array(Math.max(needed, this.#times.length * 2))
      times.set(this.#times)
      this.#times = times
      const items = new Int32Array(times.length * 2)
      items.set(this.#items)
      this.#items = items
    }
    return at
  }

  copy(to: number, from: Generation, at: number): void {
    const [first, start] = [to * this.#places, at * this.#places]
    this.#times.set(from.#times.subarray(start, start + this.#places), first)
    this.#items.set(from.#items.subarray(start * 2, (start + this.#places) * 2), first * 2)
  }

  /**
   * Notes what a class shows in places `[start, start + count)` of its own, in place of what was shown longest ago.
   * @returns when that of all these was shown which is oldest now; 0 where a place is free
   */
  note(class_: number, start: number, count: number, item: Int32Array, now: number): number {
    const times = this.#times
    const items = this.#items
    const first = class_ * this.#places + start
    const end = first + count
    let oldest = first
    let place = -1
    for (let at = first; at < end; at++) {
      // A clock was set back: when that was shown is not known, so it is forgotten.
      if (times[at]! > now) times[at] = 0
      if (times[at] !== 0 && items[at * 2] === item[0] && items[at * 2 + 1] === item[1]) place = at
      if (times[at]! < times[oldest]!) oldest = at
    }
    if (place < 0) {
      place = oldest
      items[place * 2] = item[0]!
      items[place * 2 + 1] = item[1]!
    }
    times[place] = now
    let least = times[first]!
    for (let at = first + 1; at < end; at++) if (times[at]! < least) least = times[at]!
    return least
  }
}
