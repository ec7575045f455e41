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
  readonly tables?: readonly TableView[]
}

export interface TableView {
  /** Its name in the policy. */
  readonly table: string
  readonly purpose: string
  /** SHA-256 of its file. */
  readonly sha256: string
  /** Subjects with a history for the purpose. */
  readonly subjects: number
}

/** What of a run accounts show. */
export type ShownData = Pick<GateData, 'lists' | 'tables'>

export function viewLists(plan: Plan, data: ShownData, account: Account): ListsView {
  const tables = new Set(plan.consentTables.map(({ table }) => table))
  return {
    ...viewSuppression(plan, data, account),
    ...(tables.size === 0
      ? {}
      : {
          tables: [...tables].flatMap((name) => {
            const found = data.tables.get(name)
            if (found === undefined) return []
            const { table, purpose, sha256, count } = found
            return [{ table, purpose, sha256, subjects: count }]
          }),
        }),
  }
}

function viewSuppression(
  plan: Plan,
  { lists }: ShownData,
  { suppressed }: Account,
): Pick<ListsView, 'lists'> {
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
