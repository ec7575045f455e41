/** Which records stand alone, as JSON: figures and paths of the policy, no values. */
import { LetheError } from '../../errors.ts'
import type { Figures } from '../../groups/figures.ts'
import { quasiIdentifiers } from '../../groups/quasi-identifiers.ts'
import type { Plan, PlanField } from '../../policy/plan.ts'

export interface GroupsView extends Figures {
  /** The output paths that were looked at. */
  readonly quasiIdentifiers: readonly string[]
  /** What counts as a data subject: a record does where the policy names no subject. */
  readonly counted: 'subjects' | 'records'
}

/** `fields`: those that were looked at, whatever their role. */
export function viewGroups(plan: Plan, fields: readonly PlanField[], figures: Figures): GroupsView {
  // For its place in the JSON.
  const { estimated, ...others } = figures
  return {
    quasiIdentifiers: quasiIdentifiers(fields).map(({ path }) => path.text),
    counted: plan.subject === undefined ? 'records' : 'subjects',
    estimated,
    ...others,
  }
}

/** @throws LetheError (usage) where there is nothing that `--max-unique` could judge */
export function checkMayJudge(fields: readonly PlanField[]): void {
  if (quasiIdentifiers(fields).length === 0)
    throw new LetheError(
      'bad-option',
      '--max-unique: no field of the policy that may leave has `role: quasi-identifier`, so nothing can be said of who stands alone; nothing was read',
      'give the fields that single out a person that role, or leave --max-unique out',
    )
}

/** Whether the share of subjects that stand alone, plus two standard deviations, reaches `most`. */
export const standAlone = ({ alone }: Figures, most: number): boolean => alone.share + 2 * alone.error >= most
