/** Takes the records of an engine for a measure: the texts of the measured fields on both sides, and the subject. */
import type { Observe, RecordObserver, ToldValues } from '../engine/engine.ts'
import { isRead } from '../engine/judge.ts'
import { LeavingText } from '../engine/leaving-text.ts'
import { numberText } from '../engine/number-text.ts'
import { labelOf } from '../engine/outcome.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { EmptiedTally } from './emptied.ts'
import { deadLetterText, suppressedText } from './fate.ts'
import type { MeasuredRecords } from './measured-records.ts'
import { NOTHING } from './value-codes.ts'

/** In the code of what a field has: between its values, and in the place of one that is nothing. No text has them once it is escaped. */
const BETWEEN = '\u0000,'
const NOTHING_THERE = '\u0000-'

/** What is taken of each record. */
export interface Observed {
  /** The columns of the records. */
  readonly fields: readonly PlanField[]
  /** By grouping: the column whose values as they came part the records. */
  readonly groupings: readonly number[]
  /** Counts values that leave nothing, by group; undefined: nothing does. */
  readonly emptied: EmptiedTally | undefined
}

/** What makes an observer of each engine of a run, all for the same records. */
export function observerOf(plan: Plan, observed: Observed, records: MeasuredRecords): Observe {
  const read = plan.subject && plan.readers.get(plan.subject.text)
  const path = plan.subject?.text ?? ''
  return (format, shape, told) =>
    new RecordsObserver(plan, observed, format, { watch: shape.subject, path, read }, records, told)
}

/** The fields whose rules may leave nothing, or a constant, for a value that they cannot take; by place in the tally. */
export const fieldsThatEmpty = (plan: Plan): readonly EmptyingField[] =>
  plan.fields.flatMap((field) => {
    const rules = field.rulesByStep
      .flat()
      .filter(({ action }) => action.kind === 'transform' || action.kind === 'keep')
    const constants = rules.flatMap(({ otherwise }) =>
      otherwise.kind === 'constant' ? [String(otherwise.value)] : [],
    )
    return rules.some(({ otherwise }) => otherwise.kind !== 'dead-letter')
      ? [{ field, constants: new Set(constants) }]
      : []
  })

export interface EmptyingField {
  readonly field: PlanField
  /** What `else:` of its rules may put in the place of a value. */
  readonly constants: ReadonlySet<string>
}

interface SubjectSource {
  readonly watch: number
  readonly path: string
  readonly read: ((text: string) => string | undefined) | undefined
}

class RecordsObserver implements RecordObserver {
  readonly #plan: Plan
  readonly #observed: Observed
  readonly #emptying: readonly EmptyingField[]
  readonly #format: Format
  readonly #subject: SubjectSource
  readonly #records: MeasuredRecords
  readonly #leaving: LeavingText
  readonly #told: ToldValues
  readonly #inputs: Int32Array<ArrayBuffer>
  readonly #outputs: Int32Array<ArrayBuffer>

  constructor(
    plan: Plan,
    observed: Observed,
    format: Format,
    subject: SubjectSource,
    records: MeasuredRecords,
    told: ToldValues = new Map(),
  ) {
    this.#told = told
    this.#plan = plan
    this.#observed = observed
    this.#emptying = observed.emptied === undefined ? [] : fieldsThatEmpty(plan)
    this.#format = format
    this.#subject = subject
    this.#records = records
    this.#leaving = new LeavingText(format)
    this.#inputs = new Int32Array(observed.fields.length)
    this.#outputs = new Int32Array(observed.fields.length)
  }

  take(block: Block, from: number, to: number, passing: Int32Array, count: number): void {
    const published = new Set<number>()
    for (let i = 0; i < count; i++) if (passing[i]! >= 0) published.add(passing[i]!)
    const { fields, groupings } = this.#observed
    const columns = fields.map((field) => this.#textsOf(block, from, to, field, published))
    const records = this.#records
    /** By published record: its groups and whose it is. */
    const whose = new Map<number, { readonly groups: Int32Array; readonly subject: number }>()
    for (let record = from; record < to; record++) {
      const isPublished = published.has(record)
      if (!isPublished && !isRead(block.recordCode[record])) {
        records.unread++
        continue
      }
      columns.forEach(({ inputs, outputs, told }, column) => {
        const codes = records.columns[column]!
        this.#inputs[column] = codes.inputs.of(whole(inputs[record - from] ?? told))
        this.#outputs[column] = codes.outputs.of(
          whole(outputs[record - from] ?? (isPublished ? told : undefined)),
        )
      })
      const groups = Int32Array.from(groupings, (column, i) =>
        records.groupings[i]!.of(shown(columns[column]!.inputs[record - from] ?? columns[column]!.told)),
      )
      const subject = records.subjects.of(this.#subjectOf(block, record))
      const fate = isPublished ? NOTHING : records.fates.of(this.#fateOf(block, record))
      records.add({ inputs: this.#inputs, outputs: this.#outputs, groups, subject, fate })
      if (isPublished) whose.set(record, { groups, subject })
    }
    this.#emptying.forEach(({ field, constants }, at) => {
      const slots = block.fieldSlots[field.index]!
      for (let i = 0; i < block.fieldCount[field.index]!; i++) {
        const slot = slots[i]!
        const of = whose.get(block.slotRecord[slot]!)
        if (of === undefined || block.slotKind[slot] === SlotKind.nothing) continue
        const left = this.#leavesAs(block, slot, field.index)
        const isEmptied = left === undefined || constants.has(left)
        this.#observed.emptied!.add(of.groups, at, of.subject, isEmptied)
      }
    })
  }

  #fateOf(block: Block, record: number): string {
    const code = block.recordCode[record]
    if (code === undefined || block.isDenied(record)) return suppressedText(block.suppressedBy[record]!)
    return deadLetterText(code, labelOf(this.#plan.rules, block.recordRule[record]!))
  }

  /** What records `[from, to)` have of a field, by record. */
  #textsOf(
    block: Block,
    from: number,
    to: number,
    { index, path }: PlanField,
    published: ReadonlySet<number>,
  ) {
    const text = this.#told.get(path.text)
    const told: Texts | undefined = typeof text === 'string' ? [text] : undefined
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
    return { inputs, outputs, told }
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
    const { watch, path, read } = this.#subject
    if (watch < 0) return undefined
    const slot = block.watchedSlot(watch, 0, block.recordScope[record]!)
    if (slot < 0) return this.#told.get(path) ?? undefined
    const text = this.#cameAs(block, slot)
    const whose = text === undefined || read === undefined ? text : read(text)
    return whose && numberText(whose)
  }
}

/** The values of a field in one record, in their order; undefined: nothing is there. */
type Texts = (string | undefined)[]

function put(texts: Texts[], at: number, text: string | undefined): void {
  const there = texts[at]
  if (there === undefined) texts[at] = [text]
  else there.push(text)
}

/** What is shown of the values of a field: one of them as it is. */
const shown = (texts: Texts | undefined): string | undefined =>
  texts?.length === 1 ? texts[0] : texts && whole(texts)

/** One text of them, another for every other list; undefined where nothing is in it. */
function whole(texts: Texts | undefined): string | undefined {
  if (texts === undefined || texts.every((text) => text === undefined)) return undefined
  return texts.map((text) => text?.replaceAll('\u0000', '\u0000\u0000') ?? NOTHING_THERE).join(BETWEEN)
}
