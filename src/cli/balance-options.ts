/** Options that part people into groups, of `lethe measure` and of `lethe batch --measure`. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Grouping, Label, MeasuringOptions } from '../batch/measuring.ts'
import type { GroupedBy } from '../measures/group-codes.ts'

export interface BalanceOptions {
  readonly by?: readonly Grouping[]
  readonly byScript?: readonly Grouping[]
  readonly byRegion?: readonly Grouping[]
  readonly label?: Label
}

/** More fields than these are no question about people. */
const MOST_GROUPINGS = 8

const groupings =
  (of: GroupedBy) =>
  (text: string, before: readonly Grouping[] = []): readonly Grouping[] => {
    const fields = text.split(',').map((one) => one.trim())
    if (fields.includes('')) throw new InvalidArgumentError('A name is missing beside a comma.')
    const all = [...before, ...fields.map((field) => ({ field, of }))]
    if (all.length > MOST_GROUPINGS)
      throw new InvalidArgumentError(`No more than ${MOST_GROUPINGS} fields are looked at together.`)
    if (new Set(all.map(({ field }) => field)).size < all.length)
      throw new InvalidArgumentError('A field is named twice.')
    return all
  }

function parseLabel(text: string): Label {
  const at = text.indexOf('=')
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError('It is a field and a value that it has in the input, as salary=>50K.')
  return { field: text.slice(0, at), value: text.slice(at + 1) }
}

export const addBalanceOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--by <fields>',
        'count by the values of these fields, as they came, what was published, and why the rest was not',
      ).argParser(groupings('value')),
    )
    .addOption(
      new Option('--by-script <fields>', 'the same by the script that their values are written in').argParser(
        groupings('script'),
      ),
    )
    .addOption(
      new Option('--by-region <fields>', 'the same by the region of their phone numbers').argParser(
        groupings('region'),
      ),
    )
    .addOption(
      new Option('--label <field=value>', 'show by group how the share of this value shifts').argParser(
        parseLabel,
      ),
    )

/** What these options say, as a measure takes it. */
export function balanceOf({
  by = [],
  byScript = [],
  byRegion = [],
  label,
}: BalanceOptions): Pick<MeasuringOptions, 'by' | 'label'> {
  return { by: [...by, ...byScript, ...byRegion], ...(label === undefined ? {} : { label }) }
}
