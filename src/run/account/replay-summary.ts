/** The account of a replay of a route, as versioned JSON. */

import type { Pipeline } from '../../kafka/pipeline-file/pipeline.ts'
import { packageVersion } from '../../run/package-root.ts'
import type { Replay } from '../stream/prepare-replay.ts'
import {
  type RouteSummary,
  type RouteTotals,
  type StreamSummary,
  statusOf,
  summarizeRoute,
} from './stream-summary.ts'

export interface ReplaySummary extends RouteSummary {
  readonly lethe: 'replay-summary'
  readonly v: 1
  readonly version: string
  readonly pipeline: string
  readonly status: StreamSummary['status'] | 'stopped'
  /** Whether each record that was to be read again was settled and counted here, or is gone. */
  readonly complete: boolean
  /** Dead letters of the route that stood in its topic at the start. Absent where they were not read. */
  readonly deadLetters?: {
    readonly read: number
    readonly replayedBefore: number
    /** They wait, and were not asked for. */
    readonly leftOut: number
    readonly taken: number
    /** Not counted as read: they name no route, as 0.1.0 wrote them. */
    readonly unnamed: number
    /** Not counted as read: of other routes, or no dead letters. */
    readonly others: number
  }
  /** Records that the dead letters taken are of. */
  readonly wanted: number
  /** Of these, how many are gone from their topic. Their dead letters wait on. */
  readonly sourceExpired: number
}

export interface ReplayEnding {
  readonly failure: unknown
  readonly isStopped: boolean
}

export function summarizeReplay(
  { name }: Pipeline,
  totals: RouteTotals,
  { found, expired }: Replay,
  { failure, isStopped }: ReplayEnding,
): ReplaySummary {
  const route = summarizeRoute(totals)
  const isDone = failure === undefined && !isStopped && found !== undefined
  const isWhole = isDone && found.records === route.records.in + expired
  return {
    lethe: 'replay-summary',
    v: 1,
    version: packageVersion(),
    pipeline: name,
    status: isStopped && failure === undefined ? 'stopped' : statusOf(failure),
    complete: isWhole,
    ...(found === undefined
      ? {}
      : {
          deadLetters: {
            read: found.letters,
            replayedBefore: found.replayed,
            leftOut: found.leftOut,
            taken: found.taken,
            unnamed: found.unnamed,
            others: found.others,
          },
        }),
    wanted: found?.records ?? 0,
    sourceExpired: expired,
    ...route,
    warnings: [
      ...route.warnings,
      ...(expired === 0 ? [] : [gone(expired)]),
      ...(found === undefined || found.unnamed === 0 ? [] : [unnamed(found.unnamed)]),
      ...(isDone && !isWhole ? [UNHEARD] : []),
    ],
  }
}

const gone = (count: number): string =>
  `${count} records are gone from their topic, so they cannot be replayed: deleted for their age, or compacted away`

const unnamed = (count: number): string =>
  `${count} dead letters name no route, as 0.1.0 wrote them, and were left out: --unnamed takes them as this route's`

const UNHEARD =
  'a client was lost while it settled: what it settled then is replayed and marked, and not counted here'
