/** The plan of a run's records: as the policy has it, or of change events, of whose rows the policy speaks; with gates and shape. */
import { changePlanOf, inImage } from '../engine/change-plan.ts'
import type { EngineOptions, EngineParts } from '../engine/engine.ts'
import type { Gate } from '../engine/gate.ts'
import type { MessageOptions } from '../engine/message-engine.ts'
import { LetheError } from '../errors.ts'
import { changeGate } from '../gates/change-events.ts'
import { type GateData, NO_DATA } from '../gates/gate-data.ts'
import { gatesOf, readsOf, reasonsOf } from '../gates/index.ts'
import { IMAGES, type Path } from '../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { type Shape, shapeOf } from '../record/shape.ts'
import { type ChangeForm, DEBEZIUM } from '../record/wire-form.ts'

export { type ChangeForm, DEBEZIUM }

/** What an engine of a run is told: beside its options, what its gates know. */
export interface RunEngineOptions extends EngineOptions {
  /** Default: nothing, which a policy that names lists does not run with. */
  readonly data?: GateData | undefined
  /** What judges in place of the gates of the plan: for stored files alone, whose records have passed those. */
  readonly gates?: readonly Gate[] | undefined
  /** Records are change events, of whose rows the policy speaks. Default: they are the rows. */
  readonly change?: ChangeForm | undefined
}

/** The plan of records, and where they are change events, that of their rows. */
export interface PlannedRecords {
  readonly plan: Plan
  readonly row?: Plan | undefined
}

/** @throws LetheError where the policy does not go with change events */
export function plannedFor(plan: Plan, change: ChangeForm | undefined): PlannedRecords {
  if (change === undefined) return { plan }
  // A schema tags the columns of both images, and no rule of a tag stands in either so far.
  if (plan.tags !== undefined)
    throw new LetheError(
      'tags-need-schema',
      `the policy ${plan.name} has rules by tags, and those of change events are not read`,
      'give it a policy without `tags:`, whose paths name what the tags did',
    )
  if (plan.crowd !== undefined)
    throw new LetheError(
      'crowd-refused',
      `the policy ${plan.name} states \`crowd:\`, and a change event has two rows: one that is suppressed for one row would be missing in the class of the other`,
      'give it a policy without `crowd:`, or run the policy over the table that the events lead to',
    )
  const rule = besideConditionOf(plan)
  if (rule !== undefined)
    throw new LetheError(
      'bad-option',
      `the rule ${rule.label} goes by a value of the row, and a change event may hold two rows`,
      'write a rule without `when`',
    )
  return { plan: changePlanOf(plan, change.placeholder), row: plan }
}

/** A rule of what stands beside the row that asks for values of the row; undefined where none does. */
export const besideConditionOf = ({ envelope }: Plan): PlanRule | undefined =>
  envelope.flatMap(({ rulesByStep }) => rulesByStep.flat()).find(({ when }) => when.length > 0)

/**
 * A plan with its gates, and the shape that records are scanned by: of the plan, of what stands beside, of what gates read.
 * @throws LetheError (usage) where the plan names lists that are not there
 */
export function gated(
  planned: PlannedRecords,
  { data = NO_DATA, gates, change, compacted = false }: RunEngineOptions & Partial<MessageOptions>,
  beside: readonly PlanField[] = [],
): Pick<EngineParts, 'plan' | 'gates' | 'shape' | 'row' | 'change'> {
  const { plan, row = plan } = planned
  const own = gates ?? gatesOf(row, data)
  const reads = gates === undefined ? readsOf(row) : gates.flatMap((gate) => gate.reads)
  const shape = shapeWith(planned, reads, beside)
  if (change === undefined) return { plan, gates: own, shape }
  return {
    plan,
    row,
    change,
    gates: gates === undefined ? [changeGate(row, { ...change, compacted }), ...own] : own,
    shape,
  }
}

/** `reads`: of the row. */
function shapeWith(
  { plan, row }: PlannedRecords,
  reads: readonly Path[],
  beside: readonly PlanField[] = [],
): Shape {
  if (row === undefined) return shapeOf(plan, beside, reads)
  const ofRow = [row.subject, row.time?.path, ...reads].filter((path) => path !== undefined)
  const inImages = IMAGES.flatMap((image) => ofRow.map((path) => inImage(image, path)))
  return shapeOf(plan, beside, [...changeGate(row, { ...DEBEZIUM, compacted: false }).reads, ...inImages])
}

/** The shape of a plan's records, with what its gates read. */
export const plannedShape = (planned: PlannedRecords): Shape =>
  shapeWith(planned, readsOf(planned.row ?? planned.plan))

/** The same of records that are rows by themselves. */
export const runShape = (plan: Plan): Shape => plannedShape({ plan })

/** Under which reasons records of a plan may be suppressed. */
export const suppressionsOf = (plan: Plan, change: ChangeForm | undefined): string[] => [
  ...(change === undefined ? [] : changeGate(plan, { ...change, compacted: false }).reasons),
  ...reasonsOf(plan),
]
