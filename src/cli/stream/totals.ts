/** Sums up what routes did: over batches, and over worker processes. */
import { type Emitted, noneEmitted } from '../../kafka/batch.ts'
import { addUnsettled, type Unsettled } from '../../kafka/unsettled.ts'
import type { Plan } from '../../policy/plan.ts'
import { type Account, addAccount, emptyAccount } from '../../record/account.ts'

export interface RouteCounts {
  readonly account: Account
  readonly emitted: Emitted
  /** What was read and not settled, because it holds too many dead letters. */
  readonly unsettled?: Unsettled | undefined
}

export class Totals {
  readonly #routes: Map<string, RouteCounts> = new Map()

  constructor(routes: readonly { readonly route: { readonly name: string }; readonly plan: Plan }[]) {
    for (const { route, plan } of routes)
      this.#routes.set(route.name, {
        account: emptyAccount(plan),
        emitted: noneEmitted(),
      })
  }

  add(route: string, { account, emitted, unsettled }: RouteCounts): void {
    const total = this.#routes.get(route)!
    addAccount(total.account, account)
    total.emitted.published += emitted.published
    total.emitted.tombstones += emitted.tombstones
    total.emitted.deadLetters += emitted.deadLetters
    total.emitted.pastRetention += emitted.pastRetention
    total.emitted.unkeyed += emitted.unkeyed
    if (unsettled !== undefined) this.addUnsettled(route, unsettled)
  }

  addUnsettled(route: string, held: Unsettled): void {
    const total = this.#routes.get(route)!
    const unsettled: Unsettled = total.unsettled ?? { records: 0, deadLettered: {} }
    addUnsettled(unsettled, held)
    this.#routes.set(route, { ...total, unsettled })
  }

  of(route: string): RouteCounts {
    return this.#routes.get(route)!
  }

  get records(): number {
    let records = 0
    for (const { account } of this.#routes.values()) records += account.records
    return records
  }

  /** As it goes to another process. */
  snapshot(): [string, RouteCounts][] {
    return [...this.#routes]
  }

  addAll(routes: readonly (readonly [string, RouteCounts])[]): void {
    for (const [route, counts] of routes) this.add(route, counts)
  }
}
