/** One process of a pipeline: all its routes, until they are stopped or have reached their end. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { DatasetFolder } from '../../datasets/dataset-folder.ts'
import { folderOf } from '../../datasets/folder-of-route.ts'
import { sum } from '../../engine/account.ts'
import { groupLabelsOf } from '../../engine/group-outcomes.ts'
import { WindowWatch } from '../../engine/limit-window.ts'
import { SUSPECT_KINDS } from '../../engine/suspects.ts'
import { NO_KEY_LEAVES } from '../../engine/tombstones.ts'
import { EXIT, LetheError } from '../../errors.ts'
import type { Limits } from '../../groups/subject-groups.ts'
import { causeOf, reasonOf } from '../../kafka/cause.ts'
import {
  ClientLost,
  type Connection,
  type Driver,
  type DriverEvent,
  FencedError,
} from '../../kafka/driver.ts'
import type { DriverChoice } from '../../kafka/drivers.ts'
import { preflight, type WriteLimits } from '../../kafka/preflight.ts'
import { transactionalPrefix } from '../../kafka/rights.ts'
import { byCount, placesOf, type UnsettledPart, wholeOf } from '../../kafka/unsettled.ts'
import type { SchemaNews } from '../../record/schema-text.ts'
import type { Sealer } from '../../sealing/sealer.ts'
import type { Health, Loop } from '../../telemetry/health.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { RouteMetrics } from '../../telemetry/route-metrics.ts'
import { viewKeys } from '../account/keys-view.ts'
import { type BatchRewriter, RewritingThread } from '../batch-rewriter.ts'
import type { SettlerOptions } from '../batch-settler.ts'
import { DatasetSink } from '../dataset-sink.ts'
import type { GateState } from '../gate-state.ts'
import { suppressionsOf } from '../planned.ts'
import { type RouteWatch, runRoute } from '../route.ts'
import type { RouteSink } from '../route-sink.ts'
import { topicSink } from '../topic-sink.ts'
import { untilAborted } from '../until-aborted.ts'
import { BatchNotices } from './batch-notices.ts'
import { FollowedTables } from './followed-tables.ts'
import { keptForOf } from './kept-for.ts'
import type { Prepared, PreparedRoute } from './prepare.ts'
import type { RouteSchemas, SchemaWatch } from './route-schemas.ts'
import { RouteSketches } from './route-sketches.ts'
import { schemasOf } from './schemas-of-route.ts'
import { type SealBatch, sealBatches, sealerOf } from './seal-batches.ts'
import { lagOf, StreamProgress } from './stream-progress.ts'
import { type RouteCounts, rangesOf } from './totals.ts'

/** When the process is stopped, batches in progress have this time to be settled. */
export const DRAIN_MS = 20_000
/** Before a lost client is replaced; twice as long each time, until one has settled something. */
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** The most clients in a row that settle nothing though brokers answer; then the process gives up. */
const MOST_LOST = 10
/** How long after a client is lost, brokers that have just started may not know their topics, users and rights yet. */
const UNSETTLED_MS = 60_000

export interface InstanceOptions {
  readonly prepared: Prepared
  readonly driver: DriverChoice
  /** What the brokers take, by route: see `preflight`. */
  readonly limits: ReadonlyMap<string, WriteLimits>
  /** Number of this process among those of the instance. */
  readonly worker: number
  readonly untilEnd: boolean
  /** The interval of progress reports in milliseconds. */
  readonly progress: number
  /** Stops all routes in order. */
  readonly stop: AbortSignal
  readonly metrics: Metrics
  readonly health: Health
  readonly log: Log
  /** Called when the routes have joined their groups. */
  readonly opened: () => void
  /** What of a route's groups need not be counted any more. */
  readonly groupLimits: (route: string) => Limits | undefined
  /** Called for each batch that is final. */
  readonly settled: (route: string, counts: RouteCounts) => void
  /** Called for a batch that is not, for its dead letters; its route ends then. */
  readonly unsettled: (route: string, held: readonly UnsettledPart[]) => void
}

/** Runs the routes; the first failure stops the others. */
export async function runInstance(options: InstanceOptions): Promise<void> {
  const { prepared } = options
  const abort = new AbortController()
  const stop = AbortSignal.any([options.stop, abort.signal])
  const sealer = await sealerOf(prepared)
  const tables = await FollowedTables.open({ ...options, stop })
  const thread = new RewritingThread(
    prepared.routes.map(({ setup }) => setup),
    tables,
  )
  const runs: RouteRun[] = []
  try {
    if (stop.aborted) return
    for (const [at, route] of prepared.routes.entries())
      runs.push(
        new RouteRun(
          options,
          route,
          (schemas, sketchLimits) =>
            thread.route(at, () => options.groupLimits(route.route.name), schemas, sketchLimits),
          tables,
          stop,
          sealer,
        ),
      )
    await Promise.all(runs.map((run) => run.open()))
    if (!stop.aborted) options.opened()
    const failures: unknown[] = []
    await Promise.all(
      runs.map(async (run) => {
        try {
          await run.run()
        } catch (error) {
          failures.push(error)
          abort.abort()
        }
      }),
    )
    if (failures.length > 0) throw failures[0]
  } finally {
    await Promise.all(runs.map((run) => run.close()))
    await thread.close()
    await tables.close()
  }
}

