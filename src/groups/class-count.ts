/**
 * Counts classes: records that are equal in some fields, with the data subjects behind them and the sensitive values that these
 * have. It keeps keyed hashes in place of texts: 128 bits of a class, so that no two are taken for one, and 64 of a subject and
 * of a value. What is kept of a class is no more than it takes to say that it is large enough.
 */
import { KeyTable } from './key-table.ts'

/** What a class has to be; of the crowd of a policy. */
export interface CrowdTerms {
  readonly k: number
  readonly l: number | undefined
  readonly t: number | undefined
}

/** A record, as hashes. */
export interface CountedRecord {
  /** Four words of its class. */
  readonly class: Int32Array
  /** Two words of its subject. */
  readonly subject: Int32Array
  /** By sensitive field: two words of its value. */
  readonly values: readonly Int32Array[]
}

/** What one thread, or one shard, counted. Keys are words, one behind the other. */
export interface ClassPart {
  readonly classes: Int32Array<ArrayBuffer>
  /** By class: its records, and how many subjects it has, up to k. */
  readonly records: Float64Array<ArrayBuffer>
  readonly sizes: Float64Array<ArrayBuffer>
  /** Number of the class and two words of a subject, of classes of fewer than k. */
  readonly subjects: Int32Array<ArrayBuffer>
  /** Number of the class, of the sensitive field, and two words of a value. */
  readonly values: Int32Array<ArrayBuffer>
  /** By value: of how many subjects, where `t` is asked for and records count as subjects. */
  readonly counts: Float64Array<ArrayBuffer>
  /** Number of the value and two words of a subject, where `t` is asked for. */
  readonly owners: Int32Array<ArrayBuffer>
}

/** More classes, subjects and values are not held: some 32 bytes each, 1 GiB in all. */
export const MOST_COUNTED: number = 1 << 25

/** There is more to count than is held. */
export class TooManyCounted extends Error {}

export class ClassCount {
  readonly terms: CrowdTerms
  /** Whether each record counts as a subject. */
  readonly #ofRecords: boolean
  readonly #most: number
  readonly classes: KeyTable = new KeyTable(4)
  #records: number[] = []
  #sizes: number[] = []
  readonly #subjects: KeyTable = new KeyTable(3)
  readonly #values: KeyTable = new KeyTable(4)
  /** By class and sensitive field: distinct values, up to l. */
  readonly #distinct: KeyTable = new KeyTable(2)
  #distinctCounts: number[] = []
  /** By value: of how many subjects. */
  #counts: number[] = []
  readonly #owners: KeyTable = new KeyTable(3)
  readonly #key = new Int32Array(4)

  constructor(terms: CrowdTerms, ofRecords: boolean, most: number = MOST_COUNTED) {
    this.terms = terms
    this.#ofRecords = ofRecords
    this.#most = most
  }

  /** Records counted. */
  get records(): number {
    return this.#records.reduce((sum, records) => sum + records, 0)
  }

