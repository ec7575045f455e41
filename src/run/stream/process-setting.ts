/** What every process of a pipeline is given. */
import type { DriverChoice } from '../../kafka/drivers.ts'
import type { ExpectedKey } from '../../keys/real-data.ts'
import type { Health } from '../../telemetry/health.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Prepared } from './prepare.ts'

export interface StreamOptions {
  readonly workers: number
  readonly expectKey?: readonly ExpectedKey[]
  readonly untilEnd?: boolean
  /** Seconds. */
  readonly progress: number
  readonly summary?: string
  readonly quiet?: boolean
  /** Set by the process that starts workers. */
  readonly worker?: number
}

/** Everything that a process of a pipeline has beside its routes. */
export interface ProcessSetting {
  readonly prepared: Prepared
  readonly driver: DriverChoice
  readonly log: Log
  readonly metrics: Metrics
  readonly health: Health
}

/** A loop that has not completed a turn for this long counts as hanging. Longer than the longest call of a client within a turn. */
export const STALLED_MS = 60_000
