/** One process of a pipeline: all its routes, until they are told to stop or are through. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../errors.ts'
import type { Driver, DriverEvent } from '../../kafka/driver.ts'
import type { Choice } from '../../kafka/drivers.ts'
import type { WriteLimits } from '../../kafka/preflight.ts'
import { type BatchRewriter, RewritingThread } from '../../kafka/rewriting/rewriting-thread.ts'
import { transactionalPrefix } from '../../kafka/rights.ts'
import { type RouteResult, runRoute } from '../../kafka/route.ts'
import { WindowWatch } from '../../pipeline/window.ts'
import { NO_KEY_LEAVES } from '../../record/tombstones.ts'
import type { Health, Loop } from '../../telemetry/health.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { RouteMetrics } from '../../telemetry/route-metrics.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'
import { lagOf, Progress } from './progress.ts'
import type { RouteCounts } from './totals.ts'

/** What is on its way when the process is told to stop has so long to be settled. */
export const DRAIN_MS = 20_000

export interface InstanceOptions {
  readonly prepared: Prepared
  readonly driver: Choice
  /** What the brokers take, by route: see `preflight`. */
  readonly limits: ReadonlyMap<string, WriteLimits>
  /** Number of this process among those of the instance. */
  readonly worker: number
  readonly untilEnd: boolean
  /** So often is told how it gets on, in milliseconds. */
  readonly progress: number
  /** Stops all routes in order. */
  readonly stop: AbortSignal
  readonly metrics: Metrics
  readonly health: Health
  readonly log: Log
  /** Called when the routes have joined their groups. */
  readonly opened: () => void
  /** Called for each batch that is final. */
  readonly settled: (route: string, counts: RouteCounts) => void
}

/** Runs the routes; the first failure stops the others. What each route did, by its name. */
export async function runInstance(options: InstanceOptions): Promise<ReadonlyMap<string, RouteResult>> {
  const { prepared, health } = options
  health.keysLoaded()
  const abort = new AbortController()
  const stop = AbortSignal.any([options.stop, abort.signal])
  const thread = new RewritingThread(prepared.routes.map(({ setup }) => setup))
  const runs: RouteRun[] = []
  const results = new Map<string, RouteResult>()
  try {
    for (const [at, route] of prepared.routes.entries())
      runs.push(new RouteRun(options, route, thread.route(at), stop))
    await Promise.all(runs.map((run) => run.open()))
    options.opened()
    const failures: unknown[] = []
    await Promise.all(
      runs.map(async (run) => {
        try {
          results.set(run.name, await run.run())
        } catch (error) {
          failures.push(error)
          abort.abort()
        }
      }),
    )
    if (failures.length > 0) throw failures[0]
    return results
  } finally {
    await Promise.all(runs.map((run) => run.close()))
    await thread.close()
  }
}

class RouteRun {
  readonly name: string
  readonly #options: InstanceOptions
  readonly #prepared: PreparedRoute
  readonly #rewriter: BatchRewriter
  readonly #stop: AbortSignal
  readonly #driver: Driver
  readonly #metrics: RouteMetrics
  readonly #loop: Loop
  readonly #progress: Progress
  #assigned = 0

