/** Reads spans of logs from their first to their last record, what is committed only, outside of any group. */
import { LetheError } from '../errors.ts'
import type { Admin } from './admin.ts'
import { type InputRecord, offsetsOf, type Position, partitionKey } from './record.ts'

const TAKE = { records: 10_000, bytes: 16 << 20, time: 1000 } as const
/** So long nothing may come before the end is reached. */
const MOST_SILENCE_MS = 60_000

/** `ends`: the offsets behind the last record of each; a promise that `take` gives is waited for. @throws LetheError (io) where the ends are not reached */
export async function readLogs(
  admin: Admin,
  from: readonly Position[],
  ends: readonly Position[],
  take: (record: InputRecord) => Promise<void> | void,
): Promise<void> {
  const open = offsetsOf(ends)
  const isOpen = (position: Position): boolean => position.offset < (open.get(partitionKey(position)) ?? 0)
  let at = from.filter(isOpen)
  let heardAt = performance.now()
  while (at.length > 0) {
    const where = offsetsOf(at)
    const reader = admin.read(at)
    try {
      // A reader goes on behind the end of a log: once one is reached, another reads those that are left.
      while (at.every(isOpen)) {
        const { records, next } = await reader.take(TAKE)
        for (const record of records) {
          if (!isOpen(record)) continue
          const taken = take(record)
          if (taken !== undefined) await taken
        }
        if (next.some((one) => one.offset > (where.get(partitionKey(one)) ?? 0))) heardAt = performance.now()
        else if (performance.now() - heardAt > MOST_SILENCE_MS)
          throw new LetheError(
            'broker-unreachable',
            `topic ${at[0]!.topic}: nothing was read for ${MOST_SILENCE_MS / 1000} s, and the end was not reached`,
            'look whether the brokers are well',
          )
        for (const one of next) where.set(partitionKey(one), one.offset)
        at = at.map((one) => ({ ...one, offset: where.get(partitionKey(one)) ?? one.offset }))
      }
    } finally {
      reader.close()
    }
    at = at.filter(isOpen)
  }
}
