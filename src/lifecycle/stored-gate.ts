/** Judges stored rows by their age: what goes, what is taken to a later step, and what a legal hold keeps as it is. */
import type { Gate } from '../engine/gate.ts'
import type { Path } from '../policy/path.ts'
import type { PlanRetention } from '../policy/plan.ts'
import type { HeldRows } from './held-rows.ts'
import type { TimeInterval } from './stored-time.ts'

export interface GateSetting {
  readonly retention: PlanRetention
  readonly time: Path
  readonly read: (text: string, now: number) => TimeInterval | undefined
  /** What becomes of rows that reach a step, from step 1 on. */
  readonly steps: readonly ('step' | 'delete' | 'leave')[]
  /** The instant that ages are judged at, less the margin: ms since 1970. */
  readonly now: number
  /** The instants between which the rows were judged when they were written. */
  readonly judged: { readonly from: number; readonly until: number }
  /** What it reads stands behind `time`. */
  readonly held: HeldRows
}

/** What it said of the rows that it saw. */
export interface GateTally {
  /** Rows that go: the reason of the policy. */
  deleted: number
  /** Of these, those that go because a field cannot be stepped. */
  deletedByStep: number
  /** Rows that are taken to each step, from step 1 on. */
  readonly stepped: number[]
  /** Rows that would be taken to a step to which a field cannot be taken. */
  readonly left: number[]
  /** Rows that are old enough for a step, in a file whose policy takes none here. */
  unstepped: number
  /** Rows that would go, and are held. */
  heldFromDeletion: number
  /** Rows that would be stepped, and are held. */
  heldFromStep: number
  /** Rows without an event time that can be read. */
  undated: number
  /** Of all rows that have one: the earliest start and the latest end, ms since 1970. */
  oldest: number
  newest: number
  /** The longest interval, ms: for so long a row may outlive its period. */
  longest: number
}

export const newTally = (steps: number): GateTally => ({
  deleted: 0,
  deletedByStep: 0,
  stepped: Array<number>(steps).fill(0),
  left: Array<number>(steps).fill(0),
  unstepped: 0,
  heldFromDeletion: 0,
  heldFromStep: 0,
  undated: 0,
  oldest: Number.POSITIVE_INFINITY,
  newest: Number.NEGATIVE_INFINITY,
  longest: 0,
})

/** Rows share times: so many decisions are kept. */
const MOST_KNOWN = 65_536

type Decision =
  | { readonly kind: 'keep' | 'unstepped' | 'delete' }
  | { readonly kind: 'step' | 'delete-step' | 'left'; readonly step: number }

export function storedGate(setting: GateSetting, tally: GateTally): Gate {
  const { time, read, now, held } = setting
  const known = new Map<
    string,
    | {
        readonly interval: TimeInterval
        readonly decision: Decision
        /** That keeps every row of this time. */
        readonly hold: string | undefined
      }
    | undefined
  >()
  const judgeText = (text: string) => {
    if (known.has(text)) return known.get(text)
    if (known.size >= MOST_KNOWN) known.clear()
    const interval = read(text, now)
    const decision = interval && decide(interval, setting)
    const judged = decision && {
      interval,
      decision,
      hold: changes(decision) ? held.holdOfTime(interval) : undefined,
    }
    known.set(text, judged)
    return judged
  }
  return {
    name: 'stored',
    phase: 'before-rules',
    reads: [time, ...held.reads],
    reasons: [setting.retention.label],
    judge(records) {
      for (let record = records.from; record < records.to; record++) {
        if (records.isOut(record)) continue
        const text = records.text(record, 0)
        const judged = text === undefined ? undefined : judgeText(text)
        if (judged === undefined) {
          tally.undated++
          continue
        }
        const { interval, decision } = judged
        if (interval.start < tally.oldest) tally.oldest = interval.start
        if (interval.end > tally.newest) tally.newest = interval.end
        if (interval.end - interval.start > tally.longest) tally.longest = interval.end - interval.start
        const hold = changes(decision)
          ? (judged.hold ?? held.holdOfSubject(records, record, interval))
          : undefined
        if (hold !== undefined) {
          held.count(hold)
          if (decision.kind === 'step') tally.heldFromStep++
          else tally.heldFromDeletion++
          continue
        }
        switch (decision.kind) {
          case 'keep':
            break
          case 'unstepped':
            tally.unstepped++
            break
          case 'left':
            tally.left[decision.step - 1]!++
            break
          case 'step':
            tally.stepped[decision.step - 1]!++
            records.setStep(record, decision.step)
            break
          default:
            if (decision.kind === 'delete-step') tally.deletedByStep++
            tally.deleted++
            records.suppress(record, setting.retention.label)
        }
      }
    },
  }
}

/** Whether the row does not stay as it is. */
const changes = ({ kind }: Decision): boolean => kind !== 'keep' && kind !== 'unstepped' && kind !== 'left'

/** By the end of the interval; nothing is taken to a step that it may be behind already. */
function decide({ start, end }: TimeInterval, { retention, steps, now, judged }: GateSetting): Decision {
  const reached = retention.judge(end, now)
  if (reached === 'suppress') return { kind: 'delete' }
  if (reached === 0) return { kind: 'keep' }
  if (steps.length === 0) return { kind: 'unstepped' }
  const last = steps.length
  const least = retention.judge(end, judged.from)
  const most = retention.judge(start, judged.until)
  const from = least === 'suppress' ? last : least
  const upTo = most === 'suppress' ? last : most
  if (reached <= from || reached < upTo) return { kind: 'keep' }
  const action = steps[reached - 1]!
  if (action === 'leave') return { kind: 'left', step: reached }
  return { kind: action === 'delete' ? 'delete-step' : 'step', step: reached }
}
