/** Retention of what is stored: plans a work order, applies it, and reads again whether it is done. Prints nothing. */
import { LetheError } from '../errors.ts'
import type { Plan } from '../policy/plan.ts'
import { applyFiles, hasWork } from './apply-files.ts'
import { expiredOf, type TargetName } from './legal-hold.ts'
import type { HeldSetting } from './may-delete.ts'
import { type AppliedOrder, lookAtEach, refuseExpired, spanOf, surveyEach } from './order-steps.ts'
import { StoredFile } from './stored-file.ts'
import type { CannotStep } from './stored-plan.ts'
import {
  plannedBytes,
  type RetentionRequest,
  remoteBytesOf,
  type Target,
  type TargetSurvey,
} from './target.ts'
import { type AnyOrder, fileOf, sealOrder, totalOf, type WorkOrder } from './work-order.ts'

export interface PlanOptions extends HeldSetting {
  readonly asOf: number
  /** When the plan is made: ms since 1970. */
  readonly now: number
  readonly marginMs: number
  /** How long the order may be applied, ms. */
  readonly validMs: number
  readonly cannotStep: CannotStep | undefined
  readonly objectVersions?: 'delete' | undefined
}

/** @throws LetheError (usage) where the policy says nothing of ages */
export async function planRetention(
  targets: readonly Target[],
  plan: Plan,
  options: PlanOptions,
): Promise<WorkOrder> {
  if (plan.retention === undefined || plan.time === undefined)
    throw new LetheError(
      'bad-option',
      `the policy ${plan.name} states no \`retention:\`: nothing is ever too old`,
      'name a policy that does',
    )
  const { asOf, now, marginMs, validMs, cannotStep, objectVersions, holds } = options
  const request = { plan, asOf, marginMs, cannotStep, objectVersions, holds, heldAt: now }
  const { surveyed, untouched } = await surveyEach(targets, (target) => target.survey(request), remoteBytesOf)
  const { name, version, fingerprint } = plan
  return sealOrder<Omit<WorkOrder, 'hash'>>({
    lethe: 'order',
    v: 1,
    kind: 'retain',
    ...spanOf(now, validMs),
    asOf: new Date(asOf).toISOString(),
    marginMs,
    cannotStep: cannotStep ?? null,
    ...(objectVersions && { objectVersions }),
    policy: { name, version, fingerprint },
    targets: surveyed,
    untouched,
    expiredHolds: expiredOf(holds, now),
  })
}

/**
 * Where an order deletes a larger share of its rows than `most`, from 0 to 1, it is refused. `standing`: it stands in a file, and so many
 * of its rows are still to be deleted.
 */
export function refuseTooMuch(
  order: AnyOrder,
  most: number,
  standing?: { readonly file: string; readonly left: number },
): void {
  const { rows, deleted } = totalOf(order)
  const count = standing?.left ?? deleted
  if (count <= rows * most) return
  const allowed = `--max-delete allows ${Math.floor(rows * most)}; nothing was deleted`
  throw standing === undefined
    ? new LetheError(
        'too-much-to-delete',
        `${count} of ${rows} rows would be deleted, and ${allowed}; no order was written`,
        'look at the clock, and at what `lethe retain plan` says; then apply the order that it writes, or allow more',
      )
    : new LetheError(
        'too-much-to-delete',
        `the order ${standing.file} is not done: ${count} of its ${rows} rows are still to be deleted, and ${allowed}`,
        'look at the clock and at the order; then apply it with `lethe retain apply`, allow more, or delete the order',
      )
}

/** Rows that an order is still to delete: those of targets that are what they were when it was made. @throws LetheError (io) */
export async function leftToDelete({ targets }: WorkOrder): Promise<number> {
  let left = 0
  for (const { target, digest, deleted } of targets)
    if (deleted > 0 && (await new StoredFile(fileOf(target)).isStill(digest))) left += deleted
  return left
}

