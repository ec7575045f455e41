/** Kept CSV cells that hold line breaks: a stray quote may have joined several records to one. */
import type { PlanRule } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'

const LF = 0x0a
const CR = 0x0d

/** Only a cell in quotes can hold a line break. */
export function refuseLineBreaks(block: Block, rule: PlanRule, slots: Int32Array, count: number): void {
  const { bytes, slotKind, slotStart, slotEnd, slotRecord } = block
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!
    if (slotKind[slot] !== SlotKind.escaped) continue
    for (let p = slotStart[slot]!; p < slotEnd[slot]!; p++)
      if (bytes[p] === LF || bytes[p] === CR) {
        block.fail(slotRecord[slot]!, 'kept-line-break', rule.id)
        break
      }
  }
}
