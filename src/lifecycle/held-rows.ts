/** Which rows of a stored file a legal hold keeps: by their time, and by whose they are. */
import type { JudgedRecords } from '../engine/gate.ts'
import type { Path } from '../policy/path.ts'
import type { MadeBy, RowFinder } from './held-subjects.ts'
import type { Hold, TargetName } from './legal-hold.ts'
import { holdsOn, mayDelete } from './may-delete.ts'
import type { TimeInterval } from './stored-time.ts'

export interface HeldRowsSetting {
  readonly target: TargetName
  readonly made: MadeBy
  readonly holds: readonly Hold[]
  /** The instant that holds are judged at, ms since 1970. */
  readonly heldAt: number
  /** Where the paths that are asked for stand among those that a gate reads. */
  readonly readsFrom: number
}

/** A hold by subject of which no row of a file can be told from others. */
export interface HeldWhole {
  readonly hold: string
  readonly why: string
}

export class HeldRows {
  /** What a gate has to read for it. */
  readonly reads: readonly Path[]
  /** Holds by subject that keep all rows of the time that they hold, and why. */
  readonly whole: readonly HeldWhole[]
  /** How many rows each hold kept, by its id: the first that does. */
  readonly counts: Map<string, number> = new Map()
  readonly #setting: HeldRowsSetting
  /** Holds that go by target and time alone. */
  readonly #plain: readonly Hold[]
  readonly #bySubject: readonly Hold[]
  readonly #finders = new Map<Hold, readonly (RowFinder & { readonly read: number })[]>()

  constructor(setting: HeldRowsSetting) {
    this.#setting = setting
    const { target, made, holds, heldAt, readsFrom } = setting
    const on = holdsOn(target, holds, heldAt)
    this.#plain = on.filter(({ subjects }) => subjects === undefined)
    this.#bySubject = on.filter(({ subjects }) => subjects !== undefined)
    const reads: Path[] = []
    const whole: HeldWhole[] = []
    for (const hold of this.#bySubject) {
      const found = hold.findersFor?.(made) ?? 'its subjects were not looked for'
      if (typeof found === 'string') {
        whole.push({ hold: hold.id, why: found })
        continue
      }
      const finders = found.map((finder) => {
        let at = reads.findIndex(({ text }) => text === finder.path.text)
        if (at < 0) at = reads.push(finder.path) - 1
        return { ...finder, read: readsFrom + at }
      })
      this.#finders.set(hold, finders)
    }
    this.reads = reads
    this.whole = whole
  }

  /** By target and time alone: rows of one time share the answer. Undefined: not known, so that every span touches it. */
  holdOfTime(interval: TimeInterval | undefined): string | undefined {
    return this.#plain.length === 0 ? undefined : this.#hold(this.#plain, interval)
  }

  /** By subject. */
  holdOfSubject(
    records: JudgedRecords,
    record: number,
    interval: TimeInterval | undefined,
  ): string | undefined {
    if (this.#bySubject.length === 0) return undefined
    return this.#hold(this.#bySubject, interval, (hold) => this.#isOf(records, record, hold))
  }

  /** Writes down that a hold kept a row. */
  count(hold: string): void {
    this.counts.set(hold, (this.counts.get(hold) ?? 0) + 1)
  }

  #hold(
    holds: readonly Hold[],
    interval: TimeInterval | undefined,
    isOf?: (hold: Hold) => boolean,
  ): string | undefined {
    const { target, heldAt } = this.#setting
    const verdict = mayDelete({ target, from: interval?.start, until: interval?.end, isOf }, holds, heldAt)
    return verdict.allowed ? undefined : verdict.hold.id
  }

  /** Whether a row is of a hold's subjects, or may be: one that names no subject is held as well. */
  #isOf(records: JudgedRecords, record: number, hold: Hold): boolean {
    const finders = this.#finders.get(hold)
    if (finders === undefined) return true
    let isNamed = false
    for (const { find, tells, read } of finders) {
      const texts = records.texts(record, read)
      if (texts.some(find)) return true
      isNamed ||= tells && texts.length > 0
    }
    return !isNamed
  }
}
