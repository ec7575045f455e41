/** What became of records, by groups of people that the configuration names: counts, and no name out of the data. */
import type { PlanField } from '../policy/plan.ts'
import { type Block, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import { isRead } from './judge.ts'

/** Which values of which field are groups. */
export interface CountedGroups {
  /** Output path of a field of the policy; it is looked at as it came. */
  readonly by: string
  /** Values that are groups; all others are one, and so are records without a value. */
  readonly groups: readonly string[]
}

export const GROUP_OUTCOMES = ['published', 'suppressed', 'dead-letter'] as const
export type GroupOutcome = (typeof GROUP_OUTCOMES)[number]

/** The groups of counts, in order: those that are named, then these. */
const OTHER = 'other'
const NONE = 'none'
export const UNNAMED_GROUPS: readonly string[] = [OTHER, NONE]

/** What each count of an account is of. */
export const groupLabelsOf = ({
  groups,
}: CountedGroups): readonly { readonly group: string; readonly outcome: GroupOutcome }[] =>
  [...groups, ...UNNAMED_GROUPS].flatMap((group) => GROUP_OUTCOMES.map((outcome) => ({ group, outcome })))

/** By group and outcome. Records that were not read to their end are in none. */
export function groupCountsOf(
  { groups }: CountedGroups,
  counts: readonly number[],
): readonly { readonly group: string; readonly counts: Readonly<Record<GroupOutcome, number>> }[] {
  return [...groups, ...UNNAMED_GROUPS].map((group, at) => ({
    group,
    counts: Object.fromEntries(
      GROUP_OUTCOMES.map((outcome, i) => [outcome, counts[at * GROUP_OUTCOMES.length + i] ?? 0]),
    ) as Record<GroupOutcome, number>,
  }))
}

export class GroupOutcomes {
  readonly #field: PlanField
  readonly #format: Format
  readonly #places: ReadonlyMap<string, number>

  /** `fields`: of the plan; `counted.by` is one of them. */
  constructor(counted: CountedGroups, fields: readonly PlanField[], format: Format) {
    this.#field = fields.find(({ path }) => path.text === counted.by)!
    this.#format = format
    this.#places = new Map(counted.groups.map((group, at) => [group, at]))
  }

  /** Adds records `[from, to)`, which were written or withheld, to the counts of an account. */
  take(block: Block, from: number, to: number, counts: number[]): void {
    const { index } = this.#field
    const groups = new Map<number, number>()
    const slots = block.fieldSlots[index]!
    for (let i = 0; i < block.fieldCount[index]!; i++) {
      const slot = slots[i]!
      const record = block.slotRecord[slot]!
      if (record < from || record >= to || block.slotKind[slot] === SlotKind.nothing) continue
      groups.set(record, this.#places.get(this.#format.text(block, slot)) ?? this.#places.size)
    }
    for (let record = from; record < to; record++) {
      if (block.tombstones.has(record) || !isRead(block.recordCode[record])) continue
      const group = groups.get(record) ?? this.#places.size + 1
      const outcome = block.recordOut[record] === 0 ? 0 : block.isDeadLetter(record) ? 2 : 1
      const at = group * GROUP_OUTCOMES.length + outcome
      for (let next = counts.length; next <= at; next++) counts.push(0)
      counts[at]!++
    }
  }
}
