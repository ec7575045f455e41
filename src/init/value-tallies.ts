/** How often each value of a path is met, and with whom. */

/** A value that fewer stand behind points to them. */
export const FEW = 5

/** More distinct values, or data subjects, than this are not told apart any more. */
export const DISTINCT_CAP = 2_000

/** The fewest subjects of which it can be said that each has its own value. */
const ENOUGH_SUBJECTS = 2
const NEARLY_ALL = 0.9

interface Tally {
  records: number
  /** The first few data subjects; undefined where one record names none. */
  readonly whose: Set<string>
}

const SEVERAL = Symbol('several values')

export class ValueTallies {
  readonly #byValue: Map<string, Tally> = new Map()
  /** The one value of a data subject. */
  readonly #bySubject: Map<string, string | typeof SEVERAL> = new Map()
  #overflow = false
  #anybody = false
  #records = 0

  /** One value of one record; `subject` says whose it is. */
  add(text: string, subject: string | undefined): void {
    this.#records++
    const tally = this.#tallyOf(text)
    if (tally !== undefined) tally.records++
    if (subject === undefined) return
    this.#anybody = true
    if (tally !== undefined && tally.whose.size < FEW) tally.whose.add(subject)
    this.#setValueOf(subject, text)
  }

  #tallyOf(text: string): Tally | undefined {
    let tally = this.#byValue.get(text)
    if (tally === undefined) {
      if (this.#byValue.size >= DISTINCT_CAP) {
        this.#overflow = true
        return undefined
      }
      tally = { records: 0, whose: new Set() }
      this.#byValue.set(text, tally)
    }
    return tally
  }

  #setValueOf(subject: string, text: string | typeof SEVERAL): void {
    const known = this.#bySubject.get(subject)
    if (known === undefined && this.#bySubject.size < DISTINCT_CAP) this.#bySubject.set(subject, text)
    else if (known !== undefined && known !== text) this.#bySubject.set(subject, SEVERAL)
  }

  /** Adds what another path has met: members of one map. */
  merge(other: ValueTallies): void {
    for (const [text, { records, whose }] of other.#byValue) {
      const tally = this.#tallyOf(text)
      if (tally === undefined) continue
      tally.records += records
      for (const subject of whose) if (tally.whose.size < FEW) tally.whose.add(subject)
    }
    for (const [subject, text] of other.#bySubject) this.#setValueOf(subject, text)
    this.#overflow ||= other.#overflow
    this.#anybody ||= other.#anybody
    this.#records += other.#records
  }

  /** The share of values, 0 to 1, that another path has too: of the one that has fewer. */
  overlap(other: ValueTallies): number {
    const [few, many] = this.distinct <= other.distinct ? [this, other] : [other, this]
    if (few.distinct === 0) return 0
    let shared = 0
    for (const text of few.#byValue.keys()) if (many.#byValue.has(text)) shared++
    return shared / few.distinct
  }

  /** At `DISTINCT_CAP` it means: that many or more. */
  get distinct(): number {
    return this.#byValue.size
  }

  get subjects(): number {
    return this.#bySubject.size
  }

  /** With how many data subjects (`FEW` or more count as `FEW`) the rarest value is met; records, where no subject is known. */
  get fewest(): number {
    if (this.#overflow) return 1
    let least = this.#records
    for (const { records, whose } of this.#byValue.values())
      least = Math.min(least, this.#anybody ? whose.size : records)
    return least
  }

  /** Nothing can be said where nearly every data subject has one record only: then all values are of one subject. */
  get isPerSubject(): boolean {
    const subjects = this.#bySubject.size
    if (subjects < ENOUGH_SUBJECTS || this.#byValue.size < 2 || this.#records < 1.5 * subjects) return false
    const steady = [...this.#bySubject.values()].filter((text) => text !== SEVERAL).length
    const lone = [...this.#byValue.values()].filter(({ whose }) => whose.size === 1).length
    return steady >= NEARLY_ALL * subjects && lone >= NEARLY_ALL * this.#byValue.size
  }
}
