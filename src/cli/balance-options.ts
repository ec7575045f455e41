/** Options that part people into groups, of `lethe measure` and of `lethe batch --measure`. */
import type { Command } from 'commander'
import type { Grouping, Label, MeasuringOptions } from '../batch/measuring.ts'

export interface BalanceOptions {
  readonly by?: readonly Grouping[]
  readonly byScript?: readonly Grouping[]
  readonly byRegion?: readonly Grouping[]
  readonly label?: Label
}

const groupings =
  (of: Grouping['of']) =>
  (text: string, before: readonly Grouping[] = []): readonly Grouping[] => [
    ...before,
    ...text.split(',').map((field) => ({ field: field.trim(), of })),
  ]

function parseLabel(text: string): Label {
  const [field, ...value] = text.split('=')
  return { field: field!, value: value.join('=') }
}

export const addBalanceOptions = (command: Command): Command =>
  command
    .option(
      '--by <fields>',
      'count by the values of these fields, as they came, what was published, and why the rest was not',
      groupings('value'),
    )
    .option(
      '--by-script <fields>',
      'the same by the script that their values are written in',
      groupings('script'),
    )
    .option('--by-region <fields>', 'the same by the region of their phone numbers', groupings('region'))
    .option('--label <field=value>', 'show by group how the share of this value shifts', parseLabel)

/** What these options say, as a measure takes it. */
export function balanceOf(options: BalanceOptions): Pick<MeasuringOptions, 'by' | 'label'> {
  const { by = [], byScript = [], byRegion = [], label } = options
  return { by: [...by, ...byScript, ...byRegion], ...(label === undefined ? {} : { label }) }
}
