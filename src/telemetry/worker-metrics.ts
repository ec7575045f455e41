/**
 * The metrics of several worker processes as those of one instance. What a worker counted before it ended stays
 * counted: a sum that fell would look to Prometheus like a restart, and so like a burst of records.
 */
import { AggregatorRegistry, type PrometheusContentType } from 'prom-client'
import type { MetricSnapshot } from './metrics.ts'

type Snapshot = readonly MetricSnapshot[]

export class WorkerMetrics {
  readonly #latest = new Map<number, Snapshot>()
  #ended: Snapshot = []

  /** Takes what `Metrics.json()` gave in a worker, in place of what it gave before. */
  report(worker: number, snapshot: Snapshot): void {
    this.#latest.set(worker, snapshot)
  }

  /** A worker ended: its counters stay, its gauges go. Call it before one of the same number reports. */
  ended(worker: number): void {
    const last = this.#latest.get(worker)
    if (last === undefined) return
    this.#latest.delete(worker)
    // The type's `type` is an enumeration that prom-client does not have: it is a word.
    const kept = last.filter(({ type }) => ['counter', 'histogram'].includes(String(type)))
    // Summed metrics hold their values, though the type of a registry does not say so.
    this.#ended = sum([this.#ended, kept]).getMetricsAsArray() as unknown as Snapshot
  }

  /** What Prometheus reads. `own` is what the parent process counts itself. */
  text(own: Snapshot = []): Promise<string> {
    return sum([own, this.#ended, ...this.#latest.values()]).metrics()
  }
}

const sum = (snapshots: readonly Snapshot[]) =>
  AggregatorRegistry.aggregate<PrometheusContentType>([...snapshots])
