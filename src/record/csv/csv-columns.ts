/** Which column of a CSV file is which path of the plan, and what the output's columns are. */
import { LetheError } from '../../errors.ts'
import type { Path } from '../../policy/path.ts'
import type { Plan, PlanCarrier, PlanField } from '../../policy/plan.ts'
import { leadsThrough } from '../../policy/read-forms.ts'
import { nodeAt, type Shape } from '../shape.ts'
import { type NamedColumn, nameColumns, ordinals } from './column-names.ts'
import { columnPatterns } from './column-patterns.ts'
import { missingPaths } from './missing-columns.ts'

export interface CsvColumn {
  /** Fields that take this column's value. */
  readonly fields: readonly number[]
  readonly watches: readonly number[]
  /** Set where the cells hold JSON; then there is nothing else. */
  readonly carrier?: PlanCarrier
}

/** How many slots a column takes: one for each field, or one for the watches alone. */
export const slotsOf = ({ fields, watches }: CsvColumn): number =>
  fields.length > 0 ? fields.length : Math.min(watches.length, 1)

export interface CsvOutputColumn {
  readonly header: string
  /** Where its values go. */
  readonly path: Path
  /** -1: the column holds JSON. */
  readonly field: number
  /** The column of the input that it is; undefined where it is derived. */
  readonly column?: number
}

export interface CsvColumns {
  /** One a column of the input, in its order. */
  readonly input: readonly CsvColumn[]
  /** The input's columns that stay, in its order; then those of derived fields, in the policy's. */
  readonly output: readonly CsvOutputColumn[]
  /** The columns, from 0, that no rule names. */
  readonly unlisted: readonly number[]
  /** Input paths that the policy names and no column is, but for those that may be absent. */
  readonly missing: readonly string[]
}

const isNames = (field: PlanField): boolean => field.from.segments.at(-1)?.kind === 'names'

const isDropped = (field: PlanField): boolean =>
  field.rulesByStep.every((rules) => rules.every((rule) => rule.action.kind === 'drop'))

/**
 * Resolves a header. Names that are empty or repeated matter only where the policy names them. Throws `LetheError` where the
 * policy refuses a column, or two meanings fit one; names are values too, and are not shown.
 */
export function resolveColumns(
  plan: Plan,
  shape: Shape,
  header: readonly string[],
  input: string,
): CsvColumns {
  const fieldsOf = new Map<string, number[]>()
  for (const field of plan.fields) {
    if (isNames(field) || field.path.isPattern) continue
    const fields = fieldsOf.get(field.from.text)
    if (fields === undefined) fieldsOf.set(field.from.text, [field.index])
    else fields.push(field.index)
  }
  const carriers = new Map(plan.carriers.map((carrier) => [carrier.path.text, carrier]))
  const within = pathsWithin(plan, shape)
  const isKnown = (path: string): boolean =>
    carriers.has(path) || (!within.has(path) && (fieldsOf.has(path) || shape.watchOf.has(path)))
  const patterns = columnPatterns(plan, input)
  const named = nameColumns(plan, header, isKnown, patterns, input)
  const taken = new Map<string, number>()
  const unlisted: number[] = []
  const columns = named.map((one, index): CsvColumn => {
    if (one === undefined) {
      unlisted.push(index)
      return { fields: [], watches: [] }
    }
    const { path } = one
    const before = taken.get(path)
    if (before !== undefined)
      throw new LetheError(
        'columns-mismatch',
        `${input}: ${ordinals([before, index])} are one path of the policy`,
        'correct `columns:` of the policy',
      )
    taken.set(path, index)
    const carrier = carriers.get(path)
    if (carrier !== undefined) return { fields: [], watches: [], carrier }
    const watch = shape.watchOf.get(path)
    const matched = one.matched ?? patterns.fieldOf(path, index)
    return {
      fields: [...(fieldsOf.get(path) ?? []), ...(matched === undefined ? [] : [matched.index])],
      watches: watch === undefined ? [] : [watch],
    }
  })
  // What has no name, no policy can name.
  const refused = plan.unlisted === 'reject' ? unlisted.filter((index) => header[index]!.trim() !== '') : []
  if (refused.length > 0)
    throw new LetheError(
      'columns-mismatch',
      `${input}: the policy does not name ${ordinals(refused)}, and says \`unlisted: reject\``,
      'name every column in `fields:` (with `drop` where it must not leave) or in `columns:`',
    )
  const output = outputColumns(plan, shape, named, columns)
  // A plan without fields asks its gates alone: `lethe explain` does, and no policy is one.
  if (output.length === 0 && plan.fields.length > 0)
    throw new LetheError(
      'columns-mismatch',
      `${input}: no column of this file may leave: the policy names none of its ${header.length}, or drops them`,
      delimiterIn(header) ?? 'check the delimiter, the header and `columns:` of the policy',
    )
  const names = new Set<string>()
  for (const { header: name, path } of output) {
    if (names.has(name))
      throw new LetheError(
        'columns-mismatch',
        `${input}: the output would have two columns of the name that ${path.text} gets`,
        'give the derived field another path, or a header of its own in `columns:` of the policy',
      )
    names.add(name)
  }
  return { input: columns, output, unlisted, missing: missingPaths(plan, shape.watchOf.keys(), taken) }
}

