/** The measure of a batch, beside its outputs: what measures it, and the file of its weights. */
import { LetheError } from '../errors.ts'
import type { Output } from '../files/sink.ts'
import type { RecordWeights } from '../measures/weights.ts'
import type { Plan } from '../policy/plan.ts'
import type { Measuring, MeasuringOptions } from './measuring.ts'

/** What is asked for of the measure of a batch. */
export interface BatchMeasure {
  /** Where a measure of the run is written, as JSON. The threads of the run are this one alone then. */
  readonly measure?: string
  /** Of the measure: groups and a label that it looks at. */
  readonly balance?: Pick<MeasuringOptions, 'by' | 'label'>
  /** Where a weight is written for each record that is published, in their order. The threads are this one alone then. */
  readonly weights?: string
}

interface MeasuredBatch extends BatchMeasure {
  /** The file of the policy, for messages. */
  readonly policy: string
  readonly partitionBy?: readonly string[]
}

/** What measures the run, where that is asked for. @throws LetheError (usage) where there is nothing to measure */
export async function measuringOf(
  plan: Plan,
  isChange: boolean,
  options: MeasuredBatch,
): Promise<Measuring | undefined> {
  const { measure, weights, balance = {} } = options
  if (measure === undefined && weights === undefined) {
    if ((balance.by?.length ?? 0) === 0 && balance.label === undefined) return undefined
    throw new LetheError(
      'bad-option',
      'groups are named, and nothing is measured; nothing was read',
      'say --measure FILE or --weights FILE',
    )
  }
  if (weights !== undefined) refuseWeights(plan, options)
  if (isChange)
    throw new LetheError(
      'bad-option',
      'a measure is of rows, and a change event has two of them; nothing was read',
      'measure the table that the events lead to',
    )
  const { fieldsOf, MEASURED, Measuring: Measure } = await import('./measuring.ts')
  const told = {
    ...MEASURED,
    policy: options.policy,
    ...balance,
    ...(measure === undefined ? { over: [] } : {}),
  }
  return new Measure(plan, plan, fieldsOf(plan, told), told)
}

/** @throws LetheError (usage) where no weights can be made, or none that tell only what the records do */
function refuseWeights(plan: Plan, { partitionBy, balance: { by = [] } = {} }: MeasuredBatch): void {
  const fields = by.filter(({ of }) => of === 'value').map(({ field }) => field)
  const dropped = fields.find((path) =>
    plan.fields.some(
      (field) => field.path.text === path && field.rulesByStep.flat().every(({ use }) => use === 'drop'),
    ),
  )
  const refuse = (why: string, suggestion: string): never => {
    throw new LetheError('bad-option', `--weights: ${why}; nothing was read`, suggestion)
  }
  if (fields.length === 0)
    refuse('they are made over the groups of --by, and none are named', 'name a field with --by')
  if (dropped !== undefined)
    refuse(
      `the policy drops ${dropped}, and a weight would tell it of each record`,
      'name fields that leave, or keep this one in a coarser form',
    )
  if (partitionBy !== undefined)
    refuse(
      'they stand in the order of the records, and --partition-by writes these in another one',
      'leave --partition-by out',
    )
}

/** One line a record, behind a line with the name of the column. */
export async function writeWeights({ ofRecords }: RecordWeights, file: Output): Promise<void> {
  const lines = 1 << 16
  await file.append(Buffer.from('weight\n'))
  for (let at = 0; at < ofRecords.length; at += lines) {
    const some = Array.from(ofRecords.subarray(at, at + lines), (weight) => Number(weight.toPrecision(9)))
    await file.append(Buffer.from(`${some.join('\n')}\n`))
  }
  await file.finish()
}
