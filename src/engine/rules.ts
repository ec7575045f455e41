/**
 * Gates and transforms over a block of scanned records: field by field rather than record by record, so that
 * a transform's fast kernel gets many values at once. What a format must know (how a slot's bytes become text,
 * how a result is written) it says through `Format`.
 */
import {
  type CompiledTransform,
  Failure,
  fail,
  type RecordContext,
  type Result,
} from '../../transforms/transform.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import { isJsonNumber } from '../record/json/json-text.ts'
import type { Shape } from '../record/shape.ts'
import type { Account, RuleCount } from './account.ts'
import { ByteRules } from './byte-rules.ts'
import type { Gate } from './gate.ts'
import { Judge } from './judge.ts'
import { refuseLineBreaks } from './line-breaks.ts'
import { ResultSizes } from './result-sizes.ts'
import { Suspects } from './suspects.ts'
import { RuleTallies } from './tallies.ts'
import { WatchedTexts } from './watched-texts.ts'

/** Texts that are taken at once, at most; with `STRIP_UNITS` it bounds how much is held as texts. */
const STRIP = 1024
const STRIP_UNITS = 1 << 20

interface Mutable {
  subject: string | undefined
  eventTime: number | undefined
  now: number
}

/** In place of what a transform does not give. */
const MISSING = fail('transform-error')

export class Rules {
  readonly plan: Plan
  readonly shape: Shape
  readonly format: Format
  account: Account
  /** The instant that records are judged at, ms since the epoch. */
  now: number
  /** Those of the value, and behind them what stands beside it, if that is rewritten too. */
  readonly #fields: readonly PlanField[]
  readonly #context: Mutable = { subject: undefined, eventTime: undefined, now: 0 }
  #contextRecord = -1
  readonly #watched: WatchedTexts
  readonly #gatesBefore: readonly Judge[]
  readonly #gatesAfter: readonly Judge[]
  /** Values of one rule in one block, and the slots that they came from. */
  readonly #texts: string[] = []
  #slots: Int32Array<ArrayBuffer> = new Int32Array(1024)
  /** Fields that a record may hold more than one value of. */
  readonly #many: ReadonlySet<PlanField>
  readonly #bytes: ByteRules
  readonly #out: Result[] = []
  /** Values of one field whose records another rule has failed. */
  readonly #ofFailed: number[] = []
  readonly #sizes: ResultSizes
  /** Which values to look at follows from where they stand; set when a chunk is opened. */
  readonly suspects: Suspects
  readonly #before: RuleTallies
  /** The arena may hold so many bytes: of a record that needs more, the results are too large. */
  readonly #mostArenaBytes: number
  /** Whether the arena holds more. */
  #isFull = false

  constructor(
    plan: Plan,
    fields: readonly PlanField[],
    shape: Shape,
    format: Format,
    gates: readonly Gate[],
    account: Account,
    now: number,
    maxResultBytes: number,
  ) {
    this.plan = plan
    this.#fields = fields
    this.shape = shape
    this.#watched = new WatchedTexts(shape, format)
    const judges = (phase: Gate['phase']): Judge[] =>
      gates.filter((gate) => gate.phase === phase).map((gate) => new Judge(gate, shape, this.#watched))
    this.#gatesBefore = judges('before-rules')
    this.#gatesAfter = judges('after-rules')
    this.format = format
    // Bytes that a value's kernel has written may stand there a second time, as a text that needed escapes.
    this.#mostArenaBytes = 2 * maxResultBytes
    this.#bytes = new ByteRules(format, this.#mostArenaBytes)
    this.#sizes = new ResultSizes(plan, fields, format, maxResultBytes)
    this.suspects = new Suspects(plan, format)
    this.#before = new RuleTallies(plan)
    this.#many = new Set(
      plan.fields.filter(({ from }) => from.segments.some((segment) => segment.kind !== 'name')),
    )
    this.account = account
    this.now = now
  }

  /**
   * Finds the result of every slot of the records `[from, to)`, and marks those that are suppressed or failed. False,
   * and nothing is counted or marked, where their results are too many: then there are more such records than one, or
   * this one's results are too large. Results of other records are gone.
   */
  run(block: Block, from: number, to: number): boolean {
    this.#contextRecord = -1
    this.#watched.clear()
    block.arena.length = 0
    this.#isFull = false
    this.suspects.clear()
    const failed = block.failedCount
    const suppressed = block.suppressedCount
    this.#before.note(this.account)
    this.#judge(this.#gatesBefore, block, from, to)
    let passing = 0
    for (let record = from; record < to; record++) if (block.recordOut[record] === 0) passing++
    const failedBefore = block.failedCount
    for (const field of this.#fields) {
      this.#field(block, field, from, to, passing - (block.failedCount - failedBefore))
      if (this.#isFull) {
        block.unmark(failed, suppressed)
        this.#before.restore(this.account)
        return false
      }
    }
    this.#judge(this.#gatesAfter, block, from, to)
    this.#sizes.judge(block, from, to)
    this.suspects.look(block, this.account)
    return true
  }

  /** Lets the gates of a phase judge the records `[from, to)`. */
  #judge(gates: readonly Judge[], block: Block, from: number, to: number): void {
    for (const gate of gates) gate.judge(block, from, to, this.now)
  }

