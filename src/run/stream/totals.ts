/** Sums up what routes did: over batches, and over worker processes. */

import { type Account, addAccount, emptyAccount } from '../../engine/account.ts'
import type { Figures } from '../../groups/figures.ts'
import { hasQuasiIdentifiers } from '../../groups/quasi-identifiers.ts'
import { type GroupsPart, type Limits, SubjectGroups } from '../../groups/subject-groups.ts'
import { type Emitted, noneEmitted } from '../../kafka/batch-outputs.ts'
import { mergeUnsettled, type UnsettledPart } from '../../kafka/unsettled.ts'
import type { Plan } from '../../policy/plan.ts'
import type { TableOffset } from '../gate-state.ts'

export interface RouteCounts {
  readonly account: Account
  readonly emitted: Emitted
  /** The data subjects behind what was published, where they are counted. */
  readonly groups?: GroupsPart | undefined
  /** How far the topics of consent tables were read when batches were judged by them. */
  readonly tables?: readonly TableRange[] | undefined
  /** What was read and not settled, because it holds too many dead letters. */
  readonly unsettled?: readonly UnsettledPart[] | undefined
}

/** The lowest and the highest offset, over batches and processes, up to which a topic was read. */
export interface TableRange {
  readonly table: string
  readonly from: number
  readonly to: number
  readonly subjects: number
}

export const rangesOf = (offsets: readonly TableOffset[]): readonly TableRange[] =>
  offsets.map(({ table, offset, subjects }) => ({ table, from: offset, to: offset, subjects }))

function mergeRanges(
  before: readonly TableRange[] = [],
  more: readonly TableRange[] = [],
): readonly TableRange[] | undefined {
  const merged = new Map(before.map((range) => [range.table, range]))
  for (const range of more) {
    const known = merged.get(range.table) ?? range
    merged.set(range.table, {
      table: range.table,
      from: Math.min(known.from, range.from),
      to: Math.max(known.to, range.to),
      subjects: Math.max(known.subjects, range.subjects),
    })
  }
  return merged.size === 0 ? undefined : [...merged.values()]
}

/** How often groups are sent to another process: they take many bytes, and change less and less. */
const GROUPS_MS = 10_000

interface RouteGroups {
  readonly groups: SubjectGroups
  readonly recordsAreSubjects: boolean
}

export class Totals {
  readonly #routes: Map<string, RouteCounts> = new Map()
  readonly #groups: Map<string, RouteGroups> = new Map()
  #groupsTold = 0

  constructor(routes: readonly { readonly route: { readonly name: string }; readonly plan: Plan }[]) {
    for (const { route, plan } of routes) {
      this.#routes.set(route.name, {
        account: emptyAccount(plan),
        emitted: noneEmitted(),
      })
      if (hasQuasiIdentifiers(plan))
        this.#groups.set(route.name, {
          groups: new SubjectGroups(),
          recordsAreSubjects: plan.subject === undefined,
        })
    }
  }

  add(route: string, { account, emitted, groups, tables, unsettled }: RouteCounts): void {
    let total = this.#routes.get(route)!
    if (tables !== undefined && tables.length > 0) {
      total = { ...total, tables: mergeRanges(total.tables, tables) }
      this.#routes.set(route, total)
    }
    addAccount(total.account, account)
    for (const what of Object.keys(emitted) as (keyof Emitted)[]) total.emitted[what] += emitted[what]
    if (groups !== undefined) this.#groups.get(route)?.groups.merge(groups)
    if (unsettled !== undefined) this.addUnsettled(route, unsettled)
  }

  addUnsettled(route: string, held: readonly UnsettledPart[]): void {
    const total = this.#routes.get(route)!
    this.#routes.set(route, { ...total, unsettled: mergeUnsettled(total.unsettled ?? [], held) })
  }

  of(route: string): RouteCounts {
    return this.#routes.get(route)!
  }

  get records(): number {
    let records = 0
    for (const { account } of this.#routes.values()) records += account.records
    return records
  }

  /** What of a route's groups need not be counted any more. */
  groupLimits(route: string): Limits | undefined {
    return this.#groups.get(route)?.groups.limits
  }

  /** Who stands alone, where that is counted and something was published. */
  figures(route: string): Figures | undefined {
    const found = this.#groups.get(route)
    const figures = found?.groups.figures(found.recordsAreSubjects)
    return figures === undefined || figures.records === 0 ? undefined : figures
  }

  /** As it goes to another process; groups are there always, or every now and then. */
  snapshot(groups: 'all' | 'seldom'): [string, RouteCounts][] {
    const now = performance.now()
    const tells = groups === 'all' || now - this.#groupsTold > GROUPS_MS
    if (tells) this.#groupsTold = now
    return [...this.#routes].map(([route, counts]) => [
      route,
      tells ? { ...counts, groups: this.#groups.get(route)?.groups.part() } : counts,
    ])
  }

  addAll(routes: readonly (readonly [string, RouteCounts])[]): void {
    for (const [route, counts] of routes) this.add(route, counts)
  }
}

/** What a process counts by now, with the groups that it told last, where it tells none. */
export const withGroups = (
  now: readonly (readonly [string, RouteCounts])[],
  before: readonly (readonly [string, RouteCounts])[],
): readonly (readonly [string, RouteCounts])[] =>
  now.map(([route, counts]) => [
    route,
    counts.groups === undefined
      ? { ...counts, groups: before.find(([name]) => name === route)?.[1].groups }
      : counts,
  ])
