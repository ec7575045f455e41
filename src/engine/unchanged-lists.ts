/**
 * Lists of whole numbers that stand for a value that is unchanged and was not logged: Debezium writes the bytes of the
 * placeholder, a number each. They pass as they are.
 */
import type { Plan } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'

export class UnchangedLists {
  readonly #numbers: readonly Uint8Array[]
  /** Fields of elements of arrays. */
  readonly #fields: readonly number[]

  constructor(placeholder: string, plan: Plan) {
    // As Java has bytes: those above 127 are negative.
    this.#numbers = [...new Int8Array(Buffer.from(placeholder))].map((byte) => Buffer.from(String(byte)))
    this.#fields = plan.fields.flatMap(({ from, index }) =>
      from.segments.at(-1)?.kind === 'element' ? [index] : [],
    )
  }

  /** Makes the slots of such lists slots of nothing. */
  mark(block: Block): void {
    const { slotRecord, slotScope, slotKind, scopeParent } = block
    const most = this.#numbers.length
    for (const field of this.#fields) {
      const slots = block.fieldSlots[field]!
      const count = block.fieldCount[field]!
      for (let first = 0, end = 0; first < count; first = end) {
        const record = slotRecord[slots[first]!]!
        const list = scopeParent[slotScope[slots[first]!]!]!
        const isSame = (slot: number): boolean =>
          slotRecord[slot] === record && scopeParent[slotScope[slot]!] === list
        for (end = first + 1; end < count && isSame(slots[end]!); ) end++
        if (end - first !== most || !this.#isPlaceholder(block, slots, first)) continue
        for (let at = first; at < end; at++) slotKind[slots[at]!] = SlotKind.nothing
      }
    }
  }

  #isPlaceholder(block: Block, slots: Int32Array, first: number): boolean {
    const { bytes, slotStart, slotEnd, slotKind } = block
    return this.#numbers.every((number, at) => {
      const slot = slots[first + at]!
      const start = slotStart[slot]!
      if (slotKind[slot] !== SlotKind.number || slotEnd[slot]! - start !== number.length) return false
      for (let i = 0; i < number.length; i++) if (bytes[start + i] !== number[i]) return false
      return true
    })
  }
}
