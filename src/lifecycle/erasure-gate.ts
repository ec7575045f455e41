/** Finds stored rows of subjects by their tokens: what goes, and what a legal hold keeps. */
import type { Gate } from '../engine/gate.ts'
import { parsePath } from '../policy/path.ts'
import type { Hold, TargetName } from './legal-hold.ts'
import { holdsOn, mayDelete } from './may-delete.ts'
import type { Sidecar } from './sidecar.ts'
import { type GateTally, newTally } from './stored-gate.ts'
import { intervalReader, type TimeInterval } from './stored-time.ts'
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
  readonly target: TargetName
  readonly search: Search
  readonly time: Sidecar['time']
  /** ms since 1970. */
  readonly now: number
  readonly holds: readonly Hold[]
  readonly heldAt: number
  readonly onFound: ((row: number) => void) | undefined
}

export function erasureGate(setting: ErasureSetting, tally: ErasureTally): Gate {
  const { target, search, time, now, holds, heldAt, onFound } = setting
  const { finders, plan } = search
  const isHeld = holdsOn(target, holds, heldAt).length > 0
  const read = time === undefined ? undefined : intervalReader(time, plan)
  const timeAt = finders.length
  let row = 0
  const mayGo = (interval: TimeInterval | undefined): boolean =>
    !isHeld || mayDelete({ target, from: interval?.start, until: interval?.end }, holds, heldAt).allowed
  return {
    name: 'erasure',
    phase: 'before-rules',
    reads: [...finders.map(({ path }) => path), ...(time === undefined ? [] : [parsePath(time.field)])],
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
        if (mayGo(interval)) {
          tally.deleted++
          tally.byFinder[by]!++
          records.suppress(record, ERASURE_REASON)
        } else tally.heldFromDeletion++
      }
    },
  }
}