  /** What a transform may know of the record; computed once a record, and only for those that ask. */
  #recordContext(block: Block, record: number): RecordContext {
    if (record !== this.#contextRecord) {
      this.#contextRecord = record
      const scope = block.recordScope[record]!
      this.#context.subject = this.#watched.text(block, this.shape.subject, scope)
      const time = this.#watched.text(block, this.shape.time, scope)
      const instant = time === undefined ? undefined : this.plan.time!.read(time, this.now)
      this.#context.eventTime = typeof instant === 'number' ? instant : undefined
      this.#context.now = this.now
    }
    return this.#context
  }

  #field(block: Block, field: PlanField, from: number, to: number, passing: number): void {
    const list = block.fieldSlots[field.index]!
    const place = block.placeOf(field.index, from)
    const end = block.placeOf(field.index, to)
    const count = end - place
    const { rulesByStep } = field
    const first = rulesByStep[0]![0]!
    const simple = rulesByStep.length === 1 && rulesByStep[0]!.length === 1 && first.when.length === 0
    if (count > this.#slots.length) this.#slots = new Int32Array(count * 2)
    // Where no record is out, and each has one such value at most, there is nothing to look at.
    const takesAll = simple && block.failedCount === 0 && block.suppressedCount === 0
    if (takesAll && !this.#many.has(field)) {
      this.#slots.set(list.subarray(place, end))
      this.account.rules[first.id]!.absent += passing - count
      this.#apply(block, first, this.#slots, count)
      return
    }
    const byRule = simple ? undefined : new Map<PlanRule, number[]>()
    const slots = this.#slots
    let taken = 0
    let present = 0
    let lastRecord = -1
    for (let i = place; i < end; i++) {
      const slot = list[i]!
      const record = block.slotRecord[slot]!
      if (block.recordOut[record] !== 0) {
        block.setDropped(slot)
        if (block.recordRule[record]! >= 0) this.#ofFailed.push(slot)
        continue
      }
      if (record !== lastRecord) {
        present++
        lastRecord = record
      }
      if (byRule === undefined) slots[taken++] = slot
      else {
        const rule = this.#choose(block, field, slot, record)
        if (rule === undefined) {
          // Null and empty say only that nothing is there: they pass, whatever the conditions are.
          if (block.slotKind[slot] === SlotKind.nothing) {
            this.account.rules[first.id]!.null++
            this.format.copy(block, slot)
          } else {
            block.fail(record, 'no-rule-matches', first.id)
            block.setDropped(slot)
          }
        } else {
          const chosen = byRule.get(rule)
          if (chosen === undefined) byRule.set(rule, [slot])
          else chosen.push(slot)
        }
      }
    }
    this.account.rules[first.id]!.absent += passing - present
    if (byRule === undefined) this.#apply(block, first, slots, taken)
    else for (const [rule, chosen] of byRule) this.#apply(block, rule, Int32Array.from(chosen), chosen.length)
    for (const slot of this.#ofFailed.splice(0))
      this.#meet(block, slot, simple ? first : this.#choose(block, field, slot, block.slotRecord[slot]!))
  }

  /** Counts what a rule would make of a value whose record another rule has failed: so one run shows all faults. */
  #meet(block: Block, slot: number, rule: PlanRule | undefined): void {
    if (rule === undefined) return
    const tally = this.account.rules[rule.id]!
    const { action } = rule
    if (block.slotKind[slot] !== SlotKind.nothing && action.kind === 'transform') {
      this.#texts[0] = this.format.text(block, slot)
      this.#transformOneByOne(block, action.transform, [slot], 1)
      const written = this.#written(block, slot, this.#out[0]!, action.transform)
      if (typeof written !== 'string') {
        countFailure(tally, written)
        return
      }
    }
    tally.met++
  }

  #choose(block: Block, field: PlanField, slot: number, record: number): PlanRule | undefined {
    const rules = field.rulesByStep[block.recordStep[record]!] ?? field.rulesByStep[0]!
    for (const rule of rules) {
      const holds = rule.when.every((condition) => {
        const watch = this.shape.watchOf.get(condition.path.text)!
        const text = this.#watched.text(block, watch, block.slotScope[slot]!)
        return text === undefined ? condition.orNothing : condition.values.has(text)
      })
      if (holds) return rule
    }
    return undefined
  }

  #apply(block: Block, rule: PlanRule, slots: Int32Array, count: number): void {
    const tally = this.account.rules[rule.id]!
    const { action } = rule
    if (rule.watched) {
      this.suspects.note(block, rule, slots, count)
      if (this.format.refusesLineBreaks && !rule.lineBreaks) refuseLineBreaks(block, rule, slots, count)
    }
    if (action.kind !== 'transform') {
      for (let i = 0; i < count; i++) {
        const slot = slots[i]!
        if (block.slotKind[slot] === SlotKind.nothing) tally.null++
        else tally.applied++
        if (action.kind === 'drop') block.setDropped(slot)
        else this.format.copy(block, slot)
      }
      this.#noteRoom(block)
      return
    }
    const { transform } = action
    let left = this.#nothings(block, slots, count, tally)
    if (this.format.takesBytes) left = this.#bytes.apply(block, transform, slots, left, tally)
    this.#noteRoom(block)
    for (let at = 0; at < left && !this.#isFull; ) {
      const end = this.#stripEnd(block, slots, at, left)
      const strip = end - at === left ? slots : slots.subarray(at, end)
      this.#transform(block, rule, transform, strip, end - at, tally)
      at = end
    }
  }

  #noteRoom(block: Block): void {
    if (block.arena.length > this.#mostArenaBytes) this.#isFull = true
  }

  /** Where the slots that are taken at once end. */
  #stripEnd(block: Block, slots: Int32Array, from: number, to: number): number {
    const most = Math.min(to, from + STRIP)
    let units = 0
    for (let at = from; at < most; at++) {
      const slot = slots[at]!
      units += block.slotEnd[slot]! - block.slotStart[slot]!
      if (units > STRIP_UNITS) return at + 1
    }
    return most
  }

  /** Null and empty values pass; gives how many others there are, moved to the front of `slots`. */
  #nothings(block: Block, slots: Int32Array, count: number, tally: RuleCount): number {
    const { slotKind } = block
    let left = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (slotKind[slot] === SlotKind.nothing) {
        tally.null++
        this.format.copy(block, slot)
      } else slots[left++] = slot
    }
    return left
  }

  /** The definition: text in, text out. */
  #transform(
    block: Block,
    rule: PlanRule,
    transform: CompiledTransform,
    slots: Int32Array,
    count: number,
    tally: RuleCount,
  ): void {
    const texts = this.#texts
    const out = this.#out
    for (let i = 0; i < count; i++) texts[i] = this.format.text(block, slots[i]!)
    try {
      if (transform.applyAll !== undefined) {
        // What it does not set is no result, least of all that of another record.
        out.fill(MISSING, 0, count)
        transform.applyAll(texts, out, count)
      } else
        for (let i = 0; i < count; i++)
          out[i] = transform.apply(texts[i]!, this.#recordContext(block, block.slotRecord[slots[i]!]!))
    } catch {
      this.#transformOneByOne(block, transform, slots, count)
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const written = this.#written(block, slot, out[i]!, transform)
      if (typeof written === 'string') {
        block.setText(slot, written)
        tally.applied++
        this.#noteRoom(block)
        if (this.#isFull) return
      } else {
        countFailure(tally, written)
        this.#fail(block, rule, slot, written)
      }
    }
  }

  /** A transform that throws, which none may: each value that it does so for has failed, and its text is withheld. */
  #transformOneByOne(
    block: Block,
    transform: CompiledTransform,
    slots: ArrayLike<number>,
    count: number,
  ): void {
    for (let i = 0; i < count; i++)
      try {
        this.#out[i] = transform.apply(
          this.#texts[i]!,
          this.#recordContext(block, block.slotRecord[slots[i]!]!),
        )
      } catch {
        this.#out[i] = MISSING
      }
  }

  /** The result of a value as its format writes it, or why there is none. */
  #written(
    block: Block,
    slot: number,
    result: Result,
    { yields, plain = false }: CompiledTransform,
  ): string | Failure {
    if (typeof result !== 'string') return result instanceof Failure ? result : MISSING
    if (yields === 'null') return this.format.null
    if (yields === 'number' || (yields !== 'string' && block.slotKind[slot] === SlotKind.number))
      return isJsonNumber(result) ? this.format.writeNumber(result) : fail('not-a-number')
    return this.format.writeString(result, plain)
  }

  #fail(block: Block, rule: PlanRule, slot: number, failure: Failure): void {
    const { otherwise } = rule
    switch (otherwise.kind) {
      case 'dead-letter':
        block.fail(block.slotRecord[slot]!, failure.code, rule.id)
        block.setDropped(slot)
        return
      case 'null':
        block.setText(slot, this.format.null)
        return
      case 'drop':
        block.setDropped(slot)
        return
      case 'constant':
        block.setText(
          slot,
          typeof otherwise.value === 'string'
            ? this.format.writeString(otherwise.value, false)
            : this.format.writeNumber(String(otherwise.value)),
        )
        this.#noteRoom(block)
    }
  }
}

function countFailure(tally: RuleCount, { code }: Failure): void {
  tally.failed++
  tally.failures[code] = (tally.failures[code] ?? 0) + 1
}
