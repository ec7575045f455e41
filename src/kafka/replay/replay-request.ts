/** Which dead letters of a route are to be replayed, and how those of a topic are told apart. */
import { LetheError } from '../../errors.ts'
import { type LetterOwner, readLetterRecord } from '../dead-letter.ts'
import type { InputRecord } from '../record.ts'
import { LetterLog } from './letter-log.ts'
import type { ReplayPlan } from './replay-plan.ts'

export interface ReplayRequest {
  readonly owner: LetterOwner
  readonly deadLetterTopic: string
  /** Whether the route reads this topic. */
  readonly reads: (topic: string) => boolean
  /** Codes to be replayed; undefined: all. */
  readonly codes: ReadonlySet<string> | undefined
  /** Dead letters that were written from here on, ms since the epoch. */
  readonly since: number | undefined
  /** And before here. */
  readonly until: number | undefined
  /** Also those that name no route, as 0.1.0 wrote them. */
  readonly unnamed: boolean
}

/** What stands in a dead-letter topic, counted as it is read. */
export interface LettersRead {
  /** Dead letters of the route. */
  letters: number
  /** Dead letters that name no route, and were not asked for. */
  unnamed: number
  /** Dead letters of other routes, and records that are neither dead letter nor marker. */
  others: number
}

/** Reads the records of a dead-letter topic, in order within each partition, and makes a plan of them. */
export class LetterReading {
  readonly counts: LettersRead = { letters: 0, unnamed: 0, others: 0 }
  readonly #request: ReplayRequest
  readonly #log = new LetterLog()

  constructor(request: ReplayRequest) {
    this.#request = request
  }

  /** @throws LetheError for a marker that cannot be read: what it is of would be replayed again */
  hear(record: InputRecord): void {
    const { owner, reads } = this.#request
    const read = readLetterRecord(record)
    switch (read.kind) {
      case 'marker':
        this.#log.replayed(record.partition, read.letter)
        return
      case 'unreadable-marker':
        throw new LetheError(
          'records-unreadable',
          `topic ${record.topic}, partition ${record.partition}, offset ${record.offset}: a marker of \`lethe replay\` that this version cannot read; nothing was replayed`,
          'use the version that wrote it, or a newer one',
        )
      case 'letter': {
        const { letter } = read
        const isUnnamed = letter.owner === undefined && reads(letter.topic)
        const isOwn =
          letter.owner?.pipeline === owner.pipeline &&
          letter.owner.route === owner.route &&
          reads(letter.topic)
        if (isOwn || (isUnnamed && this.#request.unnamed)) {
          this.counts.letters++
          this.#log.add(record.partition, record.offset, letter, this.#isAsked(letter.code, record.timestamp))
        } else if (isUnnamed) this.counts.unnamed++
        else this.counts.others++
        return
      }
      default:
        this.counts.others++
    }
  }

  #isAsked(code: string, timestamp: number): boolean {
    const { codes, since, until } = this.#request
    if (codes !== undefined && !codes.has(code)) return false
    return (since === undefined || timestamp >= since) && (until === undefined || timestamp < until)
  }

  plan(): ReplayPlan {
    return this.#log.plan()
  }
}

/** What is told of a replay; again where a new client begins anew. */
export type Planned = (plan: ReplayPlan, read: LettersRead) => void
