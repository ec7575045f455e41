/**
 * Runs the gates and the rules over a block of scanned records: field by field rather than record by record, so that a
 * transform gets many values at once. How a slot's bytes become text, and how a result is written, is up to the `Format`.
 */
import { IMAGES } from '../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { Shape } from '../record/shape.ts'
import type { Account, RuleCount } from './account.ts'
import { Appliers } from './appliers.ts'
import type { Gate } from './gate.ts'
import { CONTEXTS, type Images } from './images.ts'
import { Judge } from './judge.ts'
import type { LeavingJudge } from './leaving-judge.ts'
import { type ContextPlace, RecordContexts } from './record-contexts.ts'
import { ResultSizes } from './result-sizes.ts'
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
  /** One; of change events one for each image, and behind them that of what stands beside. */
  readonly #appliers: readonly Appliers[]
  readonly #images: Images | undefined
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
  readonly #leaving: readonly LeavingJudge[]

  constructor(
    plan: Plan,
    fields: readonly PlanField[],
    shape: Shape,
    format: Format,
    gates: readonly Gate[],
    account: Account,
    now: number,
    maxResultBytes: number,
    leaving: readonly LeavingJudge[],
    ofRow?: { readonly plan: Plan; readonly images: Images },
  ) {
    this.#leaving = leaving
    this.plan = plan
    this.#images = ofRow?.images
    this.#fields = fields
    this.shape = shape
    this.#watched = new WatchedTexts(shape, format)
    const judges = (phase: Gate['phase']): Judge[] =>
      gates.filter((gate) => gate.phase === phase).flatMap((gate) => this.#judges(gate))
    this.#gatesBefore = judges('before-rules')
    this.#gatesAfter = judges('after-rules')
    this.format = format
    this.#sizes = new ResultSizes(plan, fields, format, maxResultBytes)
    this.suspects = new Suspects(plan, format)
    const row = ofRow?.plan ?? plan
    this.#appliers = (ofRow === undefined ? [0] : CONTEXTS).map((image) => {
      const placeOf = (record: number): ContextPlace => ofRow?.images.placeOf(image, record) ?? shape
      const contexts = new RecordContexts(row, placeOf, this.#watched)
      // Bytes that a transform's twin has written may stand in the arena a second time, as a text that needed escapes.
      return new Appliers(format, contexts, this.suspects, 2 * maxResultBytes, now)
    })
    this.#before = new RuleTallies(plan)
    this.#many = new Set(
      plan.fields.filter(({ from }) => from.segments.some((segment) => segment.kind !== 'name')),
    )
    this.account = account
  }

  /** Of change events, gates of the row judge each image. */
  #judges(gate: Gate): Judge[] {
    const images = this.#images
    if (images === undefined || gate.isOfEvent === true) return [new Judge(gate, this.shape, this.#watched)]
    return IMAGES.map((_, image) => new Judge(gate, this.shape, this.#watched, { images, image }))
  }

  /** The instant that records are judged at, ms since the epoch. */
  get now(): number {
    return this.#appliers[0]!.main.now
  }

  set now(now: number) {
    for (const appliers of this.#appliers) appliers.now = now
  }

  /**
   * Finds the result of every slot of the records `[from, to)`, and marks those that are suppressed or failed. False,
   * and nothing is counted or marked, where their results are too many: then there are more such records than one, or
   * this one's results are too large. Results of other records are gone.
   */
  run(block: Block, from: number, to: number): boolean {
    this.#watched.clear()
    block.arena.length = 0
    for (const appliers of this.#appliers) appliers.clear()
    this.suspects.clear()
    const failed = block.failedCount
    const suppressed = block.suppressedCount
    this.#before.note(this.account)
    this.#judge(this.#gatesBefore, block, from, to)
    let passing = 0
    for (let record = from; record < to; record++) if (block.recordOut[record] === 0) passing++
    const failedBefore = block.failedCount
    for (const field of this.#fields) {
      const left =
        this.#images === undefined
          ? passing - (block.failedCount - failedBefore)
          : this.#images.passing(block, this.#images.of(field.index), from, to)
      this.#field(block, field, from, to, left)
      if (this.#appliers.some(({ isFull }) => isFull)) {
        block.unmark(failed, suppressed)
        this.#before.restore(this.account)
        return false
      }
    }
    this.#judge(this.#gatesAfter, block, from, to)
    this.#sizes.judge(block, from, to)
    this.suspects.look(block, this.account)
    for (const one of this.#leaving) one.judge(block, from, to, this.now)
    return true
  }

  /** Whose a record of the part that was run last is; undefined where nothing says so, or its images say two. */
  subjectOf(block: Block, record: number): string | undefined {
    const images = this.#images
    const subjects = this.#appliers
      .filter((_, image) => images?.isThere(image, record) ?? true)
      .map(({ contexts }) => contexts.of(block, record, this.now).subject)
    return subjects.every((subject) => subject === subjects[0]) ? subjects[0] : undefined
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
        this.#appliersOf(field)
          .of(this.#formatOf(block, field, slot))
          .countOnly(block, rule, slot, this.account.rules[rule.id]!)
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
    const appliers = this.#appliersOf(field)
    if (this.format.ofSlot === undefined) {
      appliers.main.apply(block, rule, slots, count, tally)
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
      appliers.of(format).apply(block, rule, Int32Array.from(some), some.length, tally)
  }

  #formatOf(block: Block, { index }: PlanField, slot: number): Format {
    return this.format.ofSlot?.(block, slot, index) ?? this.format
  }

  #appliersOf({ index }: PlanField): Appliers {
    return this.#appliers[this.#images?.of(index) ?? 0]!
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
