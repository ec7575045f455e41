/** What a stored file comes to, once its rows were read and judged. */
import { FAILURE_CODES } from '../../transforms/transform.ts'
import type { TargetName } from './legal-hold.ts'
import { isErasure, type StoredJudge } from './stored-judge.ts'
import type { CannotStep } from './stored-plan.ts'
import type { Scan } from './stored-scan.ts'
import { type TargetRequest, type TargetSurvey, type Untouched, untouched } from './target.ts'

/** `goesWhole`: whether a file of which nothing is left goes. */
export function surveyOf(
  target: TargetName,
  { result, judge, digest }: Scan,
  request: TargetRequest,
  goesWhole: boolean,
): TargetSurvey | Untouched {
  const { stored, tally } = judge
  const { account } = result
  const { failed, unread } = deadRows(account.deadLettered)
  if (unread > 0)
    return untouched(
      target,
      'unreadable-rows',
      `${unread} rows of it cannot be read, so that they cannot be judged`,
    )
  const isRowDropped = cannotStepOf(request) === 'drop-row'
  // Values that a step cannot take: of rows that would be stepped.
  const deleted = tally.deleted + (isRowDropped ? failed : 0)
  const stepped = total(tally.stepped) - failed
  const kept = account.records - deleted - stepped
  const rules = judge.rules(isRowDropped ? failed : 0).filter(({ rows }) => rows > 0)
  const timeOf = (time: number): string | null =>
    Number.isFinite(time) ? new Date(time).toISOString() : null
  return {
    target: target,
    digest,
    rows: account.records,
    kept,
    deleted,
    stepped,
    rules,
    held: heldOf(judge),
    undated: tally.undated,
    cannotStep: total(tally.left) + (isRowDropped ? 0 : failed),
    unsteppable: stored.unsteppable,
    whole: account.records > 0 && deleted === account.records && goesWhole,
    oldest: timeOf(tally.oldest),
    newest: timeOf(tally.newest),
    ...judge.told(),
  }
}

function heldOf({ tally, held }: StoredJudge): TargetSurvey['held'] {
  const { counts, whole } = held
  return {
    fromDeletion: tally.heldFromDeletion,
    fromStep: tally.heldFromStep,
    ...(counts.size === 0 ? {} : { by: Object.fromEntries(counts) }),
    ...(whole.length === 0 ? {} : { whole }),
  }
}

export const cannotStepOf = (request: TargetRequest): CannotStep | undefined =>
  isErasure(request) ? undefined : request.cannotStep

const total = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0)

/** Rows that did not come through: because a value could not be stepped, or because they cannot be read. */
export function deadRows(dead: Readonly<Record<string, number | undefined>>): {
  failed: number
  unread: number
} {
  let failed = 0
  let unread = 0
  for (const [code, count = 0] of Object.entries(dead))
    if (Object.hasOwn(FAILURE_CODES, code)) failed += count
    else unread += count
  return { failed, unread }
}
