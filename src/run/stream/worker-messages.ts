/** What the processes of a pipeline tell each other, over a pipe of their own that is closed to others. */
import type { GroupsKey } from '../../groups/subject-groups.ts'
import type { HealthReport } from '../../telemetry/health.ts'
import type { MetricSnapshot } from '../../telemetry/metrics.ts'
import type { PostedConfiguration } from '../configuration.ts'
import type { RouteCounts } from './totals.ts'

/** Counts and codes, and the digest of the configuration that they were made under. */
export type WorkerMessage =
  /** It listens: its parent may tell it what to do. */
  | { readonly kind: 'listening' }
  /** Its routes have joined their groups. */
  | { readonly kind: 'opened' }
  | {
      readonly kind: 'report'
      readonly digest: string
      readonly metrics: readonly MetricSnapshot[]
      readonly health: HealthReport
      readonly counts: readonly (readonly [string, RouteCounts])[]
    }
  /** The last account, and whether another process has taken over its name. */
  | {
      readonly kind: 'ended'
      readonly digest: string
      readonly counts: readonly (readonly [string, RouteCounts])[]
      readonly fenced: boolean
    }

/** What a worker process is to do. It holds the keys: no argument and no environment would do. */
export interface Begin {
  readonly kind: 'begin'
  readonly configuration: PostedConfiguration
  /** What the worker must come to as well. */
  readonly digest: string
  readonly instance: string
  /** For counting data subjects: samples under one key add up. */
  readonly groupsKey: GroupsKey
  readonly untilEnd: boolean
  /** Seconds. */
  readonly progress: number
}

/** `stop`: in order. A signal would count as the second one after Ctrl-C. */
export type LeadMessage = Begin | { readonly kind: 'stop' }

/** How often a worker reports. */
export const REPORT_MS = 1_000
