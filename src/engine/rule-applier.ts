/**
 * Applies one rule to values of a block: copies or drops them, or gives them to the rule's transform, as bytes where it
 * takes bytes, else as texts. Writes each result to the block, or does what `else:` says.
 */
import {
  Failure,
  fail,
  Nothing,
  type Result,
  type RuleResult,
  type RuleTransform,
} from '../../transforms/transform.ts'
import type { PlanRule } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import { isJsonNumber } from '../record/json/json-text.ts'
import type { RuleCount } from './account.ts'
import { ByteRules } from './byte-rules.ts'
import { refuseLineBreaks } from './line-breaks.ts'
import type { RecordContexts } from './record-contexts.ts'
import type { Suspects } from './suspects.ts'

/** The most texts that a transform gets at once; with `STRIP_UNITS` it bounds the memory that texts take. */
const STRIP = 1024
const STRIP_UNITS = 1 << 20

/** The result of a transform that gives none. */
const MISSING = fail('transform-error')
const NOT_OF_TYPE = fail('not-of-type')

export class RuleApplier {
  /** The instant that records are judged at, ms since the epoch. */
  now: number
  /** Whether the arena holds more bytes than it may; values behind that are not transformed. */
  isFull = false
  readonly #format: Format
  readonly #contexts: RecordContexts
  readonly #suspects: Suspects
  readonly #bytes: ByteRules
  readonly #maxArenaBytes: number
  /** Values of one strip, and their results. */
  readonly #texts: string[] = []
  readonly #out: RuleResult[] = []

  constructor(
    format: Format,
    contexts: RecordContexts,
    suspects: Suspects,
    maxArenaBytes: number,
    now: number,
  ) {
    this.#format = format
    this.#contexts = contexts
    this.#suspects = suspects
    this.#maxArenaBytes = maxArenaBytes
    this.#bytes = new ByteRules(format, maxArenaBytes)
    this.now = now
  }

  /** Applies a rule to `slots[0..count)`, whose records are not out; reorders `slots`. Counts in the rule's tally. */
  apply(block: Block, rule: PlanRule, slots: Int32Array, met: number, tally: RuleCount): void {
    const { action } = rule
    // What `else:` writes in place of a kept value is the policy's own, and is not watched.
    const count = action.kind === 'keep' ? this.#ofType(block, rule, action.fits, slots, met, tally) : met
    if (rule.watched) {
      this.#suspects.note(block, rule, slots, count)
      if (this.#format.refusesLineBreaks && !rule.lineBreaks) refuseLineBreaks(block, rule, slots, count)
    }
    if (action.kind !== 'transform') {
      for (let i = 0; i < count; i++) {
        const slot = slots[i]!
        if (block.slotKind[slot] === SlotKind.nothing) tally.null++
        else tally.applied++
        if (action.kind === 'drop') block.setDropped(slot)
        else this.#format.copy(block, slot)
      }
      this.#noteRoom(block)
      return
    }
    const { transform } = action
    let left = this.#nothings(block, slots, count, tally)
    if (this.#format.takesBytes) left = this.#bytes.apply(block, transform, slots, left, tally)
    this.#noteRoom(block)
    for (let at = 0; at < left && !this.isFull; ) {
      const end = this.#stripEnd(block, slots, at, left)
      const strip = end - at === left ? slots : slots.subarray(at, end)
      this.#transform(block, rule, transform, strip, end - at, tally)
      at = end
    }
  }

  /** Counts what a rule would make of a value whose record another rule has failed, so that one run shows all faults. */
  countOnly(block: Block, rule: PlanRule, slot: number, tally: RuleCount): void {
    const { action } = rule
    if (block.slotKind[slot] !== SlotKind.nothing && action.kind === 'transform') {
      this.#texts[0] = this.#format.text(block, slot)
      this.#transformOneByOne(block, action.transform, [slot], 1)
      const written = this.#written(block, slot, this.#out[0]!, action.transform)
      if (typeof written !== 'string') {
        countFailure(tally, written)
        return
      }
    }
    if (action.kind === 'keep' && action.fits !== undefined && this.#misfits(block, slot, action.fits)) {
      countFailure(tally, NOT_OF_TYPE)
      return
    }
    tally.met++
  }

  /** Values that are not of the type fail; gives how many others there are, moved to the front of `slots`. */
  #ofType(
    block: Block,
    rule: PlanRule,
    fits: ((text: string) => boolean) | undefined,
    slots: Int32Array,
    count: number,
    tally: RuleCount,
  ): number {
    if (fits === undefined) return count
    let left = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (this.#misfits(block, slot, fits)) {
        countFailure(tally, NOT_OF_TYPE)
        this.#fail(block, rule, slot, NOT_OF_TYPE)
      } else slots[left++] = slot
    }
    return left
  }

