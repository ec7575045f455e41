/** The account of a stream's routes, as versioned JSON. */

import type { CountedApproval } from '../../approval/required-approval.ts'
import type { Account } from '../../engine/account.ts'
import type { CountedGroups } from '../../engine/group-outcomes.ts'
import { EXIT, LetheError } from '../../errors.ts'
import type { Figures } from '../../groups/figures.ts'
import type { Emitted } from '../../kafka/batch-outputs.ts'
import type { Pipeline } from '../../kafka/pipeline-file/pipeline.ts'
import { type Unsettled, type UnsettledPart, wholeOf } from '../../kafka/unsettled.ts'
import type { Keyset } from '../../keys/keyset.ts'
import type { Plan } from '../../policy/plan.ts'
import { packageVersion } from '../../run/package-root.ts'
import type { TableRange } from '../stream/totals.ts'
import { type AccountView, unmet, viewAccount } from './account-view.ts'
import { type BalanceView, viewBalance } from './balance-view.ts'
import { viewGroups } from './groups-view.ts'
import { type KeysView, viewKeys } from './keys-view.ts'
import { listWarnings, type ShownData, viewLists } from './lists-view.ts'
import { suspectWarnings } from './suspect-warnings.ts'

export interface RouteSummary extends AccountView, KeysView {
  readonly route: string
  /** The approvals of the policy that counted, where they are required. */
  readonly approvals?: readonly CountedApproval[]
  /** What became of records by group, where the pipeline names groups. */
  readonly balance?: BalanceView
  /** Records written, which are not the records read: dead letters and tombstones are among them. */
  readonly emitted: Emitted
  /** Only where the route stopped for its dead letters: what it read then, which no count above holds. */
  readonly unsettled?: Unsettled
}

export interface StreamSummary {
  readonly lethe: 'stream-summary'
  readonly v: 1
  readonly version: string
  readonly pipeline: string
  readonly delivery: Pipeline['delivery']
  readonly driver: string
  readonly status: 'done' | 'too-many-dead-letters' | 'failed'
  /** Whether it is done, and no worker process ended before it could give its last account. */
  readonly complete: boolean
  readonly routes: readonly RouteSummary[]
}

export interface RouteTotals {
  readonly route: string
  readonly plan: Plan
  /** Undefined where the pipeline requires none. */
  readonly approvals: readonly CountedApproval[] | undefined
  /** Undefined where the pipeline names no keys. */
  readonly keyset: Keyset | undefined
  /** What gates know of the run. */
  readonly data: ShownData
  readonly account: Account
  readonly countedGroups: CountedGroups | undefined
  readonly emitted: Emitted
  readonly figures: Figures | undefined
  readonly unsettled?: readonly UnsettledPart[] | undefined
  readonly tables?: readonly TableRange[] | undefined
}

/** How a run ended. */
export interface Ending {
  /** What it ended by; undefined: in order. */
  readonly failure: unknown
  /** Whether every worker process gave its last account. */
  readonly lastAccounts: boolean
}

export function summarizeStream(
  pipeline: Pipeline,
  driver: string,
  routes: readonly RouteTotals[],
  { failure, lastAccounts }: Ending,
): StreamSummary {
  return {
    lethe: 'stream-summary',
    v: 1,
    version: packageVersion(),
    pipeline: pipeline.name,
    delivery: pipeline.delivery,
    driver,
    status: statusOf(failure),
    complete: failure === undefined && lastAccounts,
    routes: routes.map(summarizeRoute),
  }
}

export function summarizeRoute({
  route,
  plan,
  approvals,
  account,
  countedGroups,
  emitted,
  figures,
  unsettled,
  keyset,
  data,
  tables,
}: RouteTotals): RouteSummary {
  const lists = viewLists(plan, data, account, tables)
  return {
    route,
    ...(approvals === undefined ? {} : { approvals }),
    ...viewKeys(plan, keyset),
    ...lists,
    ...viewAccount(plan, account),
    ...(countedGroups === undefined ? {} : { balance: viewBalance(countedGroups, account.byGroup) }),
    emitted,
    ...(figures === undefined
      ? {}
      : { groups: viewGroups(plan, [...plan.fields, ...plan.envelope], figures) }),
    ...(unsettled === undefined ? {} : { unsettled: wholeOf(unsettled) }),
    warnings: [
      ...listWarnings(plan, data, lists, account),
      ...(account.published === 0 ? [] : unmet([...plan.fields, ...plan.envelope], account)),
      ...suspectWarnings(plan, plan.rules, account),
      ...(emitted.pastRetention === 0 ? [] : [pastRetention(emitted.pastRetention)]),
      ...(emitted.unkeyed === 0 ? [] : [unkeyed(emitted.unkeyed)]),
      ...(emitted.wholeKeys === 0 ? [] : [wholeKeys(emitted.wholeKeys)]),
    ],
  }
}

export function statusOf(failure: unknown): StreamSummary['status'] {
  if (failure === undefined) return 'done'
  const isOver = failure instanceof LetheError && failure.exitCode === EXIT.deadLetters
  return isOver ? 'too-many-dead-letters' : 'failed'
}

const pastRetention = (count: number): string =>
  `${count} records have timestamps older than their topic keeps records: it may delete them at once (see lethe doctor)`

const unkeyed = (count: number): string =>
  `${count} records had a key and were published without one, as no rule names it: their partitions are chosen at random, a run of records at a time, and the order of a key is lost (add a rule for \`$key\`, or \`partition: same\` to the route)`

const wholeKeys = (count: number): string =>
  `${count} records have a JSON object for a key, and the rule for \`$key\` takes its whole text: what it makes joins with no field (write a rule for the member: \`$key.NAME\`, with the domain of the field that it equals)`
