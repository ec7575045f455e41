/** The lists of subjects that a run went by, as accounts show them: digests and counts. */
import { type Account, sum } from '../../engine/account.ts'
import type { GateData } from '../../gates/gate-data.ts'
import type { LoadedConsent } from '../../lists/load-consent.ts'
import type { Plan } from '../../policy/plan.ts'
import type { TableRange } from '../stream/totals.ts'

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
  readonly sha256?: string
  /** Where it is kept, if not in a file. */
  readonly topic?: string
  /** Of each partition, up to which offset it was read when the first and the last batch were judged by it. */
  readonly offsets?: readonly { readonly partition: number; readonly from: number; readonly to: number }[]
  /** Subjects with a history for the purpose. */
  readonly subjects: number
}

/** What of a run accounts show. */
export type ShownData = Pick<GateData, 'lists' | 'tables'>

export function viewLists(
  plan: Plan,
  data: ShownData,
  account: Account,
  ranges: readonly TableRange[] = [],
): ListsView {
  const tables = new Set(plan.consentTables.map(({ table }) => table))
  return {
    ...viewSuppression(plan, data, account),
    ...(tables.size === 0
      ? {}
      : {
          tables: [...tables].flatMap((name) => {
            const found = data.tables.get(name)
            if (found === undefined) return []
            return [viewTable(found, ranges)]
          }),
        }),
  }
}

function viewTable(
  { table, purpose, sha256, count, topic }: LoadedConsent,
  ranges: readonly TableRange[],
): TableView {
  if (topic === undefined)
    return { table, purpose, ...(sha256 === undefined ? {} : { sha256 }), subjects: count }
  const offsets = ranges
    .filter((range) => range.table === table)
    .map(({ from, to }) => ({ partition: 0, from, to }))
  const subjects = Math.max(count, ...ranges.map((range) => (range.table === table ? range.subjects : 0)))
  return { table, purpose, topic: topic.topic, offsets, subjects }
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

/** Lists of another name than the policy says, and large lists and tables that knew no subject of many records. */
export const listWarnings = (plan: Plan, data: ShownData, view: ListsView, account: Account): string[] => [
  ...otherLists(view, data),
  ...listsWithoutMatch(view, account),
  ...tablesWithoutMatch(plan, view, account),
]

/** `lethe forget` gives a list the name that its policy says: another one may be the list of other subjects. */
const otherLists = ({ lists = [] }: ListsView, data: ShownData): string[] =>
  lists.flatMap(({ list }) => {
    const domain = data.lists.get(list)?.domain ?? ''
    return domain === '' || domain === list
      ? []
      : [`the file of the list ${list} was made as the list ${domain}: is it the one that the policy means?`]
  })

/** `records`: how many were read. */
export const listsWithoutMatch = (
  { lists = [] }: ListsView,
  { records }: Pick<Account, 'records'>,
): string[] =>
  lists
    .filter(({ entries, suppressed }) => entries >= MANY && suppressed === 0 && records >= MANY)
    .map(
      ({ list, entries }) =>
        `the list ${list} matched no record, and it has ${entries} entries: do its entries stand for what \`by:\` names, in the normal form that the policy states?`,
    )

/** Where silence allows, it cannot be told from consent. */
function tablesWithoutMatch(
  { consentTables }: Plan,
  { tables = [] }: ListsView,
  { records, published, suppressed, deadLettered }: Account,
): string[] {
  if (records < MANY || published > 0 || sum(deadLettered) > 0) return []
  return consentTables.flatMap(({ table, denied, unknown }) => {
    const subjects = tables.find((one) => one.table === table)?.subjects ?? 0
    if (subjects < MANY || (suppressed[unknown] ?? 0) < MANY || (suppressed[denied] ?? 0) > 0) return []
    return `the consent table ${table} knew the subject of no record, and it has ${subjects} subjects: are they what \`by:\` names, in the normal form that the policy states?`
  })
}
