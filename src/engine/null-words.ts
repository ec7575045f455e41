/** Words of the policy that stand for nothing, as null does: what holds one leaves as it was written, and no rule sees it. */
import type { Plan } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'

/** The most bytes that an escape takes for one character: `\\u0041`. */
const ESCAPE_BYTES = 6

export class NullWords {
  readonly #words: ReadonlySet<string>
  readonly #bytes: readonly Uint8Array[]
  readonly #longest: number
  readonly #format: Format
  /** Fields that rule names of maps, which are names whatever they are. */
  readonly #namesFields: readonly number[]

  /** `names`: whether names of maps may be such words too. */
  constructor(words: readonly string[], plan: Plan, format: Format, names: boolean) {
    this.#words = new Set(words)
    this.#bytes = words.map((word) => Buffer.from(word))
    this.#longest = Math.max(...this.#bytes.map(({ length }) => length))
    this.#format = format
    this.#namesFields = names
      ? []
      : plan.fields.flatMap(({ from, index }) => (from.segments.at(-1)?.kind === 'names' ? [index] : []))
  }

  /** Makes the slots of the block that hold such a word slots of nothing. */
  mark(block: Block): void {
    const { slotKind, slotStart, slotEnd } = block
    const names = this.#namesOf(block)
    // What stands around a text belongs to what is copied.
    const around = this.#format.quoteBytes >> 1
    for (let slot = 0; slot < block.slotCount; slot++) {
      const kind = slotKind[slot]!
      if (kind === SlotKind.nothing || kind === SlotKind.subtree || names?.has(slot)) continue
      const length = slotEnd[slot]! - slotStart[slot]!
      if (length > this.#longest * (kind === SlotKind.escaped ? ESCAPE_BYTES : 1)) continue
      const isWord =
        kind === SlotKind.escaped
          ? this.#words.has(this.#format.text(block, slot))
          : this.#matches(block.bytes, slotStart[slot]!, length)
      if (!isWord) continue
      if (kind === SlotKind.text || kind === SlotKind.escaped) {
        const quotes = slotStart[slot]! < block.innerFrom ? around : 1
        slotStart[slot]! -= quotes
        slotEnd[slot]! += quotes
      }
      slotKind[slot] = SlotKind.nothing
    }
  }

  #matches(bytes: Uint8Array, start: number, length: number): boolean {
    for (const word of this.#bytes) {
      if (word.length !== length) continue
      let at = 0
      while (at < length && bytes[start + at] === word[at]) at++
      if (at === length) return true
    }
    return false
  }

  #namesOf(block: Block): ReadonlySet<number> | undefined {
    if (this.#namesFields.length === 0) return undefined
    const slots = new Set<number>()
    for (const field of this.#namesFields)
      for (let i = 0; i < block.fieldCount[field]!; i++) slots.add(block.fieldSlots[field]![i]!)
    return slots
  }
}
