/** One file of the demo's data, and the count of what is in it. */
import type { RecordCode } from '../errors.ts'
import type { Breakage } from './broken.ts'
import type { Event } from './event.ts'

/** One file of generated events. Broken and expired ones are disjoint; the rest is whole and recent enough. */
export interface EventFile {
  readonly bytes: Buffer
  readonly records: number
  readonly broken: number
  /** The broken ones by the code of the dead letter that each must become. */
  readonly brokenBy: Readonly<Partial<Record<RecordCode, number>>>
  readonly expired: number
}

const NEWLINE = Buffer.from('\n')

/** Collects the rows of one file and counts what they are. Ways to break a row take turns. */
export class EventWriter {
  #rows: Buffer[] = []
  #records = 0
  #expired = 0
  #brokenBy: Partial<Record<RecordCode, number>> = {}
  #broken = 0
  readonly #write: (event: Event) => string
  readonly #breakages: readonly Breakage[]

  constructor(write: (event: Event) => string, breakages: readonly Breakage[]) {
    this.#write = write
    this.#breakages = breakages
  }

  line(row: string | Buffer): void {
    this.#rows.push(typeof row === 'string' ? Buffer.from(row) : row, NEWLINE)
  }

  add(event: Event, broken: boolean, expired: boolean): void {
    this.#records++
    if (expired) this.#expired++
    if (broken) {
      const { code, write } = this.#breakages[this.#broken++ % this.#breakages.length]!
      this.#brokenBy[code] = (this.#brokenBy[code] ?? 0) + 1
      this.line(write(event))
    } else this.line(this.#write(event))
  }

  file(): EventFile {
    return {
      bytes: Buffer.concat(this.#rows),
      records: this.#records,
      broken: this.#broken,
      brokenBy: this.#brokenBy,
      expired: this.#expired,
    }
  }
}
