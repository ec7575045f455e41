/**
 * How many bytes the rules make of each record: of every slot what is written for it, with its quotes, and where the
 * policy gives a value another name, that name. It is what the record is in the output, and the same for kernels and
 * walkers, and however records are put together.
 */
import type { Plan, PlanField } from '../policy/plan.ts'
import { type Block, ResultKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'

/** One field of the plan, or one beside the value. */
interface Sized {
  readonly index: number
  /** Bytes that stand before each of its values. */
  readonly before: number
}

export class ResultSizes {
  readonly #fields: readonly Sized[]
  readonly #format: Format
  readonly #most: number
  /** Whose rule it is, by rule: the place among the fields. */
  readonly #fieldOfRule: Int32Array
  /** The most outputs that are copies of one input. */
  readonly #copies: number
  /** What a slot takes beside its result, at most. */
  readonly #mostBeside: number
  #sums: Float64Array<ArrayBuffer> = new Float64Array(0)

  /** @param most records of more bytes are too large */
  constructor(plan: Plan, fields: readonly PlanField[], format: Format, most: number) {
    this.#most = most
    this.#format = format
    this.#fields = fields.map(({ index, path, from }) => ({
      index,
      before: path.text === from.text ? 0 : Buffer.byteLength(path.text),
    }))
    this.#mostBeside = format.quoteBytes + Math.max(0, ...this.#fields.map(({ before }) => before))
    const sources = new Map<string, number>()
    for (const { from } of fields) sources.set(from.text, (sources.get(from.text) ?? 0) + 1)
    // A pattern may take what others take, too.
    const byPattern = fields.some(({ from }) => from.isPattern) ? 1 : 0
    this.#copies = Math.max(0, ...sources.values()) + byPattern
    this.#fieldOfRule = new Int32Array(plan.rules.length)
    // Of change events two fields share their rules, and the first of them counts.
    for (const [place, field] of [...fields.entries()].reverse())
      for (const rule of field.rulesByStep.flat()) this.#fieldOfRule[rule.id] = place
  }

  /** Marks those of the records `[from, to)` whose results are too large. The rules have run over them. */
  judge(block: Block, from: number, to: number): void {
    const { arena, bytes, slotCount } = block
    if (arena.length + bytes.length * this.#copies + slotCount * this.#mostBeside <= this.#most) return
    const sums = this.#measure(block, from, to)
    for (let record = from; record < to; record++)
      if (sums[record - from]! > this.#most) block.refail(record, 'result-too-large')
  }

  #measure(block: Block, from: number, to: number): Float64Array {
    if (this.#sums.length < to - from) this.#sums = new Float64Array(to - from)
    const sums = this.#sums.fill(0)
    const { resultKind, resultStart, resultEnd, slotRecord, recordRule, recordCode, suppressedBy } = block
    for (const [place, { index, before }] of this.#fields.entries()) {
      const slots = block.fieldSlots[index]!
      const end = block.placeOf(index, to)
      for (let i = block.placeOf(index, from); i < end; i++) {
        const slot = slots[i]!
        const record = slotRecord[slot]!
        if (suppressedBy[record] !== undefined) continue
        // Of a record that failed, there are results up to the field of the rule that failed.
        if (recordCode[record] !== undefined) {
          const rule = recordRule[record]!
          if (rule < 0 || this.#fieldOfRule[rule]! < place) continue
        }
        const kind = resultKind[slot]
        if (kind === ResultKind.dropped) continue
        const format = this.#format.ofSlot?.(block, slot, index) ?? this.#format
        const quotes = kind === ResultKind.arena ? format.quoteBytes : 0
        sums[record - from]! += resultEnd[slot]! - resultStart[slot]! + quotes + before
      }
    }
    return sums
  }
}
