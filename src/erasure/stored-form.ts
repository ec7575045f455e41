/** How the records of a topic hold what a policy wrote: as rows by themselves, or as change events, which hold a row twice. */
import { changePlanOf, inImage } from '../engine/change-plan.ts'
import { storedPlan } from '../lifecycle/stored-plan.ts'
import { IMAGES, type Path, pathOf } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type ChangeForm, DEBEZIUM } from '../record/wire-form.ts'

export interface StoredForm {
  /** Of records that are stored so. */
  readonly plan: Plan
  /** Where a path of the policy stands in them; nowhere, where they are no events and it is of one. */
  readonly places: (path: Path) => readonly Path[]
  readonly isOfEvents: boolean
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

/** Of records that are rows by themselves. `unlisted`: whether members that no path names may stand in them. */
export function rowForm(plan: Plan, unlisted: Plan['unlisted'] = 'reject'): StoredForm {
  const stored: Plan = { ...storedPlan(untagged(plan), false, undefined).plan, unlisted }
  return {
    plan: stored,
    isOfEvents: false,
    places: (path) => (path.envelope === 'change' ? [] : [path]),
    // Where there is one row, it has to name its subject.
    rows: [{ place: (path) => path, scalars: [], isWhole: false, isNotIn: [] }],
  }
}

/** Of change events: both images, and what of the event itself leaves. A policy with rules of tags writes none. */
function eventForm(plan: Plan, { placeholder }: ChangeForm): StoredForm {
  const stored = storedPlan(changePlanOf(plan, placeholder), false, undefined).plan
  return {
    plan: stored,
    isOfEvents: true,
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

/**
 * How records of a policy may hold rows. `changes`: of the routes that write to their topic today, undefined for rows as they are.
 * `other`: what routes may have written before: only what no form of today reads is read so. A record of one form is none of another:
 * each of its members has to be named.
 */
export function formsOf(
  plan: Plan,
  changes: readonly (ChangeForm | undefined)[],
): { readonly today: readonly StoredForm[]; readonly other: readonly StoredForm[] } {
  if (plan.tags !== undefined) {
    // What no path names, rules of tags wrote: whether one may be a token of a subject, the search says. So nothing else may be there.
    const isOfRows = changes.every((change) => change === undefined)
    return { today: [rowForm(plan, isOfRows ? 'drop' : 'reject')], other: [] }
  }
  const today = changes.map((change) => (change === undefined ? rowForm(plan) : eventForm(plan, change)))
  const other = [
    ...(changes.includes(undefined) ? [] : [rowForm(plan)]),
    ...(changes.some((change) => change !== undefined) ? [] : [eventForm(plan, DEBEZIUM)]),
  ]
  return { today, other }
}

/** Where the operation of a change event stands. */
export const OPERATION: Path = pathOf([{ kind: 'name', name: 'op' }])
