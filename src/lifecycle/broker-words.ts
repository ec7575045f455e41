/**
 * What a broker deletes of a topic by itself, and when, in plain words. *Eligible*: from then on it may delete; it does so by segments, when it
 * comes round to it. Sources: Kafka's topic settings; KIP-354 (max.compaction.lag.ms); KIP-405 (tiered storage).
 */
import type { TopicSettings } from '../kafka/admin.ts'
import { deletes, isCompactedBy, milliseconds } from '../kafka/topic-settings.ts'

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
]

export function spelled(period: number): string {
  const [size, unit] = UNITS.find(([least]) => period >= least) ?? [1, 'ms']
  return `${Number((period / size).toFixed(1))} ${unit}`
}

/** `limit`: the age in ms from which the policies let no event be known; undefined where they have none. */
export function brokerWords(settings: TopicSettings, limit: number | undefined): readonly string[] {
  const words: string[] = []
  const arrival = settings.values.get('message.timestamp.type') === 'LogAppendTime'
  const of = (name: string): number | undefined => milliseconds(settings, name)
  const segment = of('segment.ms')
  const isTiered = settings.values.get('remote.storage.enable') === 'true'
  if (deletes(settings)) words.push(...deleting(of('retention.ms'), segment, limit, arrival))
  else words.push('cleanup.policy=compact: the broker never deletes the last record of a key for its age')
  if (isCompactedBy(settings) === true) words.push(...compacting(of))
  const bytes = Number(settings.values.get('retention.bytes') ?? -1)
  if (deletes(settings) && bytes >= 0)
    words.push(
      `retention.bytes=${bytes}: segments are eligible for the size of their partition too, however young they are`,
    )
  if (isTiered) {
    const local = settings.values.get('local.retention.ms')
    words.push(
      `remote.storage.enable=true: remote segments go some time after they are eligible, not at once; ${local === undefined || local === '-2' ? 'local copies go by the same periods' : `local.retention.ms says only when local copies go`}`,
    )
  }
  return words
}

function deleting(
  retention: number | undefined,
  segment: number | undefined,
  limit: number | undefined,
  isArrival: boolean,
): readonly string[] {
  if (retention === undefined) return ['retention.ms is not known: it is not known when the broker deletes']
  const counted = isArrival ? 'its arrival' : 'its timestamp'
  const policy = limit === undefined ? 'the policy names no period' : `the policy says ${spelled(limit)}`
  if (retention === Number.POSITIVE_INFINITY)
    return [`retention.ms=-1: the broker never deletes a record for its age; ${policy}`]
  const isLate = limit !== undefined && retention > limit
  const words = [
    `retention.ms=${retention}: a record is eligible ${spelled(retention)} after the newest record of its segment, counted from ${counted}; ${policy}${isLate ? ': the broker keeps records longer' : ''}`,
  ]
  if (segment !== undefined)
    words.push(
      segment === Number.POSITIVE_INFINITY
        ? 'segment.ms is not bounded: the active segment goes by no time, and holds its records until it is full'
        : `segment.ms=${segment}: the active segment is not eligible until it is closed, up to ${spelled(segment)} after its first record, and only when another record is written`,
    )
  return words
}

function compacting(of: (name: string) => number | undefined): readonly string[] {
  const lag = of('max.compaction.lag.ms')
  const tombstones = of('delete.retention.ms')
  return [
    lag === undefined || lag === Number.POSITIVE_INFINITY
      ? 'max.compaction.lag.ms is not bounded: older records of a key may stay for any time'
      : `max.compaction.lag.ms=${lag}: an older record of a key is eligible for compaction at the latest ${spelled(lag)} after a newer one; that is not when it is gone`,
    ...(tombstones === undefined
      ? []
      : [
          `delete.retention.ms=${tombstones}: a tombstone is eligible ${spelled(tombstones)} after it was compacted`,
        ]),
    'a tombstone deletes the records of its key only: where the key is not the token of the subject, it erases nothing of the subject',
  ]
}
