/**
 * Metrics for Prometheus. Every label is bounded: routes, policies and rules are declared from the pipeline file and
 * the policy, codes come from closed lists, and partitions beyond a limit are summed up. Nothing of a record fits in.
 */
import { type Counter, collectDefaultMetrics, Registry } from 'prom-client'
import { clientCode } from './codes.ts'
import { createInstruments, type Instruments } from './instruments.ts'
import { type RouteDeclaration, RouteMetrics } from './route-metrics.ts'

/** One metric with its values, as JSON that a parent process sums up. */
export type MetricSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number]

export interface MetricsOptions {
  /** Of Lethe. */
  readonly version: string
  /** Adds CPU, memory, event loop and garbage collection of the process (`process_*`, `nodejs_*`). */
  readonly process?: boolean
}

/** Media type of `Metrics.text`. */
export const CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE

export class Metrics {
  readonly #registry: Registry = new Registry()
  readonly #instruments: Instruments
  readonly #routes = new Set<string>()
  readonly #clientErrors: Counter<'code'>

  constructor(options: MetricsOptions) {
    this.#instruments = createInstruments(this.#registry)
    this.#instruments.gauge('lethe_build_info').set({ version: options.version, node: process.version }, 1)
    this.#clientErrors = this.#instruments.counter('lethe_client_errors_total')
    if (options.process === true) collectDefaultMetrics({ register: this.#registry })
  }

  /** Declares a route, whose series start at 0. Once per name. */
  route(declaration: RouteDeclaration): RouteMetrics {
    if (this.#routes.has(declaration.route)) throw new Error('a route is declared twice')
    this.#routes.add(declaration.route)
    return new RouteMetrics(this.#instruments, declaration)
  }

  /** Gives what tells how far a consent table was read in its topic. */
  table(table: string): (at: { readonly offset: number }, behindMs: number) => void {
    const offsets = this.#instruments.gauge('lethe_table_offset')
    const behind = this.#instruments.gauge('lethe_table_behind_seconds')
    return ({ offset }, behindMs) => {
      offsets.set({ table }, offset)
      if (Number.isFinite(behindMs)) behind.set({ table }, behindMs / 1000)
    }
  }

  /** How many processes are to run the routes, and how many do. */
  workers(configured: number, running: number): void {
    const workers = this.#instruments.gauge('lethe_workers')
    workers.set({ state: 'configured' }, configured)
    workers.set({ state: 'running' }, running)
  }

  /** Counts an error that a Kafka client reported outside of a transaction. */
  clientError(code: string): void {
    this.#clientErrors.inc({ code: clientCode(code) })
  }

  /** What Prometheus reads, of the media type `CONTENT_TYPE`. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** The same as JSON, for `WorkerMetrics` in a parent process. */
  json(): Promise<MetricSnapshot[]> {
    return this.#registry.getMetricsAsJSON()
  }
}
