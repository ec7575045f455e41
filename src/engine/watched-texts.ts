/** Texts of watched values, for gates, conditions and what a transform may know of its record. */
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { Shape } from '../record/shape.ts'

export class WatchedTexts {
  readonly #shape: Shape
  readonly #format: Format
  /** Of each watch the slot that was asked for last, and its text: many values of a record ask for the same one. */
  readonly #slots: Int32Array
  readonly #texts: string[] = []

  constructor(shape: Shape, format: Format) {
    this.#shape = shape
    this.#format = format
    this.#slots = new Int32Array(shape.watches.length)
  }

  /** Forgets the texts of another block, or part of one. */
  clear(): void {
    this.#slots.fill(-1)
  }

  /** The text as seen from a scope; undefined where the value is absent, null or empty, or there is no such watch. */
  text(block: Block, watch: number, scope: number): string | undefined {
    if (watch < 0) return undefined
    const slot = block.watchedSlot(watch, this.#shape.watches[watch]!.depth, scope)
    if (slot < 0 || block.slotKind[slot] === SlotKind.nothing) return undefined
    if (this.#slots[watch] !== slot) {
      this.#slots[watch] = slot
      this.#texts[watch] = this.#format.text(block, slot)
    }
    return this.#texts[watch]
  }

  /** The texts in all scopes of a record. */
  all(block: Block, watch: number, record: number): string[] {
    const { depth } = this.#shape.watches[watch]!
    const end = record + 1 < block.recordCount ? block.recordScope[record + 1]! : block.scopeCount
    const texts: string[] = []
    for (let scope = block.recordScope[record]!; scope < end; scope++) {
      const slot = block.watched[watch]![scope]! - 1
      if (block.scopeDepth[scope] !== depth || slot < 0 || block.slotKind[slot] === SlotKind.nothing) continue
      texts.push(this.#format.text(block, slot))
    }
    return texts
  }
}
