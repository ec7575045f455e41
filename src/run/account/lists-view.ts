/** The lists of subjects that a run went by, as accounts show them: digests and counts. */
import type { Account } from '../../engine/account.ts'
import type { GateData } from '../../gates/gate-data.ts'
import type { Plan } from '../../policy/plan.ts'

export interface ListView {
  /** Its name in the policy. */
  readonly list: string
  /** SHA-256 of its file; of a file and what was cancelled of it, of both digests. */
  readonly sha256: string
  /** Subjects on it. */
  readonly entries: number
  /** Records that were suppressed by it. */
  readonly suppressed: number
}

export interface ListsView {
  /** In the order of the policy; absent where it names none. */
  readonly lists?: readonly ListView[]
}

export function viewLists(
  plan: Plan,
  { lists }: Pick<GateData, 'lists'>,
  { suppressed }: Account,
): ListsView {
  if (plan.suppression.length === 0) return {}
  const labels = new Map(plan.suppression.map(({ list, label }) => [list, label]))
  return {
    lists: [...labels].flatMap(([name, label]) => {
      const list = lists.get(name)
      return list === undefined
        ? []
        : [{ list: name, sha256: list.sha256, entries: list.count, suppressed: suppressed[label] ?? 0 }]
    }),
  }
}

/** From so many entries, and so many records, a list that matches none is likely in another form. */
const MANY = 1000

export const listWarnings = ({ lists = [] }: ListsView, { records }: Account): string[] =>
  lists
    .filter(({ entries, suppressed }) => entries >= MANY && suppressed === 0 && records >= MANY)
    .map(
      ({ list, entries }) =>
        `the list ${list} matched no record, and it has ${entries} entries: do its entries stand for what \`by:\` names, in the normal form that the policy states?`,
    )