export interface ApplySetting extends HeldSetting {
  readonly plan: Plan
  /** ms since 1970. */
  readonly now: number
}

const requestOf = (order: WorkOrder, { plan, holds, lookAgain, now }: ApplySetting): RetentionRequest => ({
  plan,
  asOf: Date.parse(order.asOf),
  marginMs: order.marginMs,
  cannotStep: order.cannotStep ?? undefined,
  objectVersions: order.objectVersions,
  holds,
  lookAgain,
  heldAt: now,
})

/**
 * Does what the order says, target by target; what was done already stays as it is.
 * @throws LetheError: `order-invalid`, `order-expired`, and what targets throw: those before are done, and the order can be
 *   applied again
 */
export async function applyOrder(order: WorkOrder, setting: ApplySetting): Promise<AppliedOrder> {
  if (order.policy.fingerprint !== setting.plan.fingerprint)
    throw new LetheError(
      'order-invalid',
      'the order was made under another policy than the one named; nothing was done',
      'name the policy as it was then, or make another order',
    )
  refuseExpired(order, setting.now)
  const request = requestOf(order, setting)
  return await applyFiles(order.targets.filter(hasWork), order.hash, request)
}

/** What is found at a target when it is read again. */
export interface VerifiedTarget {
  readonly target: TargetName
  /** `not stepped`: rows are too old for a step that cannot be taken here. `held`: what is too old and still there is there because a legal hold keeps it. */
  readonly state: 'verified absent' | 'held' | 'not absent' | 'not stepped' | 'cannot be read'
  /** Rows that should not be there any more, or not as they are. */
  readonly rows: number
  /** Rows that are there because a legal hold keeps them. */
  readonly held: number
  readonly message: string
}

/** Under which legal holds rows of a target are kept. */
export const underHold = ({ held }: Pick<TargetSurvey, 'held'>): string =>
  ['under legal hold', Object.keys(held.by ?? {}).join(', ')].join(' ').trimEnd()

export const olderThere = (count: number): string => `${count} older versions of it are still there`

/** Reads every target of the order again. Changes nothing. */
export async function verifyOrder(
  order: WorkOrder,
  setting: ApplySetting,
): Promise<readonly VerifiedTarget[]> {
  const verify = (planned: TargetSurvey) => verifyTarget(planned, requestOf(order, setting))
  return await lookAtEach(order.targets, verify, plannedBytes)
}

async function verifyTarget(planned: TargetSurvey, request: RetentionRequest): Promise<VerifiedTarget> {
  const target = new StoredFile(fileOf(planned.target))
  const told = (
    state: VerifiedTarget['state'],
    rows: number,
    held: number,
    message: string,
  ): VerifiedTarget => ({
    target: planned.target,
    state,
    rows,
    held,
    message,
  })
  if (await target.isGone()) return told('verified absent', 0, 0, 'the file is not there')
  const found = await target.survey(request)
  if ('code' in found) return told('cannot be read', 0, 0, found.message)
  const held = found.held.fromDeletion
  const remaining = found.deleted + (found.held.fromStep > 0 ? 0 : found.stepped)
  if (remaining > 0) return told('not absent', remaining, held, `${remaining} rows are still there`)
  if (found.olderVersions !== undefined) return told('not absent', 0, held, olderThere(found.olderVersions))
  const unstepped = found.cannotStep + (found.unstepped ?? 0)
  if (unstepped > 0)
    return told(
      'not stepped',
      unstepped,
      held,
      `${unstepped} rows are too old for a step, and stay as they were: ${found.cannotStep > 0 ? 'plan with --cannot-step drop-field or drop-row' : 'another version of the policy made the file, and its steps are taken by that version (-p)'}`,
    )
  return held > 0
    ? told('held', 0, held, `read again: ${held} rows are there ${underHold(found)}, and no other is too old`)
    : told('verified absent', 0, 0, 'read again: no row is too old')
}
