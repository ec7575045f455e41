/** Finds stored rows of subjects by their tokens: what goes, and what a legal hold keeps. */
import type { Gate } from '../engine/gate.ts'
import { parsePath } from '../policy/path.ts'
import type { StoredTime } from '../policy/published-time.ts'
import type { HeldRows } from './held-rows.ts'
import { type GateTally, newTally } from './stored-gate.ts'
import { intervalReader } from './stored-time.ts'
import type { Search } from './target.ts'

export const ERASURE_REASON = 'erasure'

export interface ErasureTally extends GateTally {
  /** Rows that go, by the finder that found them first. */
  readonly byFinder: number[]
  /** Rows without a value in any field that subjects are found by. */
  unnamed: number
}

export const newErasureTally = ({ finders }: Search): ErasureTally => ({
  ...newTally(0),
  byFinder: finders.map(() => 0),
  unnamed: 0,
})

export interface ErasureSetting {
  readonly search: Search
  readonly time: StoredTime | undefined
  /** ms since 1970. */
  readonly now: number
  /** What it reads stands behind the finders and the time. */
  readonly held: HeldRows
  readonly onFound: ((row: number) => void) | undefined
}

export function erasureGate(setting: ErasureSetting, tally: ErasureTally): Gate {
  const { search, time, now, held, onFound } = setting
  const { finders, plan } = search
  const read = time === undefined ? undefined : intervalReader(time, plan)
  const timeAt = finders.length
  let row = 0
  return {
    name: 'erasure',
    phase: 'before-rules',
    reads: [
      ...finders.map(({ path }) => path),
      ...(time === undefined ? [] : [parsePath(time.field)]),
      ...held.reads,
    ],
    reasons: [ERASURE_REASON],
    judge(records) {
      for (let record = records.from; record < records.to; record++) {
        row++
        if (records.isOut(record)) continue
        const text = read === undefined ? undefined : records.text(record, timeAt)
        const interval = text === undefined ? undefined : read!(text, now)
        if (interval === undefined) tally.undated++
        else {
          if (interval.start < tally.oldest) tally.oldest = interval.start
          if (interval.end > tally.newest) tally.newest = interval.end
        }
        let isNamed = false
        const by = finders.findIndex(({ find }, at) => {
          const texts = records.texts(record, at)
          isNamed ||= texts.length > 0
          return texts.some(find)
        })
        if (!isNamed) tally.unnamed++
        if (by < 0) continue
        onFound?.(row)
        const hold = held.holdOfTime(interval) ?? held.holdOfSubject(records, record, interval)
        if (hold === undefined) {
          tally.deleted++
          tally.byFinder[by]!++
          records.suppress(record, ERASURE_REASON)
        } else {
          held.count(hold)
          tally.heldFromDeletion++
        }
      }
    },
  }
}
