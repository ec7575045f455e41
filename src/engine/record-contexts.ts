/** What transforms may know of the record that a value stands in. */
import type { RecordContext } from '../../transforms/transform.ts'
import type { Plan } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import type { Shape } from '../record/shape.ts'
import type { WatchedTexts } from './watched-texts.ts'

export class RecordContexts {
  readonly #plan: Plan
  readonly #shape: Shape
  readonly #watched: WatchedTexts
  readonly #context: { -readonly [Name in keyof RecordContext]: RecordContext[Name] } = {
    subject: undefined,
    eventTime: undefined,
    now: 0,
  }
  readonly #readSubject: ((text: string) => string | undefined) | undefined
  #record = -1

  constructor(plan: Plan, shape: Shape, watched: WatchedTexts) {
    this.#plan = plan
    this.#shape = shape
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
      const time = this.#watched.text(block, this.#shape.time, scope)
      const instant = time === undefined ? undefined : this.#plan.time!.read(time, now)
      const subject = this.#watched.text(block, this.#shape.subject, scope)
      const read = this.#readSubject
      this.#context.subject = subject === undefined || read === undefined ? subject : read(subject)
      this.#context.eventTime = typeof instant === 'number' ? instant : undefined
      this.#context.now = now
    }
    return this.#context
  }
}
