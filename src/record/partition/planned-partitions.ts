/** Which values of the output part it: they have to be there as the rules leave them, one in each record. */
import { LetheError } from '../../errors.ts'
import { type Path, PathError, parsePath } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'

/** Plain data: threads get it. */
export interface PartitionSplit {
  /** What folders call the values: the output paths. */
  readonly labels: readonly string[]
  /** Names from the record down to each value. */
  readonly paths: readonly (readonly string[])[]
  /** Of rows of CSV: which cell of a row, as it is written, each value is. */
  readonly cells: readonly number[]
  /** The most partitions that there may be. */
  readonly most: number
}

/** Checks the fields that `--partition-by` names. @throws LetheError (bad-option) where one cannot part the output */
export function partitionPaths(plan: Plan, names: readonly string[]): readonly Path[] {
  const paths = names.map((name) => {
    try {
      return parsePath(name)
    } catch (error) {
      if (!(error instanceof PathError)) throw error
      throw refused(name, `is no path: ${error.message}`)
    }
  })
  for (const [at, path] of paths.entries()) {
    if (paths.findIndex(({ text }) => text === path.text) < at) throw refused(path.text, 'is named twice')
    const field = plan.fields.find((one) => one.path.text === path.text)
    if (field === undefined) throw refused(path.text, 'is no field of the policy')
    if (path.isColumn === true || !path.segments.every(({ kind }) => kind === 'name'))
      throw refused(path.text, 'has several values in a record, or no name')
    if (/^[._]/.test(path.text))
      throw refused(
        path.text,
        'would name folders that readers pass by, as they do with all that begins with _ or .',
      )
    const rules = field.rulesByStep.flat()
    if (rules.some(({ action }) => action.kind === 'keep-subtree'))
      throw refused(path.text, 'is kept as a whole, and a partition is told by one value')
    if (rules.every(({ action }) => action.kind === 'drop'))
      throw refused(path.text, 'is dropped by the policy')
    if (
      plan.carriers.some((one) =>
        one.path.segments.every((segment, i) => JSON.stringify(segment) === JSON.stringify(path.segments[i])),
      )
    )
      throw refused(path.text, 'stands in a text that holds JSON')
  }
  return paths
}

const refused = (name: string, why: string): LetheError =>
  new LetheError(
    'bad-option',
    `--partition-by: \`${name}\` ${why}; nothing was read`,
    'name output paths of fields that yield one value a record',
  )

export const namesOf = ({ segments }: Path): readonly string[] =>
  segments.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
