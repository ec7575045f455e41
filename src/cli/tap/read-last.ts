/** The last records of a topic that were committed, or those that come from now on. */
import { LetheError } from '../../errors.ts'
import type { Admin } from '../../kafka/admin.ts'
import { type InputRecord, type Position, partitionKey, type TopicPartition } from '../../kafka/record.ts'

const TAKE = { records: 1000, bytes: 4 << 20, time: 250 } as const
/** The longest time for reading the tail of a topic. */
const READ_MS = 30_000

/**
 * The last `limit` records that `counts`, a like number of each partition as far as they have them; by partition and
 * offset. Markers of transactions and what was aborted or compacted away leave gaps, so it looks further back by and by.
 */
export async function readLast(
  admin: Admin,
  partitions: readonly TopicPartition[],
  limit: number,
  counts: (record: InputRecord) => boolean,
): Promise<readonly InputRecord[]> {
  const starts = await admin.offsets(partitions, 'earliest')
  const ends = await admin.offsets(partitions, 'latest')
  const startOf = new Map(starts.map((start) => [partitionKey(start), start.offset]))
  for (let span = 2 * limit + 10; ; span *= 8) {
    const from = ends.map((end) => ({
      ...end,
      offset: Math.max(startOf.get(partitionKey(end)) ?? 0, end.offset - span),
    }))
    const tails = await readTails(admin, from, ends, limit, counts)
    const isAll = from.every((one) => one.offset === (startOf.get(partitionKey(one)) ?? 0))
    const found = tails.reduce((sum, tail) => sum + tail.length, 0)
    if (isAll || found >= limit) return lastOf(tails, limit)
  }
}

async function readTails(
  admin: Admin,
  from: readonly Position[],
  ends: readonly Position[],
  limit: number,
  counts: (record: InputRecord) => boolean,
): Promise<readonly (readonly InputRecord[])[]> {
  const open = new Map(ends.map((end) => [partitionKey(end), end.offset]))
  const tails = new Map<string, InputRecord[]>(ends.map((end) => [partitionKey(end), []]))
  for (const position of from)
    if (position.offset >= (open.get(partitionKey(position)) ?? 0)) open.delete(partitionKey(position))
  const reader = admin.read(from.filter((position) => open.has(partitionKey(position))))
  const until = performance.now() + READ_MS
  try {
    while (open.size > 0) {
      if (performance.now() > until)
        throw new LetheError(
          'broker-unreachable',
          `the end of the topic was not reached within ${READ_MS / 1000} s`,
          'see `lethe doctor PIPELINE`, or take a smaller --limit',
        )
      const { records, next } = await reader.take(TAKE)
      for (const record of records) {
        if (record.offset >= (open.get(partitionKey(record)) ?? 0) || !counts(record)) continue
        const tail = tails.get(partitionKey(record))!
        tail.push(record)
        if (tail.length > limit) tail.shift()
      }
      for (const position of next)
        if (position.offset >= (open.get(partitionKey(position)) ?? 0)) open.delete(partitionKey(position))
    }
  } finally {
    reader.close()
  }
  return [...tails.values()]
}

/** From the ends of all, one after the other, until there are enough. */
function lastOf(tails: readonly (readonly InputRecord[])[], limit: number): readonly InputRecord[] {
  const taken = tails.map(() => 0)
  let left = limit
  for (let round = 1; left > 0 && tails.some((tail) => tail.length >= round); round++)
    for (const [i, tail] of tails.entries())
      if (left > 0 && tail.length >= round) {
        taken[i] = round
        left--
      }
  return tails.flatMap((tail, i) => tail.slice(tail.length - taken[i]!))
}

/** Records that are written from now on, until there are `limit` or the time is over. */
export async function* readNew(
  admin: Admin,
  partitions: readonly TopicPartition[],
  limit: number,
  duration: number,
  counts: (record: InputRecord) => boolean,
): AsyncGenerator<InputRecord> {
  const until = performance.now() + duration
  const reader = admin.read(await admin.offsets(partitions, 'latest'))
  let left = limit
  try {
    while (left > 0 && performance.now() < until) {
      const time = Math.max(1, Math.min(TAKE.time, until - performance.now()))
      const { records } = await reader.take({ ...TAKE, time })
      for (const record of records)
        if (left > 0 && counts(record)) {
          left--
          yield record
        }
    }
  } finally {
    reader.close()
  }
}
