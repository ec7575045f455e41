/** The images of the row in change events: which fields stand in which, which image an event has, whose row it is. */
import { IMAGES } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import { BLOCK_RECORDS } from '../record/codec.ts'
import type { Format } from '../record/format.ts'
import type { Shape } from '../record/shape.ts'
import type { ChangeForm } from '../record/wire-form.ts'
import { inImage } from './change-plan.ts'
import type { ContextPlace } from './record-contexts.ts'

const BEFORE = 0
const AFTER = 1
/** In place of an image: beside both. */
const EVENT = 2

const TRUNCATE = 't'

/** The operations of rows: which image each has at least. */
const HAS: Readonly<Record<string, number>> = { c: AFTER, r: AFTER, u: AFTER, d: BEFORE }

export class Images {
  /** Fields of one image. */
  readonly width: number
  /** By image, and behind them of the event: where subject and event time are watched. */
  readonly #places: readonly ContextPlace[]
  /** By image: watches of single values in it. */
  readonly #watches: readonly (readonly number[])[]
  /** By image and record of the block. */
  readonly #there: readonly Uint8Array[] = IMAGES.map(() => new Uint8Array(BLOCK_RECORDS))
  readonly #op: number
  readonly #format: Format
  readonly #before: ChangeForm['before']

  /** `row`: the plan of the row; `shape`: of the events; `before`: what the row before is said to hold. */
  constructor(row: Plan, shape: Shape, format: Format, before: ChangeForm['before']) {
    this.#before = before
    this.width = row.fields.length
    this.#format = format
    this.#op = shape.watchOf.get('op')!
    this.#places = IMAGES.map((image) => {
      const watchOf = (path: Plan['subject']): number =>
        path === undefined ? -1 : shape.watchOf.get(inImage(image, path).text)!
      return { subject: watchOf(row.subject), time: watchOf(row.time?.path) }
    })
    this.#watches = IMAGES.map((image) =>
      [...shape.watches.entries()]
        .filter(([, { path, depth }]) => {
          const [first] = path.segments
          return depth === 0 && first?.kind === 'name' && first.name === image
        })
        .map(([watch]) => watch),
    )
  }

  /** Which image a field of the event's plan stands in, 0 or 1; 2: in none. */
  of(field: number): number {
    return Math.min(Math.floor(field / Math.max(this.width, 1)), EVENT)
  }

  /** The block was scanned: notes which images its records have. */
  note(block: Block): void {
    const { recordCount, slotRecord } = block
    for (const [image, there] of this.#there.entries()) {
      there.fill(0, 0, recordCount)
      const from = image * this.width
      for (let field = from; field < from + this.width; field++) {
        const slots = block.fieldSlots[field]!
        const count = block.fieldCount[field]!
        for (let i = 0; i < count; i++) there[slotRecord[slots[i]!]!] = 1
      }
      for (const watch of this.#watches[image]!) {
        const watched = block.watched[watch]!
        for (let record = 0; record < recordCount; record++)
          if (watched[block.recordScope[record]!]! > 0) there[record] = 1
      }
    }
    for (let record = 0; record < recordCount; record++) {
      const slot = block.watchedSlot(this.#op, 0, block.recordScope[record]!)
      const op = slot < 0 ? '' : this.#format.text(block, slot)
      if (this.#contradicts(op, record) && block.recordOut[record] === 0)
        block.fail(record, 'change-before', -1)
      const image = HAS[op]
      if (image !== undefined) this.#there[image]![record] = 1
    }
  }

  /**
   * Whether the row before is there although it is not said to be logged whole, or is missing although it is. Deletes of which the
   * key alone was logged have a gate; both images of an update have the same columns.
   */
  #contradicts(op: string, record: number): boolean {
    const [before, after] = this.#there.map((there) => there[record] === 1)
    if (this.#before === 'full') return op === 'u' && after === true && before === false
    return before === true && op !== 'd' && (op === TRUNCATE || op in HAS)
  }

  /**
   * Whether a record has an image: its operation says so, or a value of it, null too, was found. An image without any field that
   * the policy reads is none, as nothing of it can leave.
   */
  isThere(image: number, record: number): boolean {
    return this.#there[image]?.[record] === 1
  }

  /** How many of the records `[from, to)` that are not out have the image; all of them, for the event. */
  passing(block: Block, image: number, from: number, to: number): number {
    const there = this.#there[image]
    let count = 0
    for (let record = from; record < to; record++)
      if (block.recordOut[record] === 0 && (there === undefined || there[record] === 1)) count++
    return count
  }

  /** Where subject and event time of an image are watched; beside the images, of the row as it is, or was last. */
  placeOf(image: number, record: number): ContextPlace {
    return this.#places[image === EVENT ? (this.isThere(AFTER, record) ? AFTER : BEFORE) : image]!
  }
}

/** Both images, and what stands beside them. */
export const CONTEXTS: readonly number[] = [BEFORE, AFTER, EVENT]