  /** @throws TooManyCounted */
  add({ class: words, subject, values }: CountedRecord): void {
    const at = this.#classOf(words, 0)
    this.#records[at]!++
    if (this.#ofRecords) this.#sizes[at] = Math.min(this.terms.k, this.#sizes[at]! + 1)
    else this.#join(at, subject[0]!, subject[1]!)
    const isOpen = this.terms.t === undefined
    if (isOpen && this.terms.l === undefined) return
    for (let field = 0; field < values.length; field++) {
      const value = this.#valueOf(at, field, values[field]![0]!, values[field]![1]!)
      if (value < 0 || isOpen) continue
      if (this.#ofRecords) this.#counts[value]!++
      else this.#own(value, subject[0]!, subject[1]!)
    }
  }

  #classOf(words: Int32Array, from: number): number {
    const at = this.classes.put(words, from)
    if (at === this.#records.length) {
      this.#records.push(0)
      this.#sizes.push(0)
      this.#bound()
    }
    return at
  }

  #join(at: number, high: number, low: number): void {
    if (this.#sizes[at]! >= this.terms.k) return
    if (this.#isNew(this.#subjects, at, high, low)) this.#sizes[at]!++
  }

  /** The number of a value of a class; below 0 where the class has enough of them and none is needed. */
  #valueOf(at: number, field: number, high: number, low: number): number {
    const key = this.#key
    key[0] = at
    key[1] = field
    const place = this.#distinct.put(key)
    if (place === this.#distinctCounts.length) this.#distinctCounts.push(0)
    if (this.terms.t === undefined && this.#distinctCounts[place]! >= this.terms.l!) return -1
    key[2] = high
    key[3] = low
    const value = this.#values.put(key)
    if (value === this.#counts.length) {
      this.#counts.push(0)
      this.#distinctCounts[place]!++
      this.#bound()
    }
    return value
  }

  #own(value: number, high: number, low: number): void {
    if (this.#isNew(this.#owners, value, high, low)) this.#counts[value]!++
  }

  #isNew(table: KeyTable, first: number, high: number, low: number): boolean {
    const key = this.#key
    key[0] = first
    key[1] = high
    key[2] = low
    const before = table.count
    if (table.put(key) !== before) return false
    this.#bound()
    return true
  }

  #bound(): void {
    const held = this.classes.count + this.#subjects.count + this.#values.count + this.#owners.count
    if (held > this.#most) throw new TooManyCounted()
  }

  /** What was counted; the memory of its arrays is its own. */
  part(): ClassPart {
    const { k } = this.terms
    const subjects = this.#subjects.words.slice(0, this.#subjects.count * 3)
    // Of a class that is large enough no subject is needed any more.
    let kept = 0
    for (let i = 0; i < subjects.length; i += 3)
      if (this.#sizes[subjects[i]!]! < k) {
        subjects.copyWithin(kept, i, i + 3)
        kept += 3
      }
    return {
      classes: this.classes.words.slice(0, this.classes.count * 4),
      records: Float64Array.from(this.#records),
      sizes: Float64Array.from(this.#sizes),
      subjects: subjects.slice(0, kept),
      values: this.#values.words.slice(0, this.#values.count * 4),
      counts: Float64Array.from(this.#ofRecords && this.terms.t !== undefined ? this.#counts : []),
      owners: this.#owners.words.slice(0, this.#owners.count * 3),
    }
  }

  /** Adds what another one counted under the same keys and terms. @throws TooManyCounted */
  merge({ classes, records, sizes, subjects, values, counts, owners }: ClassPart): void {
    const { k } = this.terms
    const numbers = new Int32Array(records.length)
    for (let i = 0; i < records.length; i++) {
      const at = this.#classOf(classes, i * 4)
      numbers[i] = at
      this.#records[at]! += records[i]!
      if (this.#ofRecords) this.#sizes[at] = Math.min(k, this.#sizes[at]! + sizes[i]!)
      else if (sizes[i]! >= k) this.#sizes[at] = k
    }
    for (let i = 0; i < subjects.length; i += 3)
      this.#join(numbers[subjects[i]!]!, subjects[i + 1]!, subjects[i + 2]!)
    const valueNumbers = new Int32Array(values.length / 4)
    for (let i = 0; i < valueNumbers.length; i++) {
      const at = i * 4
      const value = this.#valueOf(numbers[values[at]!]!, values[at + 1]!, values[at + 2]!, values[at + 3]!)
      valueNumbers[i] = value
      if (counts.length > 0 && value >= 0) this.#counts[value]! += counts[i]!
    }
    for (let i = 0; i < owners.length; i += 3)
      this.#own(valueNumbers[owners[i]!]!, owners[i + 1]!, owners[i + 2]!)
  }

  /** By class, 1 where it is as the terms ask, 0 where its records must not leave. */
  open(fields: number): Uint8Array<ArrayBuffer> {
    const { k, l, t } = this.terms
    const open = Uint8Array.from(this.#sizes, (size) => (size >= k ? 1 : 0))
    if (l !== undefined)
      for (let at = 0; at < open.length; at++)
        for (let field = 0; field < fields; field++) if (this.#distinctOf(at, field) < l) open[at] = 0
    if (t !== undefined) this.#closeFar(open, fields, t)
    return open
  }

  #distinctOf(at: number, field: number): number {
    const key = this.#key
    key[0] = at
    key[1] = field
    return this.#distinctCounts[this.#distinct.find(key)] ?? 0
  }

  /** Closes what is further than `t` from all that is open, until nothing is: each that closes changes what all is. */
  #closeFar(open: Uint8Array, fields: number, t: number): void {
    const { words } = this.#values
    const byClass = Array.from(open, (): number[] => [])
    for (let value = 0; value < this.#values.count; value++) byClass[words[value * 4]!]!.push(value)
    // The same value in several classes.
    const names = new KeyTable(3)
    const nameOf = new Int32Array(this.#values.count)
    for (let value = 0; value < nameOf.length; value++) nameOf[value] = names.put(words, value * 4 + 1)
    for (let isChanged = true; isChanged; ) {
      isChanged = false
      const totals = new Float64Array(names.count)
      const all = new Float64Array(fields)
      for (let value = 0; value < nameOf.length; value++) {
        if (open[words[value * 4]!] === 0) continue
        totals[nameOf[value]!]! += this.#counts[value]!
        all[words[value * 4 + 1]!]! += this.#counts[value]!
      }
      const far: number[] = []
      for (let at = 0; at < open.length; at++)
        if (
          open[at] === 1 &&
          this.#distances(byClass[at]!, nameOf, totals, all).some((one) => one > t + SLACK)
        )
          far.push(at)
      for (const at of far) open[at] = 0
      isChanged = far.length > 0
    }
  }

  /** By sensitive field: half of the sum of absolute differences of shares in a class and in all. */
  #distances(own: readonly number[], nameOf: Int32Array, totals: Float64Array, all: Float64Array): number[] {
    const { words } = this.#values
    const size = new Float64Array(all.length)
    for (const value of own) size[words[value * 4 + 1]!]! += this.#counts[value]!
    const differences = new Float64Array(all.length)
    const covered = new Float64Array(all.length)
    for (const value of own) {
      const field = words[value * 4 + 1]!
      const share = totals[nameOf[value]!]! / all[field]!
      differences[field]! += Math.abs(this.#counts[value]! / size[field]! - share)
      covered[field]! += share
    }
    return Array.from(differences, (sum, field) => (sum + Math.max(0, 1 - covered[field]!)) / 2)
  }

  /** Records of class `at`. */
  recordsOf(at: number): number {
    return this.#records[at]!
  }
}

/** For sums of shares that are no binary fractions. */
const SLACK = 1e-9
