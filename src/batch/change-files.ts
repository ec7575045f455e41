/** Whether a batch can read change events and write what becomes of them: they are JSON, with two rows and what stands beside these. */
import { LetheError } from '../errors.ts'
import { formatByName, type Input } from '../files/input.ts'
import type { Plan } from '../policy/plan.ts'
import type { ChangeForm } from '../record/wire-form.ts'
import { plannedFor } from '../run/planned.ts'
import type { OutputOptions } from './outputs.ts'

/** Before anything is read. @throws LetheError (usage) where a file cannot hold them, or the policy does not go with them */
export function checkEvents(
  plan: Plan,
  change: ChangeForm,
  inputs: readonly Input[],
  { output = '-', outputFormat, partitionBy }: OutputOptions,
): void {
  plannedFor(plan, change)
  const table = inputs.find(({ format }) => format === 'csv' || format === 'parquet')
  if (table !== undefined)
    throw new LetheError(
      'bad-option',
      `${table.name} is ${table.format === 'csv' ? 'CSV' : 'Parquet'}, whose records are rows, and a change event holds two of them and its operation; nothing was read`,
      'leave --change out where the file has rows that were taken out of their events; write events as NDJSON or JSON',
    )
  const out = outputFormat ?? formatByName(output).format
  if (out === 'csv' || out === 'parquet' || partitionBy !== undefined)
    throw new LetheError(
      'output-conflict',
      `${partitionBy === undefined ? (out === 'csv' ? 'rows of CSV are' : 'rows of Parquet are') : 'rows of a data set are'} values by themselves, and a change event holds two; nothing was read`,
      'write the events to .ndjson or .json',
    )
}
