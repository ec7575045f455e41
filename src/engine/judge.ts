/** Runs one gate over a block: gives it the values of records, and marks its verdicts in the block. */
import type { DeadLetterCode, RecordCode } from '../errors.ts'
import { IMAGES } from '../policy/path.ts'
import type { Block } from '../record/block.ts'
import type { Shape } from '../record/shape.ts'
import { inImage } from './change-plan.ts'
import type { Gate, JudgedRecords } from './gate.ts'
import type { Images } from './images.ts'
import type { WatchedTexts } from './watched-texts.ts'

/** Of a record with one of these, a part at least was not read. */
const UNREAD: ReadonlySet<DeadLetterCode> = new Set<RecordCode>([
  'record-too-large',
  'value-empty',
  'bad-utf8',
  'bad-encoding',
  'json-syntax',
  'json-truncated',
  'json-trailing',
  'json-duplicate-name',
  'json-nul-in-name',
  'json-lone-surrogate',
  'json-too-deep',
  'not-an-object',
  'array-length',
  'csv-ragged',
  'csv-syntax',
  'csv-quote-unclosed',
])

/** Whether a record with this code, if any, was read to its end. */
export const isRead = (code: DeadLetterCode | undefined): boolean => code === undefined || !UNREAD.has(code)

/** An image of the row. */
export interface JudgedImage {
  readonly images: Images
  readonly image: number
}

export class Judge implements JudgedRecords {
  from = 0
  to = 0
  readonly #gate: Gate
  readonly #watched: WatchedTexts
  /** By place in `reads`: the watch. */
  readonly #watches: readonly number[]
  readonly #image: JudgedImage | undefined
  #block!: Block

  /** `image`: of change events, the image of the row that the gate judges. */
  constructor(gate: Gate, shape: Shape, watched: WatchedTexts, image?: JudgedImage) {
    this.#gate = gate
    this.#watched = watched
    this.#image = image
    this.#watches = gate.reads.map((path) => {
      const at = image === undefined ? path : inImage(IMAGES[image.image]!, path)
      return shape.watchOf.get(at.text)!
    })
  }

  /** Has the records `[from, to)` judged. */
  judge(block: Block, from: number, to: number, now: number): void {
    this.#block = block
    this.from = from
    this.to = to
    this.#gate.judge(this, now)
  }

  /** Without this image there is nothing to judge. */
  #isAbsent(record: number): boolean {
    return this.#image?.images.isThere(this.#image.image, record) === false
  }

  isOut(record: number): boolean {
    return this.#block.recordOut[record] !== 0 || this.#isAbsent(record)
  }

  isSuppressed(record: number): boolean {
    return this.#block.suppressedBy[record] !== undefined || this.#isAbsent(record)
  }

  isRead(record: number): boolean {
    return isRead(this.#block.recordCode[record])
  }

  text(record: number, read: number): string | undefined {
    return this.#watched.text(this.#block, this.#watches[read]!, this.#block.recordScope[record]!)
  }

  texts(record: number, read: number): readonly string[] {
    return this.#watched.all(this.#block, this.#watches[read]!, record)
  }

  setStep(record: number, steps: number): void {
    const { recordStep } = this.#block
    // Of two images, the one that has reached more steps counts.
    recordStep[record] = this.#image === undefined ? steps : Math.max(steps, recordStep[record]!)
  }

  suppress(record: number, reason: string): void {
    if (!this.isOut(record)) this.#block.suppress(record, reason)
  }

  deny(record: number, reason: string): void {
    if (!this.isSuppressed(record)) this.#block.deny(record, reason)
  }

  fail(record: number, code: DeadLetterCode): void {
    if (!this.isOut(record)) this.#block.fail(record, code, -1)
  }
}