  constructor(options: InstanceOptions, prepared: PreparedRoute, rewriter: BatchRewriter, stop: AbortSignal) {
    const { route, plan } = prepared
    this.name = route.name
    this.#options = options
    this.#prepared = prepared
    this.#rewriter = rewriter
    this.#stop = stop
    this.#loop = options.health.begin(route.name)
    this.#metrics = options.metrics.route({
      route: route.name,
      policy: {
        name: plan.name,
        version: plan.version,
        fingerprint: plan.fingerprint,
        purpose: plan.purpose,
      },
      rules: plan.rules.map((rule) => rule.label),
      suppressions: [NO_KEY_LEAVES, ...(plan.retention === undefined ? [] : [plan.retention.label])],
    })
    const { pipeline, connection, instance } = options.prepared
    this.#driver = options.driver.make({
      connection,
      group: route.from.group,
      topics: route.from.topics,
      start: route.from.start,
      delivery: pipeline.delivery,
      transactionalId: `${transactionalPrefix(pipeline.name, route.name)}${instance}.${options.worker}`,
      ...options.limits.get(route.name),
      onEvent: (event) => this.#heard(event),
    })
    this.#progress = new Progress(route.name, options.log, () => this.#driver.positions(), options.progress)
  }

  async open(): Promise<void> {
    await this.#driver.open()
    const { route, plan } = this.#prepared
    this.#options.log.event({
      kind: 'route-started',
      route: this.name,
      policy: plan.name,
      policyVersion: plan.version,
      fingerprint: plan.fingerprint,
      topic: route.to.topic,
    })
  }

  async run(): Promise<RouteResult> {
    const { pipeline } = this.#options.prepared
    const { plan, writer } = this.#prepared
    const result = await runRoute({
      name: this.name,
      driver: this.#driver,
      plan,
      rewriter: this.#rewriter,
      writer,
      bounds: pipeline.batch,
      keptFor: this.#options.limits.get(this.name)?.keptFor ?? Number.POSITIVE_INFINITY,
      limit: new WindowWatch(pipeline.deadLetters.limit, pipeline.deadLetters.window),
      untilEnd: this.#options.untilEnd,
      stop: this.#stop,
      drain: DRAIN_MS / 2,
      now: Date.now,
      watch: {
        turned: () => this.#loop.turned(),
        settled: ({ account, emitted, rewriteMs, settleMs }) => {
          this.#metrics.settled(account, emitted, (rewriteMs + settleMs) / 1000)
          this.#metrics.transaction(settleMs / 1000)
          this.#options.settled(this.name, { account, emitted })
          this.#progress.settled(account)
          if (emitted.pastRetention > 0)
            this.#options.log.event({
              kind: 'past-retention',
              route: this.name,
              topic: this.#prepared.route.to.topic,
              count: emitted.pastRetention,
            })
          for (const [code, count = 0] of Object.entries(account.deadLettered))
            this.#options.log.event({ kind: 'dead-letters', route: this.name, code, count })
        },
        tooManyDeadLetters: (count, window) =>
          this.#options.log.event({ kind: 'too-many-dead-letters', route: this.name, count, window }),
        discarded: () => this.#metrics.batchDiscarded(),
        lag: (positions, ends) => {
          this.#progress.ends(ends)
          this.#metrics.lag(lagOf(positions, ends))
        },
      },
    })
    if (this.#options.untilEnd) this.#options.log.event({ kind: 'reached-end', route: this.name })
    return result
  }

  #heard(event: DriverEvent): void {
    const { log, metrics } = this.#options
    const route = this.name
    switch (event.kind) {
      case 'assigned':
      case 'revoked':
      case 'lost':
        this.#assigned += event.kind === 'assigned' ? event.partitions.length : -event.partitions.length
        this.#metrics.assigned(this.#assigned)
        this.#loop.assigned(event.kind === 'assigned' || this.#assigned > 0)
        log.event({ kind: event.kind, route, partitions: event.partitions.length })
        return
      case 'aborted':
        this.#metrics.aborted(event.code)
        log.event({ kind: 'aborted', route, code: event.code })
        return
      case 'client-log':
        if (event.severity === 'error') metrics.clientError(event.code)
        log.event({ kind: 'client', client: this.#driver.name, severity: event.severity, code: event.code })
        return
      default:
        // Trying again is life, too.
        this.#loop.turned()
        log.event({ kind: event.kind, route, code: event.code })
    }
  }

  /** Whatever happened: leaves the group, and hangs no longer than the deadline. */
  async close(): Promise<void> {
    this.#progress.close()
    this.#options.health.end(this.#loop)
    await Promise.race([
      this.#driver.close(DRAIN_MS / 2),
      sleep(DRAIN_MS + 5_000, undefined, { ref: false }),
    ]).catch((error: unknown) => {
      if (!(error instanceof LetheError)) throw error
    })
  }
}
