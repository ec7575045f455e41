/**
 * What may be visible: the rules of docs/consent.md, lifecycle.md and erasure.md in plain words of TypeScript. It shares no code with
 * what it is compared with, and knows subjects where Lethe knows tokens.
 */
export const DAY = 86_400_000
/** `after: 100d, then: suppress` of the policy, and the margin of `lethe retain`. */
export const PERIOD: number = 100 * DAY
export const MARGIN: number = DAY

export interface Event {
  /** Told apart by this number in every output. */
  readonly v: number
  readonly subject: string
  /** ms since 1970. */
  readonly time: number
}

/** A stored event: its time is the day of it, in UTC. */
export interface Row extends Event {
  /** The id of the key of its token. */
  readonly key: string
}

export interface Statement {
  readonly subject: string
  readonly at: number
  readonly state: 'granted' | 'withdrawn'
  readonly until: number | undefined
}

/** Who and what is held: null for every file, every time or every subject. */
export interface Held {
  /** The name of a file, or null. */
  readonly file: string | null
  readonly from: number | null
  readonly until: number | null
  readonly subject: string | null
  /** Of a subject: the keys that there were. A file under a later one is held as a whole. */
  readonly keys: ReadonlySet<string>
}

const dayOf = (time: number): number => Math.floor(time / DAY) * DAY

/** Consent: valid at the event's time, and not withdrawn now. */
export function agreed(statements: readonly Statement[], subject: string, time: number): boolean {
  const said = statements.filter((one) => one.subject === subject).toSorted((a, b) => a.at - b.at)
  const covering = said.findLast(({ at }) => at <= time)
  return (
    said.at(-1)?.state === 'granted' &&
    covering?.state === 'granted' &&
    (covering.until === undefined || time < covering.until)
  )
}

/** Whether an event leaves, judged at `asOf`. */
export function mayLeave(
  { subject, time }: Event,
  asOf: number,
  listed: ReadonlySet<string>,
  statements: readonly Statement[],
): boolean {
  return !listed.has(subject) && agreed(statements, subject, time) && asOf - time <= PERIOD
}

/** A stored row is too old when the end of its day is, by more than the margin. */
export const isTooOld = ({ time }: Row, asOf: number): boolean => asOf - (dayOf(time) + DAY) > PERIOD + MARGIN

/** A hold keeps a row where any instant of its day is held. */
export const isHeld = ({ time, subject, key }: Row, file: string, holds: Iterable<Held>): boolean =>
  [...holds].some(
    (hold) =>
      (hold.file === null || hold.file === file) &&
      (hold.subject === null || hold.subject === subject || !hold.keys.has(key)) &&
      (hold.from === null || hold.from < dayOf(time) + DAY) &&
      (hold.until === null || hold.until > dayOf(time)),
  )

/** Rows by file, and what is known of subjects. A file that is not there has no rows. */
export class Model {
  readonly files: Map<string, readonly Row[]> = new Map()
  readonly holds: Map<string, Held> = new Map()
  readonly listed: Set<string> = new Set()
  readonly statements: Statement[] = []
  readonly backups: Map<string, readonly Row[]> = new Map()
  primary = 'k1'

  batch(file: string, events: readonly Event[], asOf: number): void {
    const left = events.filter((event) => mayLeave(event, asOf, this.listed, this.statements))
    this.files.set(
      file,
      left.map((event) => ({ ...event, key: this.primary })),
    )
  }

  /** What is left of a file where such rows go, and whether any go. A file of which nothing is left goes whole. */
  without(
    file: string,
    goes: (row: Row) => boolean,
  ): { readonly rows: readonly Row[] | undefined; gone: number } {
    const before = this.files.get(file) ?? []
    const rows = before.filter((row) => !goes(row) || isHeld(row, file, this.holds.values()))
    const gone = before.length - rows.length
    return { rows: rows.length === 0 && gone > 0 ? undefined : rows, gone }
  }

  put(file: string, rows: readonly Row[] | undefined): void {
    if (rows === undefined) this.files.delete(file)
    else this.files.set(file, rows)
  }

  /** Rows of these subjects that are there: all of them are held, where an erasure was applied. */
  remaining(file: string, subjects: ReadonlySet<string>): number {
    return (this.files.get(file) ?? []).filter(({ subject }) => subjects.has(subject)).length
  }
}
