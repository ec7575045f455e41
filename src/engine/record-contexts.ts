/** What transforms may know of the record that a value stands in. */
import type { RecordContext } from '../../transforms/transform.ts'
import type { Plan } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import type { WatchedTexts } from './watched-texts.ts'

/** The watches of subject and event time; -1 where there is none. */
export interface ContextPlace {
  readonly subject: number
  readonly time: number
}

export class RecordContexts {
  readonly #plan: Plan
  readonly #placeOf: (record: number) => ContextPlace
  readonly #watched: WatchedTexts
  readonly #context: { -readonly [Name in keyof RecordContext]: RecordContext[Name] } = {
    subject: undefined,
    eventTime: undefined,
    now: 0,
  }
  readonly #readSubject: ((text: string) => string | undefined) | undefined
  #record = -1

  /** `plan`: of the row. `placeOf`: where a record's subject and event time are watched. */
  constructor(plan: Plan, placeOf: (record: number) => ContextPlace, watched: WatchedTexts) {
    this.#plan = plan
    this.#placeOf = placeOf
    this.#watched = watched
    this.#readSubject = plan.subject && plan.readers.get(plan.subject.text)
  }

  /** Before another block, or another run over the same one. */
  clear(): void {
    this.#record = -1
  }

  /** The context of a record of `block`, the same object each time; computed once a record. `now`: ms since the epoch. */
  of(block: Block, record: number, now: number): RecordContext {
    if (record !== this.#record) {
      this.#record = record
      const scope = block.recordScope[record]!
      const place = this.#placeOf(record)
      const time = this.#watched.text(block, place.time, scope)
      const instant = time === undefined ? undefined : this.#plan.time!.read(time, now)
      const subject = this.#watched.text(block, place.subject, scope)
      const read = this.#readSubject
      this.#context.subject = subject === undefined || read === undefined ? subject : read(subject)
      this.#context.eventTime = typeof instant === 'number' ? instant : undefined
      this.#context.now = now
    }
    return this.#context
  }
}
