/** Where the outputs of a policy tell the event time of their records. */
import type { Plan, PlanField, PlanRule } from './plan.ts'

/** Where outputs have the event time, and how it is written there. */
export interface StoredTime {
  /** The output path. */
  readonly field: string
  /** `interval`: as `generalize.date` writes it; `as-read`: as the inputs had it. */
  readonly form: 'interval' | 'as-read'
  /** Whether days and months are those of UTC. */
  readonly utc: boolean
}

/** The field that tells the event time best; undefined where no output field tells it. */
export function storedTimeOf({ fields, time }: Pick<Plan, 'fields' | 'time'>): StoredTime | undefined {
  if (time === undefined) return undefined
  const told = fields
    .filter(({ from, path }) => from.text === time.path.text && path.isPattern !== true)
    .flatMap((field) => formOf(field) ?? [])
  return told.find(({ form }) => form === 'as-read') ?? told[0]
}

function formOf({ path, rulesByStep }: PlanField): StoredTime | undefined {
  const rules = rulesByStep.flat()
  if (rules.every(({ use }) => use === 'keep')) return { field: path.text, form: 'as-read', utc: true }
  const isDate = ({ use, otherwise }: PlanRule): boolean =>
    use === 'generalize.date' && otherwise.kind !== 'constant'
  if (!rules.every(isDate)) return undefined
  const utc = rules.every(({ options }) => options?.['zone'] === 'UTC')
  return { field: path.text, form: 'interval', utc }
}
