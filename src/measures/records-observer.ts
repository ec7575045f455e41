/** Takes the records of an engine for a measure: the texts of the measured fields on both sides, and the subject. */
import type { Observe, RecordObserver } from '../engine/engine.ts'
import { isRead } from '../engine/judge.ts'
import { LeavingText } from '../engine/leaving-text.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { MeasuredRecords } from './measured-records.ts'

/** In the code of what a field has: between its values, and in the place of one that is nothing. No text has them once it is escaped. */
const BETWEEN = '\u0000,'
const NOTHING_THERE = '\u0000-'

/** What makes an observer of each engine of a run, all for the same records; `fields`: their columns. */
export function observerOf(plan: Plan, fields: readonly PlanField[], records: MeasuredRecords): Observe {
  const read = plan.subject && plan.readers.get(plan.subject.text)
  return (format, shape) => new RecordsObserver(fields, format, { watch: shape.subject, read }, records)
}

interface SubjectSource {
  readonly watch: number
  readonly read: ((text: string) => string | undefined) | undefined
}

class RecordsObserver implements RecordObserver {
  readonly #fields: readonly PlanField[]
  readonly #format: Format
  readonly #subject: SubjectSource
  readonly #records: MeasuredRecords
  readonly #leaving: LeavingText
  readonly #inputs: Int32Array<ArrayBuffer>
  readonly #outputs: Int32Array<ArrayBuffer>

  constructor(
    fields: readonly PlanField[],
    format: Format,
    subject: SubjectSource,
    records: MeasuredRecords,
  ) {
    this.#fields = fields
    this.#format = format
    this.#subject = subject
    this.#records = records
    this.#leaving = new LeavingText(format)
    this.#inputs = new Int32Array(fields.length)
    this.#outputs = new Int32Array(fields.length)
  }

  take(block: Block, from: number, to: number, passing: Int32Array, count: number): void {
    const published = new Set<number>()
    for (let i = 0; i < count; i++) if (passing[i]! >= 0) published.add(passing[i]!)
    const columns = this.#fields.map((field) => this.#textsOf(block, from, to, field, published))
    for (let record = from; record < to; record++) {
      const isPublished = published.has(record)
      if (!isPublished && !isRead(block.recordCode[record])) {
        this.#records.unread++
        continue
      }
      columns.forEach(({ inputs, outputs }, column) => {
        const codes = this.#records.columns[column]!
        this.#inputs[column] = codes.inputs.of(whole(inputs[record - from]))
        this.#outputs[column] = codes.outputs.of(whole(outputs[record - from]))
      })
      this.#records.add({
        inputs: this.#inputs,
        outputs: this.#outputs,
        subject: this.#records.subjects.of(this.#subjectOf(block, record)),
        isPublished,
      })
    }
  }

  /** What records `[from, to)` have of a field, by record. */
  #textsOf(block: Block, from: number, to: number, { index }: PlanField, published: ReadonlySet<number>) {
    const inputs: Texts[] = []
    const outputs: Texts[] = []
    const slots = block.fieldSlots[index]!
    for (let i = 0; i < block.fieldCount[index]!; i++) {
      const slot = slots[i]!
      const record = block.slotRecord[slot]!
      if (record < from || record >= to) continue
      const at = record - from
      put(inputs, at, this.#cameAs(block, slot))
      if (published.has(record)) put(outputs, at, this.#leavesAs(block, slot, index))
    }
    return { inputs, outputs }
  }

  #cameAs(block: Block, slot: number): string | undefined {
    if (block.slotKind[slot] === SlotKind.nothing) return undefined
    return this.#format.text(block, slot)
  }

  #leavesAs(block: Block, slot: number, field: number): string | undefined {
    const leaving = this.#leaving
    if (!leaving.find(block, slot, field)) return undefined
    const { bytes, start, end } = leaving
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
  }

  #subjectOf(block: Block, record: number): string | undefined {
    const { watch, read } = this.#subject
    if (watch < 0) return undefined
    const slot = block.watchedSlot(watch, 0, block.recordScope[record]!)
    if (slot < 0) return undefined
    const text = this.#cameAs(block, slot)
    return text === undefined || read === undefined ? text : read(text)
  }
}

/** The values of a field in one record, in their order; undefined: nothing is there. */
type Texts = (string | undefined)[]

function put(texts: Texts[], at: number, text: string | undefined): void {
  const there = texts[at]
  if (there === undefined) texts[at] = [text]
  else there.push(text)
}

/** One text of them, another for every other list; undefined where nothing is in it. */
function whole(texts: Texts | undefined): string | undefined {
  if (texts === undefined || texts.every((text) => text === undefined)) return undefined
  return texts.map((text) => text?.replaceAll('\u0000', '\u0000\u0000') ?? NOTHING_THERE).join(BETWEEN)
}
