/** Everything that is measured of the records of a run: risk on both sides, what was lost, and who was left out. */
import { type ColumnUtility, type MeasuredColumnUtility, utilityOf } from './column-utility.ts'
import type { EmptiedTally } from './emptied.ts'
import { auditGroups, type Balance } from './group-balance.ts'
import type { GroupedBy } from './group-codes.ts'
import type { MeasuredRecords } from './measured-records.ts'
import { measureSide, type SensitiveColumn, type SideFigures, type SideOptions } from './measured-side.ts'
import { averageClassSize, combinedLoss, discernibility } from './utility.ts'
import { NOTHING } from './value-codes.ts'

export interface MeasureSpec extends SideOptions {
  /** Columns of the records: the quasi-identifiers. */
  readonly over: readonly number[]
  /** Columns whose values must not be told by a class. */
  readonly sensitive: readonly number[]
  /** By grouping: how it parts the records. */
  readonly groupings: readonly GroupedBy[]
  /** Column and text of a label, whose share is looked at by group. */
  readonly label?: { readonly column: number; readonly text: string } | undefined
  /** Output paths of the fields whose values are counted that leave nothing. */
  readonly emptying: readonly string[]
  /** Groups of fewer subjects are not named; of fewer records, where each record counts as one. */
  readonly smallestGroup: number
  readonly hasSubjects: boolean
  /** By column: what its rule makes of each value that it takes. */
  readonly domains: ReadonlyMap<number, ReadonlyMap<string, string>>
  /** By sensitive column: every value with its ancestors, to the top. */
  readonly hierarchies: ReadonlyMap<number, ReadonlyMap<string, readonly string[]>>
}

export interface Utility {
  /** Geometric mean of the columns' losses, as ARX takes it. */
  readonly loss: number
  readonly discernibility: number
  readonly averageClassSize: number
  readonly columns: readonly ColumnUtility[]
}

export interface Measured {
  readonly read: number
  readonly published: number
  readonly unread: number
  readonly input: SideFigures
  readonly output: SideFigures
  readonly utility: Utility
  /** By grouping. */
  readonly balance: readonly Balance[]
}

/**
 * `emptied`: what was counted beside the records; needed where there are groupings. `population`: records that those
 * measured are a sample of, with the same codes.
 */
export function measure(
  records: MeasuredRecords,
  spec: MeasureSpec,
  emptied?: EmptiedTally,
  population?: MeasuredRecords,
): Measured {
  const all = records.which('all')
  const published = records.which('published')
  const input = sideOf(records, spec, 'input', all, population)
  const output = sideOf(records, spec, 'output', published, population)
  const columns = columnsOf(records, spec, all)
  return {
    read: all.length,
    published: published.length,
    unread: records.unread,
    input,
    output,
    utility: utility(columns, all, output),
    balance: balance(records, all, spec, columns, emptied),
  }
}

function sideOf(
  records: MeasuredRecords,
  spec: MeasureSpec,
  side: 'input' | 'output',
  which: Int32Array,
  population: MeasuredRecords | undefined,
): SideFigures {
  const codes = (of: MeasuredRecords, column: number, among: Int32Array): Int32Array =>
    side === 'input' ? of.inputs(column, among) : of.outputs(column, among)
  const classesIn = (of: MeasuredRecords, among: Int32Array) => ({
    columns: spec.over.map((column) => codes(of, column, among)),
    length: among.length,
    subjects: spec.hasSubjects ? of.subjectsOf(among) : undefined,
  })
  const sensitive = spec.sensitive.map((column) => {
    const { inputs, outputs } = records.columns[column]!
    const entries = (side === 'input' ? inputs : outputs).entries()
    return {
      codes: codes(records, column, which),
      levels: levelsOf(entries, spec.hierarchies.get(column)),
    }
  })
  return measureSide(
    { ...classesIn(records, which), sensitive },
    spec,
    population && classesIn(population, population.which(side === 'input' ? 'all' : 'published')),
  )
}

/** A quasi-identifier of the records that are measured, and what it lost. */
interface LossyColumn extends MeasuredColumnUtility {
  readonly inputs: Int32Array
  readonly outputs: Int32Array
}

function columnsOf(records: MeasuredRecords, spec: MeasureSpec, all: Int32Array): readonly LossyColumn[] {
  const published = Uint8Array.from(all, (record) => (records.isPublished(record) ? 1 : 0))
  return spec.over.map((column) => {
    const [inputs, outputs] = [records.inputs(column, all), records.outputs(column, all)]
    const [values, domain] = [records.columns[column]!, spec.domains.get(column)]
    return { inputs, outputs, ...utilityOf({ values, inputs, outputs, published, domain }) }
  })
}

function utility(columns: readonly LossyColumn[], all: Int32Array, output: SideFigures): Utility {
  const withheld = all.length - output.records
  return {
    loss: combinedLoss(columns.map(({ figures }) => figures.loss)),
    discernibility: discernibility(output.classRecords, withheld),
    averageClassSize: averageClassSize(output.classRecords, withheld),
    columns: columns.map(({ figures }) => figures),
  }
}

function balance(
  records: MeasuredRecords,
  all: Int32Array,
  { groupings, label, emptying, smallestGroup, hasSubjects }: MeasureSpec,
  columns: readonly LossyColumn[],
  emptied: EmptiedTally | undefined,
): readonly Balance[] {
  if (groupings.length === 0) return []
  const labelled = label && records.columns[label.column]!.inputs.known(label.text)
  const has = label && records.inputs(label.column, all).map((code) => (code === labelled ? 1 : 0))
  return groupings.map((by, grouping) =>
    auditGroups(records, grouping, all, {
      by,
      smallestGroup,
      hasSubjects,
      columns: columns.map(({ inputs, outputs, figures, shareOf }) => ({
        inputs,
        outputs,
        domain: figures.domain.values,
        shareOf,
      })),
      emptying,
      emptied: emptied?.of(grouping) ?? [],
      label: has && Uint8Array.from(has),
    }),
  )
}

/** By code: the codes of the ancestors. A text that the hierarchy does not list is its own branch below the top. */
function levelsOf(
  entries: Iterable<readonly [string, number]>,
  hierarchy: ReadonlyMap<string, readonly string[]> | undefined,
): SensitiveColumn['levels'] {
  if (hierarchy === undefined) return undefined
  const known = [...hierarchy.values()]
  const height = known[0]!.length
  const top = known[0]!.at(-1)!
  const codes = new Map<string, number>()
  const codeOf = (level: number, text: string): number => {
    const key = `${level}\u0000${text}`
    const code = codes.get(key) ?? codes.size
    codes.set(key, code)
    return code
  }
  const levels: number[][] = []
  const put = (code: number, ancestors: readonly string[]): void => {
    levels[code] = ancestors.map((text, level) => codeOf(level, text))
  }
  const alone = (text: string): string[] =>
    Array.from({ length: height }, (_, level) => (level === height - 1 ? top : `\u0000${text}`))
  put(NOTHING, alone(''))
  for (const [text, code] of entries) put(code, hierarchy.get(text) ?? alone(text))
  return levels
}
