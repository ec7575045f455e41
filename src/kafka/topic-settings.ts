/** What the settings of a topic mean for what is written to it. */
import type { TopicSettings } from './admin.ts'

/** What a setting says in milliseconds; -1 and all that no clock reaches are infinity. Undefined: it is not there. */
export function milliseconds(settings: TopicSettings | undefined, name: string): number | undefined {
  const text = settings?.values.get(name)
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined
  const value = Number(text)
  return value < 0 || value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value
}

/** Whether the topic keeps the last record of each key only; undefined where this user has no right to see it. */
export function isCompactedBy(settings: TopicSettings | undefined): boolean | undefined {
  return settings?.values.get('cleanup.policy')?.split(',').includes('compact')
}

/** Whether the topic deletes what is older than its retention. */
export const deletes = (settings: TopicSettings): boolean =>
  settings.values.get('cleanup.policy')?.split(',').includes('delete') ?? true

/** The age of its timestamp at which the topic deletes a record, in ms; Infinity where it deletes none by age. */
export function keptFor(settings: TopicSettings | undefined): number {
  if (settings === undefined || !deletes(settings)) return Number.POSITIVE_INFINITY
  // Then the broker puts its own time over that of the record.
  if (settings.values.get('message.timestamp.type') === 'LogAppendTime') return Number.POSITIVE_INFINITY
  return milliseconds(settings, 'retention.ms') ?? Number.POSITIVE_INFINITY
}

/** The largest batch of records, in bytes. */
export function largestBatch(settings: TopicSettings | undefined): number | undefined {
  const limit = Number(settings?.values.get('max.message.bytes'))
  return Number.isSafeInteger(limit) && limit > 0 ? limit : undefined
}
