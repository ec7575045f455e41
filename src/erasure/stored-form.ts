/** How the records of a topic hold what a policy wrote: as rows by themselves, or as change events, which hold a row twice. */
import { changePlanOf, inImage } from '../engine/change-plan.ts'
import { storedPlan } from '../lifecycle/stored-plan.ts'
import { IMAGES, type Path, pathOf } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import type { ChangeForm } from '../record/wire-form.ts'

export interface StoredForm {
  /** Of records that are stored so. */
  readonly plan: Plan
  /** Where a path of the policy stands in them. */
  readonly places: (path: Path) => readonly Path[]
  /** The rows that a record may hold: of change events one for each image. */
  readonly rows: readonly StoredRow[]
}

export interface StoredRow {
  readonly place: (path: Path) => Path
  /** Scalars of it; `isWhole`: beside them it holds nothing. */
  readonly scalars: readonly Path[]
  readonly isWhole: boolean
  /** Operations whose events do not have it. */
  readonly isNotIn: readonly string[]
}

/** The fields that the rules of tags wrote are known of no stored record. */
const untagged = (plan: Plan): Plan => ({
  ...plan,
  tags: undefined,
  fields: plan.fields
    .filter(({ path }) => path.tag === undefined)
    .map((field, index) => ({ ...field, index })),
})

/** With rules of tags, members that no path names were written by these: whether one may be a token of a subject, the search says. */
const storedAs = ({ tags }: Plan, plan: Plan): Plan => ({
  ...storedPlan(plan, false, undefined).plan,
  ...(tags === undefined ? {} : { unlisted: 'drop' as const }),
})

/** Whether a gate can ask for the values of a field. */
const isScalar = ({ path, rulesByStep }: PlanField): boolean =>
  path.isPattern !== true &&
  path.segments.every(({ kind }) => kind !== 'names') &&
  rulesByStep.flat().every(({ action }) => action.kind !== 'keep-subtree')

function rowIn(
  plan: Plan,
  isOf: (path: Path) => boolean,
  row: Omit<StoredRow, 'scalars' | 'isWhole'>,
): StoredRow {
  const fields = plan.fields.filter(({ path }) => isOf(path))
  const scalars = fields.filter(isScalar)
  return { ...row, scalars: scalars.map(({ path }) => path), isWhole: scalars.length === fields.length }
}

/** Of records that are rows by themselves. */
export function rowForm(plan: Plan): StoredForm {
  const stored = storedAs(plan, untagged(plan))
  return {
    plan: stored,
    places: (path) => [path],
    // Where there is one row, it has to name its subject.
    rows: [{ place: (path) => path, scalars: [], isWhole: false, isNotIn: [] }],
  }
}

/** Of change events: both images, and what of the event itself leaves. */
export function eventForm(plan: Plan, { placeholder }: ChangeForm): StoredForm {
  const stored = storedAs(plan, changePlanOf(untagged(plan), placeholder))
  return {
    plan: stored,
    places: (path) =>
      path.envelope === 'change' ? [pathOf(path.segments)] : IMAGES.map((image) => inImage(image, path)),
    rows: IMAGES.map((image) =>
      rowIn(stored, ({ segments: [first] }) => first?.kind === 'name' && first.name === image, {
        place: (path) => inImage(image, path),
        isNotIn: image === 'before' ? ['c', 'r'] : ['d'],
      }),
    ),
  }
}

/** Where the operation of a change event stands. */
export const OPERATION: Path = pathOf([{ kind: 'name', name: 'op' }])