/** What to do about a header that came out as one name, with what looks like other delimiters in it. */
function delimiterIn(header: readonly string[]): string | undefined {
  if (header.length !== 1) return undefined
  const count = (sign: string): number => header[0]!.split(sign).length
  const likely = [';', ',', '\t', '|'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
  if (count(likely) === 1) return undefined
  return `its header looks as if split otherwise: say --delimiter ${likely === '\t' ? 'tab' : `'${likely}'`}`
}

function outputColumns(
  plan: Plan,
  shape: Shape,
  named: readonly (NamedColumn | undefined)[],
  columns: readonly CsvColumn[],
): CsvOutputColumn[] {
  const headerOf = new Map([...plan.columns].map(([name, path]) => [path, name]))
  const isDerived = (field: number): boolean =>
    plan.fields[field]!.from.text !== plan.fields[field]!.path.text
  const stays = (field: number): boolean => !isDropped(plan.fields[field]!)
  const direct = columns.flatMap((column, index): CsvOutputColumn[] => {
    const header = named[index]?.name ?? ''
    if (column.carrier !== undefined)
      return isWritten(shape, column.carrier)
        ? [{ header, path: column.carrier.path, field: -1, column: index }]
        : []
    return column.fields
      .filter((field) => !isDerived(field) && stays(field))
      .map((field) => ({ header, path: plan.fields[field]!.path, field, column: index }))
  })
  const read = plan.carriers.filter((carrier) => columns.some((column) => column.carrier === carrier))
  const isFed = ({ index, from }: PlanField): boolean =>
    columns.some((column) => column.fields.includes(index)) ||
    read.some(({ path }) => leadsThrough(from, path))
  const derived = plan.fields
    .filter((field) => isDerived(field.index) && isFed(field) && stays(field.index))
    .filter(({ path }) => !plan.carriers.some((carrier) => leadsThrough(path, carrier.path)))
    .map((field): CsvOutputColumn => {
      const { path, index } = field
      const { text, segments } = path
      const only = segments.length === 1 && segments[0]!.kind === 'name' ? segments[0]!.name : text
      return { header: headerOf.get(text) ?? only, path, field: index }
    })
  return [...direct, ...derived]
}

/** The paths that the plan reads below a carrier: they are no columns. */
function pathsWithin(plan: Plan, shape: Shape): ReadonlySet<string> {
  const paths = [...plan.fields.map(({ from }) => from), ...shape.watches.map(({ path }) => path)]
  const isWithin = (path: Path): boolean => plan.carriers.some((carrier) => leadsThrough(path, carrier.path))
  return new Set(paths.filter(isWithin).map(({ text }) => text))
}

/** Whether anything is written for a carrier: what stands in it, or what is made of other values. */
const isWritten = (shape: Shape, { path }: PlanCarrier): boolean =>
  nodeAt(shape.root, path.segments)?.emitted === true ||
  shape.containers.some(({ text }) => text === path.text)
