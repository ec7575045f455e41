/** The account of a run: what became of every record, and what every rule did. Counts only, never values. */
import type { FailureCode } from '../../transforms/transform.ts'
import type { DeadLetterCode } from '../errors.ts'
import type { Plan } from '../policy/plan.ts'
import { countName, newNames } from '../record/names.ts'

export interface RuleCount {
  /** Output path and what is done, `customer.email hash.hmac`; with `[2]` where a field has several rules. */
  readonly label: string
  /** Values that the rule changed, kept or dropped. */
  applied: number
  /** Records that passed the gates and held no such value. */
  absent: number
  /** Values that were null or empty and passed as they are. */
  null: number
  /** Values that the rule could not take, whatever its `else:` made of them. */
  failed: number
  /** Of these, how many for which reason. */
  failures: Partial<Record<FailureCode, number>>
  /** Values that the rule could have taken, of records that another rule had failed: they did not leave. */
  met: number
  /** Values that leave as they are, or nearly, and were looked at; only those of records that the rules let pass. */
  looked: number
  /** Of these, how many look like which kind of `transforms/detect/`. */
  suspects: Record<string, number>
}

export interface Account {
  /** Records read, counted where they are read. Must equal published + tombstones + suppressed + dead-lettered. */
  records: number
  published: number
  /** Tombstones that passed under a de-identified key; only messages can be. */
  tombstones: number
  /** By the label of the rule that suppressed. */
  suppressed: Record<string, number>
  deadLettered: Partial<Record<DeadLetterCode, number>>
  /** Blank lines, which are not records. */
  blank: number
  /** One for each rule, in the order of the policy, those of its retention steps too. */
  rules: RuleCount[]
  /** By group and outcome, as `groupCountsOf` reads it; empty where no groups are counted. */
  byGroup: number[]
  /** Members or columns that no rule names, as often as they were met. */
  unlisted: number
  /** How often each of them was met, by path; only where names are asked for, because they are values too. */
  unlistedNames: Record<string, number> | undefined
}

export function emptyAccount(plan: Plan): Account {
  return {
    records: 0,
    published: 0,
    tombstones: 0,
    suppressed: {},
    deadLettered: {},
    blank: 0,
    rules: plan.rules.map(({ label }) => ({
      label,
      applied: 0,
      absent: 0,
      null: 0,
      failed: 0,
      failures: {},
      met: 0,
      looked: 0,
      suspects: {},
    })),
    byGroup: [],
    unlisted: 0,
    unlistedNames: undefined,
  }
}

/** Adds `part` to `whole`, rule by rule. Both belong to the same plan. */
export function addAccount(whole: Account, part: Account): void {
  whole.records += part.records
  whole.published += part.published
  whole.tombstones += part.tombstones
  whole.blank += part.blank
  whole.unlisted += part.unlisted
  if (part.unlistedNames !== undefined) {
    whole.unlistedNames ??= newNames()
    for (const [path, count] of Object.entries(part.unlistedNames))
      countName(whole.unlistedNames, path, count)
  }
  for (const [rule, count] of Object.entries(part.suppressed))
    whole.suppressed[rule] = (whole.suppressed[rule] ?? 0) + count
  for (const [code, count] of Object.entries(part.deadLettered) as [DeadLetterCode, number][])
    whole.deadLettered[code] = (whole.deadLettered[code] ?? 0) + count
  part.byGroup.forEach((count, at) => {
    whole.byGroup[at] = (whole.byGroup[at] ?? 0) + count
  })
  part.rules.forEach((count, id) => {
    const sum = whole.rules[id]!
    sum.applied += count.applied
    sum.absent += count.absent
    sum.null += count.null
    sum.met += count.met
    sum.looked += count.looked
    for (const [kind, found] of Object.entries(count.suspects))
      sum.suspects[kind] = (sum.suspects[kind] ?? 0) + found
    if (count.failed === 0) return
    sum.failed += count.failed
    for (const [code, failed] of Object.entries(count.failures) as [FailureCode, number][])
      sum.failures[code] = (sum.failures[code] ?? 0) + failed
  })
}

export const sum = (counts: Partial<Record<string, number>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0)

/** Whether every record read is published, suppressed or dead-lettered: the promise, to the record. */
export function reconciles(account: Account): boolean {
  const { records, published, tombstones, suppressed, deadLettered } = account
  return records === published + tombstones + sum(suppressed) + sum(deadLettered)
}