class RouteRun {
  readonly name: string
  readonly #options: InstanceOptions
  readonly #prepared: PreparedRoute
  readonly #rewriter: BatchRewriter
  readonly #tables: GateState
  readonly #schemas: RouteSchemas | undefined
  /** The consent tables of the route. */
  readonly #consent: ReadonlySet<string>
  readonly #stop: AbortSignal
  readonly #seal: SealBatch | undefined
  /** Another one when its client is lost, and another sink with it. */
  #driver: Driver
  #sink: RouteSink
  readonly #watch: RouteWatch
  readonly #folder: DatasetFolder | undefined
  /** Whether it is closed, and no other one is made yet. */
  #isClosed = false
  readonly #metrics: RouteMetrics
  readonly #loop: Loop
  readonly #progress: StreamProgress
  readonly #notices: BatchNotices
  readonly #limit: WindowWatch
  readonly #sketches: RouteSketches | undefined
  #assigned = 0
  /** Clients lost since a batch was settled. */
  #lost = 0
  /** When the last one was; undefined once a batch was settled. */
  #lostAt: number | undefined
  #wait = FIRST_WAIT_MS
  /** How many were made. */
  #made = 0

  constructor(
    options: InstanceOptions,
    prepared: PreparedRoute,
    rewriterOf: (
      schemas: () => SchemaNews | undefined,
      sketchLimits: (now: number) => readonly number[] | undefined,
    ) => BatchRewriter,
    tables: GateState,
    stop: AbortSignal,
    sealer: Sealer | undefined,
  ) {
    const { maxBatchBytes } = options.limits.get(prepared.route.name) ?? {}
    this.#seal = sealer && sealBatches(sealer, prepared, maxBatchBytes)
    const { route, plan } = prepared
    this.#tables = tables
    this.#consent = new Set(plan.consentTables.map(({ table }) => table))
    this.name = route.name
    this.#options = options
    this.#prepared = prepared
    this.#schemas = schemasOf(options.prepared, prepared, stop, () => this.#schemaWatch())
    this.#rewriter = rewriterOf(
      () => this.#schemas?.takeNews(),
      (now) => this.#sketches?.limits(now),
    )
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
      approvals: prepared.approvals?.length,
      rules: plan.rules.map((rule) => rule.label),
      suppressions: [NO_KEY_LEAVES, ...suppressionsOf(plan, route.change)],
      groups: route.balance === undefined ? [] : groupLabelsOf(route.balance),
      suspects: SUSPECT_KINDS,
    })
    this.#sketches = this.#makeSketches()
    const { deadLetters } = options.prepared.pipeline
    this.#limit = new WindowWatch(deadLetters.limit, deadLetters.window)
    this.#notices = new BatchNotices(route, plan, options.log)
    this.#watch = this.#makeWatch()
    this.#folder = folderOf(options.prepared.pipeline, route)
    const made = this.#makeDriver(options.prepared.connect())
    this.#driver = made.driver
    this.#sink = made.sink
    this.#progress = new StreamProgress(
      route.name,
      options.log,
      () => (this.#isClosed ? [] : this.#sink.finalPositions()),
      options.progress,
    )
  }

  #makeSketches(): RouteSketches | undefined {
    const { prepared, log } = this.#options
    const { route, plan } = this.#prepared
    const { keyset } = prepared.configuration
    if (route.sketch === undefined || keyset === undefined) return undefined
    return new RouteSketches({
      ...{ pipeline: prepared.pipeline.name, route: route.name, plan, keyset },
      setting: route.sketch,
      metrics: this.#metrics,
      unwritten: (code) => log.event({ kind: 'sketch-unwritten', route: route.name, code }),
    })
  }

  #makeDriver(connection: Connection): { readonly driver: Driver; readonly sink: RouteSink } {
    const { driver, limits, worker, prepared } = this.#options
    const { pipeline, instance } = prepared
    const { route, plan, writer } = this.#prepared
    const number = ++this.#made
    const options = {
      connection,
      group: route.from.group,
      topics: route.from.topics,
      start: route.from.start,
      delivery: pipeline.delivery,
      transactionalId: `${transactionalPrefix(pipeline.name, route.name)}${instance}.${worker}`,
      ...limits.get(route.name),
      // One that was given up may still speak while it closes.
      onEvent: (event: DriverEvent) => {
        if (number === this.#made) this.#heard(event)
      },
    }
    const settling: Omit<SettlerOptions, 'driver' | 'settled'> = {
      name: this.name,
      rewriter: this.#rewriter,
      writer,
      seal: this.#seal,
      keptFor: keptForOf(plan, limits.get(this.name), Date.now()),
      now: Date.now,
    }
    const { dataset } = route.to
    if (dataset === undefined || this.#folder === undefined) {
      const made = driver.make(options)
      const settled: SettlerOptions['settled'] = (batch, emitted, times) => {
        this.#limit.add(batch.records.length, sum(batch.account.deadLettered))
        const { account, groups, tables } = batch
        this.#watch.settled({ account, groups, tables, emitted, ...times })
      }
      return { driver: made, sink: topicSink({ ...settling, driver: made, settled }) }
    }
    const sink = new DatasetSink({
      ...settling,
      plan,
      folder: this.#folder,
      keyChecks: viewKeys(plan, prepared.configuration.keyset).keyChecks,
      roll: dataset.roll,
      limit: this.#limit,
      watch: this.#watch,
      published: (range) => {
        this.#metrics.filePublished()
        this.#options.log.event({
          kind: 'file-published',
          route: this.name,
          topic: range.topic,
          partition: range.partition,
          offset: range.offset,
          next: range.next,
          rows: range.rows,
        })
      },
      overtaken: () => {
        this.#metrics.batchDiscarded()
        options.onEvent({ kind: 'discarded', code: 'range-taken' })
      },
    })
    if (driver.makeKept === undefined)
      throw new Error('a driver was chosen that keeps no positions elsewhere')
    const made = driver.makeKept({ ...options, delivery: 'at-least-once', keeper: sink })
    sink.attach(made)
    return { driver: made, sink }
  }

  async open(): Promise<void> {
    await this.#folder?.open()
    await this.#unlessStopped(this.#driver.open())
    if (this.#stop.aborted) return
    const { route, plan } = this.#prepared
    this.#options.log.event({
      kind: 'route-started',
      route: this.name,
      policy: plan.name,
      policyVersion: plan.version,
      fingerprint: plan.fingerprint,
      topic: route.to.topic ?? '',
      folder: route.to.dataset?.folder ?? '',
    })
  }

  /** Runs, with a new client where one is lost: what that one had not settled is read again. */
  async run(): Promise<void> {
    for (let isOpen = true; !this.#stop.aborted; isOpen = false) {
      try {
        if (!isOpen) await this.#unlessStopped(this.#openAgain())
        if (!this.#stop.aborted) await this.#runOnce()
        return
      } catch (error) {
        await this.#replaceDriver(error)
      }
    }
  }

  /** As at a start: clients that do not get through cannot say why. */
  async #openAgain(): Promise<void> {
    const connection = this.#connectAgain()
    await preflight(connection, [this.#prepared.route], (event) => this.#heard(event))
    this.#loop.turned()
    if (this.#stop.aborted) return
    const made = this.#makeDriver(connection)
    this.#driver = made.driver
    this.#sink = made.sink
    this.#isClosed = false
    await this.#driver.open()
    this.#loop.turned()
  }

  /** Certificates and passwords as they are now. They may be half replaced: what is wrong may pass. */
  #connectAgain(): Connection {
    try {
      return this.#options.prepared.connect()
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      throw new LetheError('credentials-unreadable', error.message, error.suggestion)
    }
  }

  /** @throws `error`, where another client would meet it too */
  async #replaceDriver(error: unknown): Promise<void> {
    if (!(error instanceof ClientLost || this.#mayPass(error))) throw error
    const isAway = error instanceof ClientLost && error.isAway
    const code = reasonOf(error) ?? (error instanceof ClientLost ? error.clientCode : error.code)
    if (error instanceof ClientLost) this.#lostAt = performance.now()
    // Brokers that are away may stay so for long.
    if (!isAway && ++this.#lost > MOST_LOST) throw error
    this.#metrics.clientLost()
    this.#options.log.event({ kind: 'client-lost', route: this.name, code })
    this.#loop.turned()
    await this.#closeDriver()
    // The old one has no listener any more.
    this.#made++
    this.#loop.turned()
    const wait = this.#wait
    this.#wait = Math.min(LONGEST_WAIT_MS, wait * 2)
    await sleep(wait, undefined, { signal: this.#stop }).catch(() => {})
    this.#loop.turned()
  }

  #mayPass(error: unknown): error is LetheError {
    const isOfBrokers =
      error instanceof LetheError && error.exitCode === EXIT.io && !(error instanceof FencedError)
    return isOfBrokers && this.#lostAt !== undefined && performance.now() - this.#lostAt < UNSETTLED_MS
  }

  async #unlessStopped(work: Promise<unknown>): Promise<void> {
    const ended = new AbortController()
    work.catch(() => {})
    try {
      await Promise.race([work, untilAborted(this.#stop, ended.signal)])
    } finally {
      ended.abort()
    }
  }

  async #runOnce(): Promise<void> {
    const { pipeline } = this.#options.prepared
    await runRoute({
      name: this.name,
      driver: this.#driver,
      rewriter: this.#rewriter,
      sink: this.#sink,
      bounds: pipeline.batch,
      limit: this.#limit,
      isBlocked: () => this.#isBlocked(),
      admit: this.#schemas && ((polled) => this.#schemas!.admit(polled)),
      untilEnd: this.#options.untilEnd,
      stop: this.#stop,
      drain: DRAIN_MS / 2,
      now: Date.now,
      watch: this.#watch,
    })
    if (this.#options.untilEnd && !this.#stop.aborted)
      this.#options.log.event({ kind: 'reached-end', route: this.name })
  }

  #makeWatch(): RouteWatch {
    return {
      turned: () => this.#loop.turned(),
      settled: ({ account, groups, emitted, tables, rewriteMs, settleMs }) => {
        this.#metrics.settled(account, emitted, (rewriteMs + settleMs) / 1000)
        this.#metrics.transaction(settleMs / 1000)
        const judgedBy = tables.filter(({ table }) => this.#consent.has(table))
        this.#options.settled(this.name, { account, emitted, groups, tables: rangesOf(judgedBy) })
        this.#progress.settled(account)
        this.#lost = 0
        this.#lostAt = undefined
        this.#wait = FIRST_WAIT_MS
        this.#notices.settled(account, emitted)
      },
      tooManyDeadLetters: (count, window, held) => {
        const { log, unsettled } = this.#options
        log.event({ kind: 'too-many-dead-letters', route: this.name, count, window })
        for (const [code, { count: found, first }] of byCount(wholeOf(held).deadLettered))
          log.event({ kind: 'unsettled', route: this.name, code, count: found, first: placesOf(first) })
        unsettled(this.name, held)
      },
      sketched: (sketches, judgedAt) => this.#sketches?.add(sketches, judgedAt),
      discarded: () => this.#metrics.batchDiscarded(),
      lag: (positions, ends) => {
        this.#progress.ends(ends)
        this.#metrics.lag(lagOf(positions, ends))
      },
    }
  }

  #schemaWatch(): SchemaWatch {
    const { log } = this.#options
    const route = this.name
    return {
      waiting: (count, held) => {
        this.#metrics.schemasWaiting(count)
        if (held) this.#loop.waitsForSchema('rules')
        else if (count === 0) this.#loop.waitsForSchema(undefined)
      },
      failed: (schema, code) => {
        this.#loop.waitsForSchema('registry')
        this.#metrics.registryError(code)
        log.event({ kind: 'schema-waits', route, schema, code })
      },
      known: (schema) => log.event({ kind: 'schema-known', route, schema }),
      refused: (schema, code) => log.event({ kind: 'schema-refused', route, schema, code }),
      held: (schema) => log.event({ kind: 'schema-held', route, schema, code: 'tagged-without-rule' }),
    }
  }

  #isBlocked(): boolean {
    const isBlocked = this.#tables.isBehind(this.#consent)
    this.#loop.blocked(isBlocked)
    return isBlocked
  }

  #heard(event: DriverEvent): void {
    const { log, metrics } = this.#options
    const route = this.name
    switch (event.kind) {
      case 'assigned':
      case 'revoked':
      case 'lost':
        this.#owns(this.#assigned + (event.kind === 'assigned' ? 1 : -1) * event.partitions.length)
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
        if (causeOf(event.code) !== 'unknown') metrics.clientError(event.code)
        log.event({ kind: event.kind, route, code: event.code })
    }
  }

  #owns(partitions: number): void {
    this.#assigned = partitions
    this.#metrics.assigned(partitions)
  }

  async close(): Promise<void> {
    this.#progress.close()
    await this.#sketches?.close()
    this.#options.health.end(this.#loop)
    await this.#closeDriver()
  }

  /** Whatever happened: leaves the group, and hangs no longer than the deadline. */
  async #closeDriver(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.race([
      this.#driver.close(DRAIN_MS / 2),
      sleep(DRAIN_MS + 5_000, undefined, { ref: false }),
    ]).catch((error: unknown) => {
      if (!(error instanceof LetheError)) throw error
    })
    this.#owns(0)
    this.#loop.assigned(false)
  }
}
