/** Under which policies the last outputs of a topic were made: what their headers say. */
import { parsePolicyLabel, type SeenPolicy } from '../policy/seen.ts'
import type { Admin } from './admin.ts'
import type { InputRecord, TopicPartition } from './record.ts'
import { POLICY_HEADER } from './source-header.ts'

/** So far before the end of a partition is looked: markers of transactions, and what was aborted, stand between. */
const LOOK_BACK = 16
const TAKE = { records: 1000, bytes: 4 << 20, time: 250 } as const

/**
 * The policy of the last record of each partition that has one not far from its end, committed ones only.
 * Partitions that are not reached within `milliseconds` are left out.
 */
export async function lastPolicies(
  admin: Admin,
  partitions: readonly TopicPartition[],
  milliseconds: number,
): Promise<readonly SeenPolicy[]> {
  const until = performance.now() + milliseconds
  const ends = new Map<number, number>()
  const from: { topic: string; partition: number; offset: number }[] = []
  const starts = await admin.offsets(partitions, 'earliest')
  for (const { topic, partition, offset: end } of await admin.offsets(partitions, 'latest')) {
    const start = starts.find((one) => one.partition === partition)?.offset ?? 0
    if (end <= start) continue
    ends.set(partition, end)
    from.push({ topic, partition, offset: Math.max(start, end - LOOK_BACK) })
  }
  const last = new Map<number, SeenPolicy>()
  if (from.length === 0) return []
  const reader = admin.read(from)
  try {
    while (ends.size > 0 && performance.now() < until) {
      const { records, next } = await reader.take(TAKE)
      for (const record of records) {
        const policy = record.offset < (ends.get(record.partition) ?? 0) ? policyOf(record) : undefined
        if (policy !== undefined) last.set(record.partition, policy)
      }
      for (const { partition, offset } of next)
        if (offset >= (ends.get(partition) ?? 0)) ends.delete(partition)
    }
  } finally {
    reader.close()
  }
  return [...last.values()]
}

/** Any producer of the topic could have written the header. */
function policyOf({ headers }: InputRecord): SeenPolicy | undefined {
  const header = headers?.findLast(({ name }) => name === POLICY_HEADER)
  if (header === undefined || header.value.length > 256) return undefined
  return parsePolicyLabel(Buffer.from(header.value).toString('latin1'))
}
