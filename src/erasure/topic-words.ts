/** What becomes of the records of a subject in a topic, in words: what is requested, what is eligible from when, and what stays and why. */
import type { TopicSettings } from '../kafka/admin.ts'
import { deletes, isCompactedBy, keptFor, milliseconds } from '../kafka/topic-settings.ts'
import { brokerWords, spelled } from '../lifecycle/broker-words.ts'
import type { Hold } from '../lifecycle/legal-hold.ts'
import type { DeleteRecords } from './topic-form.ts'

export interface TopicCase {
  readonly settings: TopicSettings
  readonly role: 'outputs' | 'dead letters'
  readonly found: number
  readonly byKey: number
  /** Keys that get a tombstone, and keys whose last record is one. */
  readonly toWrite: number
  readonly held: number
  readonly unknownSubject: number
  /** Timestamps in ms, of what was found and of originals of unknown subjects; -1 where there are none. */
  readonly newest: number
  readonly newestUnknown: number
  readonly deleteRecords: DeleteRecords | null
  /** Of the found ones, those that DeleteRecords takes, and with them records of others. */
  readonly deleted: number
  readonly others: number
  readonly limit: number | undefined
  readonly holds: readonly Hold[]
  readonly mayWrite: boolean
  readonly mayDelete: boolean
}

/** Whether a tombstone reaches what was published before. */
export const takesTombstones = (settings: TopicSettings): boolean =>
  isCompactedBy(settings) === true && !isTiered(settings)

const isTiered = ({ values }: TopicSettings): boolean => values.get('remote.storage.enable') === 'true'

/** From when the broker may delete a record by itself, RFC 3339; null where that cannot be told. */
export function eligibleFrom(settings: TopicSettings | undefined, timestamp: number): string | null {
  const kept = keptFor(settings)
  if (timestamp < 0 || !Number.isFinite(kept)) return null
  const at = timestamp + kept
  return at > 8.64e15 ? null : new Date(at).toISOString()
}

/** How the date is to be understood. */
export function eligibleWords(settings: TopicSettings, timestamp: number): string {
  const from = eligibleFrom(settings, timestamp)
  if (from !== null)
    return `eligible from ${from} on, once their segments are closed and hold nothing younger; then the broker may delete, and need not at once`
  if (!deletes(settings)) return 'never eligible for their age: cleanup.policy has no `delete`'
  if (settings.values.get('message.timestamp.type') === 'LogAppendTime') {
    const kept = milliseconds(settings, 'retention.ms')
    return kept === undefined || kept === Number.POSITIVE_INFINITY
      ? 'never eligible: retention.ms names no period'
      : `eligible ${spelled(kept)} after their arrival, once their segments are closed and hold nothing younger`
  }
  return 'never eligible: retention.ms names no period'
}

export function topicWords(one: TopicCase): readonly string[] {
  const { settings, role, found, byKey, toWrite, held, unknownSubject, limit } = one
  const isCompacted = isCompactedBy(settings) === true
  const words: string[] = []
  if (toWrite > 0)
    words.push(
      `${toWrite} tombstones are to be written, under keys that are tokens of the subjects: the records before them are then requested to go, and eligible once their segments are closed and compaction takes them (${lagWords(settings)})`,
    )
  if (toWrite > 0 && !one.mayWrite)
    words.push('this user lacks the right Write on the topic: apply will be refused')
  if (isCompacted && isTiered(settings) && byKey > 0)
    words.push(
      'no tombstone is written: the topic is compacted and has remote storage, and brokers do not compact remote segments',
    )
  const byOther = found - byKey
  if (isCompacted && byOther > 0)
    words.push(
      `${byOther} records are under keys that are not the token of a subject: a tombstone under that token would erase nothing of them; each stays until a newer record of its key replaces it`,
    )
  if (!isCompacted && found > 0)
    words.push(
      `${found - one.deleted} of ${found} records stay until the broker deletes them: the topic is not compacted, and a tombstone erases nothing there`,
    )
  if (one.deleted > 0)
    words.push(
      `${one.deleted} records of the subjects are to be deleted from the start of the log (DeleteRecords), and with them ${one.others} records of others`,
    )
  if (one.deleted > 0 && !one.mayDelete)
    words.push('this user lacks the right Delete on the topic: apply will be refused')
  if (one.deleteRecords !== null && found > 0 && one.deleted === 0)
    words.push(
      deletes(settings)
        ? one.deleteRecords === 'own'
          ? 'DeleteRecords would take records of others, or held ones, which lie before: it is not ordered'
          : 'what lies before is held: DeleteRecords is not ordered'
        : 'cleanup.policy has no `delete`: the broker refuses DeleteRecords',
    )
  const stays = isCompacted ? byOther > 0 && deletes(settings) : found > one.deleted
  if (stays) words.push(`what stays is ${eligibleWords(settings, one.newest)}`)
  if (unknownSubject > 0)
    words.push(
      `${unknownSubject} dead letters carry an original whose subject is not told: any of them may be of a subject; they are ${eligibleWords(settings, one.newestUnknown)}, and the receipt stays open until they are gone`,
    )
  if (held > 0) {
    const ids = one.holds.map(({ id }) => id).join(', ')
    words.push(
      `${held} records stay under legal hold (${ids}): nothing of them is requested to go${deletes(settings) && Number.isFinite(keptFor(settings)) ? '; the broker knows no hold and deletes by retention.ms all the same' : ''}`,
    )
  }
  if (words.length === 0) return []
  return role === 'outputs' || found + unknownSubject > 0
    ? [...words, ...brokerWords(settings, limit)]
    : words
}

function lagWords(settings: TopicSettings): string {
  const lag = milliseconds(settings, 'max.compaction.lag.ms')
  return lag === undefined || lag === Number.POSITIVE_INFINITY
    ? 'max.compaction.lag.ms is not bounded, so it may take any time'
    : `max.compaction.lag.ms: at the latest ${spelled(lag)} later`
}
