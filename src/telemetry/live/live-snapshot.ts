/**
 * What the live page shows, out of the text that Prometheus reads: no other source, so that the page can tell nothing that
 * `/metrics` does not.
 */
import type { MetricName } from '../definitions.ts'
import type { Verdict } from '../health.ts'

/** Labels of a series, and its value; null where that is no number. */
export type LiveSeries = readonly [labels: Readonly<Record<string, string>>, value: number | null]

export interface LiveSnapshot {
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  /** As `/livez` and `/readyz` say it. */
  readonly live: Verdict
  readonly ready: Verdict
  /** By name as it stands in `/metrics`. */
  readonly series: Readonly<Record<string, readonly LiveSeries[]>>
  /** How many series were left out, since there are more than an event takes. */
  readonly left: number
}

/** Series in an event; some 100 bytes each. */
export const MOST_LIVE_SERIES = 5000

type Shown = MetricName | `${MetricName}_bucket` | `${MetricName}_count` | 'process_resident_memory_bytes'

/** What fits the page; values by rule are many, and stay in `/metrics`. */
const SHOWN: ReadonlySet<string> = new Set<Shown>([
  'lethe_build_info',
  'lethe_workers',
  'process_resident_memory_bytes',
  'lethe_policy_info',
  'lethe_policy_approvals',
  'lethe_records_consumed_total',
  'lethe_records_published_total',
  'lethe_records_discarded_total',
  'lethe_records_quarantined_total',
  'lethe_records_past_retention_total',
  'lethe_assigned_partitions',
  'lethe_last_settled_timestamp_seconds',
  'lethe_files_published_total',
  'lethe_batch_duration_seconds_bucket',
  'lethe_batch_duration_seconds_count',
  'lethe_transaction_duration_seconds_bucket',
  'lethe_transaction_duration_seconds_count',
  'lethe_transaction_aborts_total',
  'lethe_batches_discarded_total',
  'lethe_clients_lost_total',
  'lethe_client_errors_total',
  'lethe_registry_errors_total',
  'lethe_schemas_waiting',
  'lethe_table_offset',
  'lethe_table_behind_seconds',
  'lethe_sketch_unique_share',
  'lethe_sketch_at_risk_share',
  'lethe_sketch_error',
  'lethe_sketch_combinations',
  'lethe_group_records_total',
  'lethe_consumer_lag_records',
])

const LINE = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))

/** Series of the page, of a text in Prometheus' format 0.0.4. */
export function liveSeries(text: string): Pick<LiveSnapshot, 'series' | 'left'> {
  const series: Record<string, LiveSeries[]> = {}
  let count = 0
  let left = 0
  for (const line of text.split('\n')) {
    const [, name, labels, value] = LINE.exec(line) ?? []
    if (name === undefined || !SHOWN.has(name)) continue
    if (++count > MOST_LIVE_SERIES) {
      left++
      continue
    }
    const pairs = [...(labels ?? '').matchAll(LABEL)].map(
      ([, label, said]) => [label!, unescaped(said!)] as const,
    )
    const number = Number(value)
    series[name] ??= []
    series[name].push([Object.fromEntries(pairs), Number.isFinite(number) ? number : null])
  }
  return { series, left }
}
