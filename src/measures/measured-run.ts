/** Everything that is measured of the records of a run: risk on both sides, what was lost, and who was left out. */
import { balanceOf, type GroupBalance } from './balance.ts'
import { distinctPer } from './classes.ts'
import { type ColumnUtility, utilityOf } from './column-utility.ts'
import type { MeasuredRecords } from './measured-records.ts'
import { measureSide, type SensitiveColumn, type SideFigures, type SideOptions } from './measured-side.ts'
import { averageClassSize, combinedLoss, discernibility } from './utility.ts'
import { NOTHING } from './value-codes.ts'

export interface MeasureSpec extends SideOptions {
  /** Columns of the records: the quasi-identifiers. */
  readonly over: readonly number[]
  /** Columns whose values must not be told by a class. */
  readonly sensitive: readonly number[]
  /** Column whose values, as they came, part the subjects into groups. */
  readonly by?: number
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

export interface Balance {
  /** The lowest ratio first. */
  readonly groups: readonly GroupBalance[]
  /** Groups that are too small to be named, taken together. */
  readonly small: { readonly groups: number; readonly read: number; readonly published: number }
}

export interface Measured {
  readonly read: number
  readonly published: number
  readonly unread: number
  readonly input: SideFigures
  readonly output: SideFigures
  readonly utility: Utility
  readonly balance: Balance | undefined
}

/** `population`: records that those measured are a sample of, with the same codes. */
export function measure(records: MeasuredRecords, spec: MeasureSpec, population?: MeasuredRecords): Measured {
  const all = records.which('all')
  const published = records.which('published')
  const input = sideOf(records, spec, 'input', all, population)
  const output = sideOf(records, spec, 'output', published, population)
  return {
    read: all.length,
    published: published.length,
    unread: records.unread,
    input,
    output,
    utility: utility(records, spec, all, output),
    balance: spec.by === undefined ? undefined : balance(records, spec.by, all, spec),
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

function utility(records: MeasuredRecords, spec: MeasureSpec, all: Int32Array, output: SideFigures): Utility {
  const flags = Uint8Array.from(all, (record) => (records.isPublished(record) ? 1 : 0))
  const columns = spec.over.map((column) =>
    utilityOf({
      values: records.columns[column]!,
      inputs: records.inputs(column, all),
      outputs: records.outputs(column, all),
      published: flags,
      domain: spec.domains.get(column),
    }),
  )
  const withheld = all.length - output.records
  return {
    loss: combinedLoss(columns.map(({ loss }) => loss)),
    discernibility: discernibility(output.classRecords, withheld),
    averageClassSize: averageClassSize(output.classRecords, withheld),
    columns,
  }
}

function balance(
  records: MeasuredRecords,
  by: number,
  all: Int32Array,
  { smallestGroup, hasSubjects }: MeasureSpec,
): Balance {
  const names = new Map([...records.columns[by]!.inputs.entries()].map(([text, code]) => [code, text]))
  const groups = new Map<number, { read: number; published: number }>()
  const codes = records.inputs(by, all)
  // Many records of one person tell as much of that person as one does.
  const subjects = hasSubjects
    ? distinctPer(codes, records.columns[by]!.inputs.count, records.subjectsOf(all))
    : undefined
  for (let i = 0; i < all.length; i++) {
    const group = groups.get(codes[i]!) ?? { read: 0, published: 0 }
    group.read++
    if (records.isPublished(all[i]!)) group.published++
    groups.set(codes[i]!, group)
  }
  const small = { groups: 0, read: 0, published: 0 }
  const named = []
  for (const [code, counts] of groups)
    if ((subjects?.[code] ?? counts.read) >= smallestGroup)
      named.push({ name: code === NOTHING ? '(none)' : names.get(code)!, ...counts })
    else {
      small.groups++
      small.read += counts.read
      small.published += counts.published
    }
  return { groups: balanceOf(named), small }
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
