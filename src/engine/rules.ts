/**
 * Runs the gates and the rules over a block of scanned records: field by field rather than record by record, so that a
 * transform gets many values at once. How a slot's bytes become text, and how a result is written, is up to the `Format`.
 */
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { Shape } from '../record/shape.ts'
import type { Account, RuleCount } from './account.ts'
import type { Gate } from './gate.ts'
import { Judge } from './judge.ts'
import { RecordContexts } from './record-contexts.ts'
import { ResultSizes } from './result-sizes.ts'
import { RuleApplier } from './rule-applier.ts'
import { Suspects } from './suspects.ts'
import { RuleTallies } from './tallies.ts'
import { WatchedTexts } from './watched-texts.ts'

export class Rules {
  readonly plan: Plan
  readonly shape: Shape
  readonly format: Format
  account: Account
  /** Those of the value, and behind them what stands beside it, if that is rewritten too. */
  readonly #fields: readonly PlanField[]
  readonly #contexts: RecordContexts
  readonly #applier: RuleApplier
  /** By format, where values of a record are written in several. */
  readonly #appliers: Map<Format, RuleApplier>
  readonly #newApplier: (format: Format) => RuleApplier
  readonly #watched: WatchedTexts
  readonly #gatesBefore: readonly Judge[]
  readonly #gatesAfter: readonly Judge[]
  /** The slots that one rule takes in one block. */
  #slots: Int32Array<ArrayBuffer> = new Int32Array(1024)
  /** Fields that a record may hold more than one value of. */
  readonly #many: ReadonlySet<PlanField>
  /** Values of one field whose records another rule has failed. */
  readonly #ofFailed: number[] = []
  readonly #sizes: ResultSizes
  /** Which values to look at follows from where they stand; set when a chunk is opened. */
  readonly suspects: Suspects
  readonly #before: RuleTallies

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
    this.#sizes = new ResultSizes(plan, fields, format, maxResultBytes)
    this.suspects = new Suspects(plan, format)
    this.#contexts = new RecordContexts(plan, shape, this.#watched)
    // Bytes that a transform's twin has written may stand in the arena a second time, as a text that needed escapes.
    this.#newApplier = (one) => new RuleApplier(one, this.#contexts, this.suspects, 2 * maxResultBytes, now)
    this.#applier = this.#newApplier(format)
    this.#appliers = new Map([[format, this.#applier]])
    this.#before = new RuleTallies(plan)
    this.#many = new Set(
      plan.fields.filter(({ from }) => from.segments.some((segment) => segment.kind !== 'name')),
    )
    this.account = account
  }

  /** The instant that records are judged at, ms since the epoch. */
  get now(): number {
    return this.#applier.now
  }

  set now(now: number) {
    for (const applier of this.#appliers.values()) applier.now = now
  }

  /**
   * Finds the result of every slot of the records `[from, to)`, and marks those that are suppressed or failed. False,
   * and nothing is counted or marked, where their results are too many: then there are more such records than one, or
   * this one's results are too large. Results of other records are gone.
   */
  run(block: Block, from: number, to: number): boolean {
    this.#contexts.clear()
    this.#watched.clear()
    block.arena.length = 0
    for (const applier of this.#appliers.values()) applier.isFull = false
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
      if (this.#isFull()) {
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

  /** Whose a record of the part that was run last is; undefined where nothing says so. */
  subjectOf(block: Block, record: number): string | undefined {
    return this.#contexts.of(block, record, this.now).subject
  }

  /** Lets the gates of a phase judge the records `[from, to)`. */
  #judge(gates: readonly Judge[], block: Block, from: number, to: number): void {
    for (const gate of gates) gate.judge(block, from, to, this.now)
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
      const tally = this.account.rules[first.id]!
      tally.absent += passing - count
      this.#apply(block, field, first, this.#slots, count, tally)
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
            this.#formatOf(block, field, slot).copy(block, slot)
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
    if (byRule === undefined) this.#apply(block, field, first, slots, taken, this.account.rules[first.id]!)
    else
      for (const [rule, chosen] of byRule) {
        const tally = this.account.rules[rule.id]!
        this.#apply(block, field, rule, Int32Array.from(chosen), chosen.length, tally)
      }
    for (const slot of this.#ofFailed.splice(0)) {
      const rule = simple ? first : this.#choose(block, field, slot, block.slotRecord[slot]!)
      if (rule !== undefined)
        this.#applierOf(this.#formatOf(block, field, slot)).countOnly(
          block,
          rule,
          slot,
          this.account.rules[rule.id]!,
        )
    }
  }

  /** Applies a rule to `slots[0..count)` of a field, each in the format that it is written in. */
  #apply(
    block: Block,
    field: PlanField,
    rule: PlanRule,
    slots: Int32Array,
    count: number,
    tally: RuleCount,
  ): void {
    if (this.format.ofSlot === undefined) {
      this.#applier.apply(block, rule, slots, count, tally)
      return
    }
    const byFormat = new Map<Format, number[]>()
    for (let i = 0; i < count; i++) {
      const format = this.#formatOf(block, field, slots[i]!)
      const some = byFormat.get(format)
      if (some === undefined) byFormat.set(format, [slots[i]!])
      else some.push(slots[i]!)
    }
    for (const [format, some] of byFormat)
      this.#applierOf(format).apply(block, rule, Int32Array.from(some), some.length, tally)
  }

  #formatOf(block: Block, { index }: PlanField, slot: number): Format {
    return this.format.ofSlot?.(block, slot, index) ?? this.format
  }

  #applierOf(format: Format): RuleApplier {
    let applier = this.#appliers.get(format)
    if (applier === undefined) {
      applier = this.#newApplier(format)
      applier.now = this.now
      this.#appliers.set(format, applier)
    }
    return applier
  }

  #isFull(): boolean {
    if (this.#appliers.size === 1) return this.#applier.isFull
    return [...this.#appliers.values()].some(({ isFull }) => isFull)
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
}