  #misfits(block: Block, slot: number, fits: (text: string) => boolean): boolean {
    return block.slotKind[slot] !== SlotKind.nothing && !fits(this.#format.text(block, slot))
  }

  #noteRoom(block: Block): void {
    if (block.arena.length > this.#maxArenaBytes) this.isFull = true
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
        this.#format.copy(block, slot)
      } else slots[left++] = slot
    }
    return left
  }

  /** The definition: text in, text out. */
  #transform(
    block: Block,
    rule: PlanRule,
    transform: RuleTransform,
    slots: Int32Array,
    count: number,
    tally: RuleCount,
  ): void {
    const texts = this.#texts
    const out = this.#out
    for (let i = 0; i < count; i++) texts[i] = this.#format.text(block, slots[i]!)
    try {
      if (transform.applyAll !== undefined) {
        // What it does not set is no result, least of all that of another record.
        out.fill(MISSING, 0, count)
        transform.applyAll(texts, out as Result[], count)
      } else
        for (let i = 0; i < count; i++)
          out[i] = transform.apply(
            texts[i]!,
            this.#contexts.of(block, block.slotRecord[slots[i]!]!, this.now),
          )
    } catch {
      this.#transformOneByOne(block, transform, slots, count)
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const written = this.#written(block, slot, out[i]!, transform)
      if (typeof written === 'string') {
        block.setText(slot, written)
        if (out[i] instanceof Nothing) tally.null++
        else tally.applied++
        this.#noteRoom(block)
        if (this.isFull) return
      } else {
        countFailure(tally, written)
        this.#fail(block, rule, slot, written)
      }
    }
  }

  /** A transform that throws, which none may: each value that it does so for has failed, and its text is withheld. */
  #transformOneByOne(block: Block, transform: RuleTransform, slots: ArrayLike<number>, count: number): void {
    for (let i = 0; i < count; i++)
      try {
        this.#out[i] = transform.apply(
          this.#texts[i]!,
          this.#contexts.of(block, block.slotRecord[slots[i]!]!, this.now),
        )
      } catch {
        this.#out[i] = MISSING
      }
  }

  /** The result of a value as its format writes it, or why there is none. */
  #written(
    block: Block,
    slot: number,
    result: RuleResult,
    { yields, plain = false }: RuleTransform,
  ): string | Failure {
    if (result instanceof Nothing) return this.#format.writeString(result.text, false)
    if (typeof result !== 'string') return result instanceof Failure ? result : MISSING
    if (yields === 'null') return this.#format.null
    if (yields === 'number' || (yields !== 'string' && block.slotKind[slot] === SlotKind.number))
      return isJsonNumber(result) ? this.#format.writeNumber(result) : fail('not-a-number')
    return this.#format.writeString(result, plain)
  }

  #fail(block: Block, rule: PlanRule, slot: number, failure: Failure): void {
    const { otherwise } = rule
    switch (otherwise.kind) {
      case 'dead-letter':
        block.fail(block.slotRecord[slot]!, failure.code, rule.id)
        block.setDropped(slot)
        return
      case 'null':
        block.setText(slot, this.#format.null)
        return
      case 'drop':
        block.setDropped(slot)
        return
      case 'constant':
        block.setText(
          slot,
          typeof otherwise.value === 'string'
            ? this.#format.writeString(otherwise.value, false)
            : this.#format.writeNumber(String(otherwise.value)),
        )
        this.#noteRoom(block)
    }
  }
}

function countFailure(tally: RuleCount, { code }: Failure): void {
  tally.failed++
  tally.failures[code] = (tally.failures[code] ?? 0) + 1
}
