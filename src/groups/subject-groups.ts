/**
 * Which combinations of quasi-identifiers how many data subjects share: a sample in bounded memory, however many records
 * there are. Kept are the combinations with the smallest hashes under a random key (E. Cohen and H. Kaplan, "Summarizing
 * data using bottom-k sketches", 2007), each with the hashes of its first distinct subjects, and the subjects with the
 * smallest hashes, to estimate how many there are. What is kept does not depend on the order of the records, nor on who
 * saw which of them: samples under one key add up to the sample of all.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { type Figures, figuresOf, LARGEST } from './figures.ts'
import { HASHES, type HashKey } from './keyed-hash.ts'
import { Smallest } from './smallest.ts'

/** Of a run: for combinations, and for subjects. It stays in memory, and goes to threads and processes of that run. */
export interface GroupsKey {
  readonly combinations: HashKey
  readonly subjects: HashKey
}

export const newGroupsKey = (): GroupsKey => ({
  combinations: new Uint8Array(randomBytes(32)),
  subjects: new Uint8Array(randomBytes(32)),
})

/** The most combinations, and the most subjects, that are kept. */
export const KEPT = 4096

/** The most subjects that are remembered of one combination. */
const MANY = LARGEST
const REMEMBERED = MANY - 1

/** What one thread or process saw, as it may be posted to another one. */
export interface GroupsPart {
  /** Records counted. */
  readonly records: number
  /** Of these, records that name no subject, though the policy does. */
  readonly withoutSubject: number
  /** Hashes of the combinations, how many distinct subjects each has (`MANY`: or more), and the hashes of these. */
  readonly combinations: Float64Array<ArrayBuffer>
  readonly sizes: Uint8Array<ArrayBuffer>
  readonly members: Float64Array<ArrayBuffer>
  readonly subjects: Float64Array<ArrayBuffer>
}

/** Hashes from here on are none of the smallest: a counter of a part need not keep them. */
export interface Limits {
  readonly combinations: number
  readonly subjects: number
}

export class SubjectGroups {
  readonly #combinations: Smallest
  readonly #subjects: Smallest
  /** By position of a combination. */
  readonly #sizes: Uint8Array<ArrayBuffer>
  readonly #members: Float64Array<ArrayBuffer>
  #records = 0
  #withoutSubject = 0
  /** Where records are subjects: the next one's number, from a random start, so that no two counters give the same. */
  #next = randomInt(2 ** 47) * 2 ** 5
  readonly #kept: number

  constructor(kept: number = KEPT) {
    this.#kept = kept
    this.#subjects = new Smallest(kept)
    this.#combinations = new Smallest(kept, (positions) => this.#move(positions))
    this.#sizes = new Uint8Array(kept * 2)
    this.#members = new Float64Array(kept * 2 * REMEMBERED)
  }

  get limits(): Limits {
    return { combinations: this.#combinations.limit, subjects: this.#subjects.limit }
  }

  set limits({ combinations, subjects }: Limits) {
    this.#combinations.limit = Math.min(this.#combinations.limit, combinations)
    this.#subjects.limit = Math.min(this.#subjects.limit, subjects)
  }

  /** Counts records, whatever their combinations are. */
  addRecords(records: number): void {
    this.#records += records
  }

  /** Counts a record that names no subject. */
  addWithoutSubject(): void {
    this.#withoutSubject++
  }

  /** A subject was seen. */
  addSubject(subject: number): void {
    this.#subjects.put(subject)
  }

  /** A subject was seen under a combination. */
  add(combination: number, subject: number): void {
    const position = this.#combinations.put(combination)
    if (position >= 0) this.#join(position, subject)
  }

  /** A record was seen under a combination, and counts as a subject. */
  addRecordAsSubject(combination: number): void {
    const position = this.#combinations.put(combination)
    if (position < 0 || this.#sizes[position] === MANY) return
    this.#join(position, this.#next)
    this.#next = (this.#next + 1) % HASHES
  }

  #join(position: number, subject: number): void {
    const size = this.#sizes[position]!
    if (size === MANY) return
    const first = position * REMEMBERED
    const members = this.#members
    for (let at = first; at < first + size; at++) if (members[at] === subject) return
    if (size < REMEMBERED) members[first + size] = subject
    this.#sizes[position] = size + 1
  }

  /** The position `kept[i]` of a combination became `i`. */
  #move(kept: Int32Array): void {
    const sizes = this.#sizes
    const members = this.#members
    for (let to = 0; to < kept.length; to++) {
      const from = kept[to]!
      const size = sizes[from]!
      sizes[to] = size
      for (let i = 0; i < size && i < REMEMBERED; i++)
        members[to * REMEMBERED + i] = members[from * REMEMBERED + i]!
    }
    sizes.fill(0, kept.length)
  }

  /** What was counted; the memory of its arrays is its own. */
  part(): GroupsPart {
    return this.#partOf(this.#combinations.smallest(), this.#subjects.smallest())
  }

  #partOf(positions: Int32Array, subjects: Int32Array): GroupsPart {
    const count = positions.length
    const combinations = new Float64Array(count)
    const sizes = new Uint8Array(count)
    let all = 0
    for (let index = 0; index < count; index++) {
      const position = positions[index]!
      const size = this.#sizes[position]!
      combinations[index] = this.#combinations.values[position]!
      sizes[index] = size
      if (size !== MANY) all += size
    }
    const members = new Float64Array(all)
    let at = 0
    for (let index = 0; index < count; index++) {
      const first = positions[index]! * REMEMBERED
      const size = sizes[index]!
      if (size !== MANY) for (let i = 0; i < size; i++) members[at++] = this.#members[first + i]!
    }
    return {
      records: this.#records,
      withoutSubject: this.#withoutSubject,
      combinations,
      sizes,
      members,
      subjects: Float64Array.from(subjects, (position) => this.#subjects.values[position]!),
    }
  }

  /** What was counted since the last call; counting starts again at zero. */
  take(): GroupsPart {
    // The caller looks for the smallest.
    const part = this.#partOf(this.#combinations.all(), this.#subjects.all())
    this.#combinations.clear()
    this.#subjects.clear()
    this.#sizes.fill(0)
    this.#records = 0
    this.#withoutSubject = 0
    return part
  }

  /** Adds what another one counted under the same key. */
  merge(part: GroupsPart): void {
    this.#records += part.records
    this.#withoutSubject += part.withoutSubject
    for (const subject of part.subjects) this.#subjects.put(subject)
    let at = 0
    for (let index = 0; index < part.combinations.length; index++) {
      const size = part.sizes[index]!
      const position = this.#combinations.put(part.combinations[index]!)
      const next = size === MANY ? at : at + size
      if (position >= 0) {
        if (size === MANY) this.#sizes[position] = MANY
        else for (; at < next; at++) this.#join(position, part.members[at]!)
      }
      at = next
    }
  }

  /** What the sample says; `recordsAreSubjects`: no other subjects are counted. */
  figures(recordsAreSubjects: boolean): Figures {
    const { combinations, sizes, subjects, records, withoutSubject } = this.part()
    return figuresOf({
      kept: this.#kept,
      combinations,
      sizes,
      subjects: recordsAreSubjects ? records : subjects,
      records,
      withoutSubject,
    })
  }
}
