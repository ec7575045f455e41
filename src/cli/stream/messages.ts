/** What worker processes tell the process that started them. Counts and codes. */
import type { HealthReport } from '../../telemetry/health.ts'
import type { MetricSnapshot } from '../../telemetry/metrics.ts'
import type { RouteCounts } from './totals.ts'

export type WorkerMessage =
  /** Its routes have joined their groups. */
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'report'
      readonly metrics: readonly MetricSnapshot[]
      readonly health: HealthReport
      readonly counts: readonly (readonly [string, RouteCounts])[]
    }
  /** The last account, and whether another process has taken over its name. */
  | {
      readonly kind: 'ended'
      readonly counts: readonly (readonly [string, RouteCounts])[]
      readonly fenced: boolean
    }

/** What a worker process is told: to stop in order. A signal would count as the second one after Ctrl-C. */
export const STOP = 'stop'

/** So often does a worker report. */
export const REPORT_MS = 1_000
