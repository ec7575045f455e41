/** What judges the rows of a stored file, by what is asked of it: retention, or erasure. */
import type { Gate } from '../engine/gate.ts'
import { parsePath } from '../policy/path.ts'
import { erasureGate, newErasureTally } from './erasure-gate.ts'
import { HeldRows } from './held-rows.ts'
import type { Made } from './keeper.ts'
import type { TargetName } from './legal-hold.ts'
import { stepsOf } from './sidecar.ts'
import { type GateTally, newTally, storedGate } from './stored-gate.ts'
import { type StoredPlan, storedPlan } from './stored-plan.ts'
import { intervalReader } from './stored-time.ts'
import {
  type ErasureRequest,
  type RetentionRequest,
  type RuleAction,
  type TargetRequest,
  type TargetSurvey,
  UNTOUCHED,
  type UntouchedCode,
} from './target.ts'

export interface StoredJudge {
  readonly stored: StoredPlan
  readonly tally: GateTally
  readonly gate: Gate
  readonly held: HeldRows
  /** The instant that the run is judged at, ms since 1970. */
  readonly now: number
  /** What went by which rule, once the rows were judged; `failed`: rows of which a value cannot be stepped, and that go. */
  readonly rules: (failed: number) => readonly RuleAction[]
  /** What a survey says beside its counts. */
  readonly told: () => Pick<TargetSurvey, 'unnamed' | 'unsearched' | 'unstepped' | 'mayOutliveMs'>
}

export const isErasure = (request: TargetRequest): request is ErasureRequest => 'searches' in request

/** Why a file that was made so is left as it is; undefined where it can be judged. */
export function refusalOf(
  { policy, time, keyChecks, change }: Made,
  request: TargetRequest,
): { readonly code: UntouchedCode; readonly message: string } | undefined {
  const refused = (code: UntouchedCode, message: string = UNTOUCHED[code]) => ({ code, message })
  if (change !== undefined) return refused('change-events')
  if (!isErasure(request)) {
    if (policy.name !== request.plan.name)
      return refused('other-policy', `it was made by the policy ${policy.name}, which is not named`)
    return time === undefined ? refused('no-time') : undefined
  }
  const search = request.searches.get(policy.fingerprint)
  if (search === undefined) {
    const isKnown = [...request.searches.values()].some(({ plan }) => plan.name === policy.name)
    return isKnown
      ? refused('other-version')
      : refused('other-policy', `it was made by the policy ${policy.name}, which is not named`)
  }
  if (search.finders.length === 0)
    return refused('no-token', `${UNTOUCHED['no-token']}: ${search.unsearched.join('; ')}`)
  const lacking = Object.entries(keyChecks).find(([id, check]) => request.keyChecks[id] !== check)
  return lacking && refused('keys-missing', `${UNTOUCHED['keys-missing']}: ${lacking[0]}, ${lacking[1]}`)
}

const madeBy = ({ policy, keyChecks }: Made) => ({ fingerprint: policy.fingerprint, keyChecks })

/** `mayStep`: whether rows are taken to later steps where they should be. */
export const judgeOf = (
  target: TargetName,
  made: Made,
  request: TargetRequest,
  mayStep: boolean,
): StoredJudge =>
  isErasure(request) ? erasureJudge(target, made, request) : retentionJudge(target, made, request, mayStep)

function retentionJudge(
  target: TargetName,
  made: Made,
  request: RetentionRequest,
  mayStep: boolean,
): StoredJudge {
  const { plan, asOf, marginMs, cannotStep, holds, heldAt } = request
  const isSamePolicy = made.policy.fingerprint === plan.fingerprint
  const stored = storedPlan(plan, isSamePolicy, cannotStep, made.parts)
  const tally = newTally(stored.steps.length)
  const time = made.time!
  const held = new HeldRows({ target, made: madeBy(made), holds, heldAt, readsFrom: 1 })
  const gate = storedGate(
    {
      retention: plan.retention!,
      time: parsePath(time.field),
      read: intervalReader(time, isSamePolicy ? plan : undefined),
      steps: mayStep ? stored.steps : stored.steps.map(() => 'leave'),
      now: asOf - marginMs,
      judged: made.judged,
      held,
    },
    tally,
  )
  return {
    stored,
    tally,
    gate,
    held,
    now: asOf,
    rules: (failed) => {
      const expired = tally.deleted - tally.deletedByStep
      return [
        { rule: plan.retention!.label, action: 'delete', rows: expired },
        { rule: 'cannot be stepped down', action: 'delete', rows: tally.deletedByStep + failed },
        ...tally.stepped.map((rows, at) => ({ rule: `step ${at + 1}`, action: 'step' as const, rows })),
      ]
    },
    told: () => ({
      ...(isSamePolicy || stepsOf(plan) === 0 || tally.unstepped === 0 ? {} : { unstepped: tally.unstepped }),
      mayOutliveMs: tally.longest + marginMs,
    }),
  }
}

function erasureJudge(target: TargetName, made: Made, request: ErasureRequest): StoredJudge {
  const { holds, heldAt, onFound } = request
  const search = request.searches.get(made.policy.fingerprint)!
  const tally = newErasureTally(search)
  const { time } = made
  const readsFrom = search.finders.length + (time === undefined ? 0 : 1)
  const held = new HeldRows({ target, made: madeBy(made), holds, heldAt, readsFrom })
  const setting = { search, time, now: heldAt, held, onFound }
  return {
    stored: storedPlan(search.plan, false, undefined),
    tally,
    gate: erasureGate(setting, tally),
    held,
    now: heldAt,
    rules: () =>
      search.finders.map(({ path }, at) => ({
        rule: path.text,
        action: 'delete',
        rows: tally.byFinder[at]!,
      })),
    told: () => ({ unnamed: tally.unnamed, unsearched: search.unsearched, mayOutliveMs: 0 }),
  }
}
