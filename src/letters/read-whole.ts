/** A topic as a whole, to where it ends now. */
import { LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import { type InputRecord, partitionKey, type TopicPartition } from '../kafka/record.ts'

const TAKE = { records: 1000, bytes: 4 << 20, time: 250 } as const
/** The longest time for which nothing comes. */
const READ_MS = 30_000

/** Every record that was committed, from the start of each partition to where it ends now. */
export async function* readWhole(
  admin: Admin,
  partitions: readonly TopicPartition[],
): AsyncGenerator<InputRecord> {
  const starts = await admin.offsets(partitions, 'earliest')
  const ends = await admin.offsets(partitions, 'latest')
  const open = new Map(ends.map((end) => [partitionKey(end), end.offset]))
  for (const start of starts)
    if (start.offset >= (open.get(partitionKey(start)) ?? 0)) open.delete(partitionKey(start))
  const reader = admin.read(starts.filter((start) => open.has(partitionKey(start))))
  try {
    for (let idle = performance.now(); open.size > 0; ) {
      const { records, next } = await reader.take(TAKE)
      for (const record of records) if (record.offset < (open.get(partitionKey(record)) ?? 0)) yield record
      for (const position of next)
        if (position.offset >= (open.get(partitionKey(position)) ?? 0)) open.delete(partitionKey(position))
      if (next.length > 0) idle = performance.now()
      else if (performance.now() - idle > READ_MS)
        throw new LetheError(
          'broker-unreachable',
          `the topic was not read on for ${READ_MS / 1000} s`,
          'see `lethe doctor PIPELINE`',
        )
    }
  } finally {
    reader.close()
  }
}
