/** What the log says of the records of settled batches: what people should look at, most of it once a route. */
import type { Account } from '../../engine/account.ts'
import type { Emitted } from '../../kafka/batch-outputs.ts'
import type { Route } from '../../kafka/pipeline-file/pipeline.ts'
import type { Plan } from '../../policy/plan.ts'
import type { Log } from '../../telemetry/log.ts'

export class BatchNotices {
  readonly #route: Route
  readonly #plan: Plan
  readonly #log: Log
  #toldUnkeyed = false
  #toldWholeKeys = false
  /** Rules and kinds that were told of. */
  readonly #suspected = new Set<string>()

  constructor(route: Route, plan: Plan, log: Log) {
    this.#route = route
    this.#plan = plan
    this.#log = log
  }

  settled(account: Account, emitted: Emitted): void {
    const { name: route, to } = this.#route
    const log = this.#log
    if (emitted.pastRetention > 0 && to.topic !== undefined)
      log.event({ kind: 'past-retention', route, topic: to.topic, count: emitted.pastRetention })
    if (emitted.unkeyed > 0 && !this.#toldUnkeyed) {
      this.#toldUnkeyed = true
      log.event({ kind: 'unkeyed', route, count: emitted.unkeyed })
    }
    if (emitted.wholeKeys > 0 && !this.#toldWholeKeys) {
      this.#toldWholeKeys = true
      log.event({ kind: 'whole-keys', route, count: emitted.wholeKeys })
    }
    for (const [code, count = 0] of Object.entries(account.deadLettered))
      log.event({ kind: 'dead-letters', route, code, count })
    this.#tellSuspects(account)
  }

  /** Kept values that look personal: of each rule each kind once; how many there are, metrics and the summary say. */
  #tellSuspects({ rules }: Account): void {
    for (const [id, { suspects }] of rules.entries())
      for (const looksLike of Object.keys(suspects)) {
        const rule = this.#plan.rules[id]!.label
        const place = `${id} ${looksLike}`
        if (this.#suspected.has(place)) continue
        this.#suspected.add(place)
        this.#log.event({ kind: 'suspect-values', route: this.#route.name, rule, looksLike })
      }
  }
}
