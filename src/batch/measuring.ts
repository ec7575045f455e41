/** A measure of one run: which fields it is over, what observes the run for it, and what it says. */
import type { Observe } from '../engine/engine.ts'
import { LetheError } from '../errors.ts'
import type { Measurement } from '../forms/measurement.ts'
import { MeasuredRecords } from '../measures/measured-records.ts'
import { type Measured, type MeasureSpec, measure } from '../measures/measured-run.ts'
import type { SideFigures } from '../measures/measured-side.ts'
import { observerOf } from '../measures/records-observer.ts'
import { TextBudget } from '../measures/value-codes.ts'
import { PathError, parsePath } from '../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../policy/plan.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { readTable, TableError } from '../policy/table.ts'
import type { Summary } from '../run/account/account-view.ts'

export interface MeasuringOptions {
  /** The file of the policy, for messages. */
  readonly policy: string
  /** Which side is looked at; of `output`, the files are what was published under the policy. */
  readonly side: 'input' | 'output' | 'both'
  /** Output paths of the quasi-identifiers; those with that role, unless stated. */
  readonly over?: readonly string[]
  /** Output paths of sensitive values; those with that role, unless stated. */
  readonly sensitive?: readonly string[]
  /** Output path of the field whose values part the subjects into groups. */
  readonly by?: string
  /** Classes of fewer subjects are at risk. */
  readonly k: number
  readonly nothing: 'category' | 'wildcard'
  /** Groups of fewer subjects are not named. */
  readonly smallestGroup: number
  /** By output path: a file with the hierarchy of its values, in the format of ARX. */
  readonly hierarchies?: ReadonlyMap<string, string>
  readonly maxRecords: number
}

/** How a run is measured unless stated. */
export const MEASURED: Omit<MeasuringOptions, 'policy' | 'over' | 'sensitive' | 'by' | 'hierarchies'> = {
  side: 'both',
  k: 5,
  nothing: 'category',
  smallestGroup: 10,
  maxRecords: 2_000_000,
}

/** Above it, a distribution has shifted enough to be looked at. */
const DRIFT = 0.1
/** Characters of distinct values that are held: some 512 MiB. */
const MOST_CHARACTERS = 1 << 28
/** More groups than these are no attribute of people but an identifier. */
const MOST_GROUPS = 100

/** Names of groups are printed, and no longer ones than these characters. */
const LONGEST_NAME = 256

/** Output paths, each once, in the order of their columns. */
export interface MeasuredFields {
  readonly all: ReadonlySet<string>
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  readonly by: string | undefined
}

export function fieldsOf(plan: Plan, options: MeasuringOptions): MeasuredFields {
  const withRole = (role: string): string[] =>
    plan.fields.filter((field) => field.role === role).map(({ path }) => path.text)
  const named = (paths: readonly string[] | undefined): string[] | undefined =>
    paths?.map((path) => fieldAt(plan, pathText(path)).path.text)
  const over = named(options.over) ?? withRole('quasi-identifier')
  if (over.length === 0)
    throw new LetheError(
      'bad-option',
      `no field of the policy ${options.policy} has \`role: quasi-identifier\`, so there are no classes to measure; nothing was read`,
      'give the fields that single out a person that role, or name them with --over',
    )
  const sensitive = named(options.sensitive) ?? withRole('sensitive').filter((path) => !over.includes(path))
  const by = named(options.by === undefined ? undefined : [options.by])?.[0]
  for (const path of options.hierarchies?.keys() ?? [])
    if (!sensitive.includes(pathText(path)))
      throw new LetheError(
        'bad-option',
        `--hierarchy ${path}: it is no sensitive field of this measure; nothing was read`,
        'name it with --sensitive too',
      )
  return { all: new Set([...over, ...sensitive, ...(by === undefined ? [] : [by])]), over, sensitive, by }
}

/** A path as it was named, in its canonical form. */
function pathText(path: string): string {
  try {
    return parsePath(path).text
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    throw new LetheError(
      'bad-option',
      `${path} is no path: ${error.message}; nothing was read`,
      error.suggestion,
    )
  }
}

function fieldAt(plan: Plan, path: string): PlanField {
  const field = plan.fields.find((one) => one.path.text === path)
  if (field === undefined)
    throw new LetheError(
      'bad-option',
      `the policy ${plan.name} has no field ${path}; nothing was read`,
      'name output paths of the policy',
    )
  return field
}

/** The records of a run and what is said of them. */
export class Measuring {
  readonly #plan: Plan
  readonly #ran: Plan
  readonly #fields: readonly PlanField[]
  readonly #measured: MeasuredFields
  readonly #options: MeasuringOptions
  readonly #spec: MeasureSpec
  readonly #budget = new TextBudget(MOST_CHARACTERS)
  readonly #records: MeasuredRecords
  #population: MeasuredRecords | undefined

  /**
   * `plan`: of the policy that is told of; `ran`: of the one that runs, with the same output paths.
   * @throws LetheError (usage) where a hierarchy cannot be read
   */
  constructor(plan: Plan, ran: Plan, measured: MeasuredFields, options: MeasuringOptions) {
    this.#plan = plan
    this.#ran = ran
    this.#measured = measured
    this.#options = options
    this.#fields = [...measured.all].map((path) => fieldAt(ran, path))
    this.#spec = specOf(ran, this.#fields, measured, options)
    this.#records = new MeasuredRecords(this.#fields.length, this.#budget, options.maxRecords)
  }

  /** Of the run that is measured, in one thread. */
  get observe(): Observe {
    return observerOf(this.#ran, this.#fields, this.#records)
  }

  /** Of a run over the population that the records are a sample of. */
  get observePopulation(): Observe {
    this.#population ??= new MeasuredRecords(
      this.#fields.length,
      this.#budget,
      this.#options.maxRecords,
      this.#records,
    )
    return observerOf(this.#ran, this.#fields, this.#population)
  }

  /** What was measured. @throws LetheError (usage) where groups are asked for that are none */
  measurement(summary: Pick<Summary, 'asOf' | 'version' | 'records'>): Measurement {
    const { by } = this.#spec
    if (by !== undefined && this.#records.columns[by]!.inputs.count > MOST_GROUPS + 1)
      throw new LetheError(
        'bad-option',
        `--by ${this.#options.by}: the field has more than ${MOST_GROUPS} values`,
        'name a field that parts people into few groups',
      )
    for (const [name] of by === undefined ? [] : this.#records.columns[by]!.inputs.entries())
      if (name.length > LONGEST_NAME)
        throw new LetheError(
          'bad-option',
          `--by ${this.#options.by}: the field has a value of more than ${LONGEST_NAME} characters`,
          'name a field that parts people into few groups',
        )
    const figures = measure(this.#records, this.#spec, this.#population)
    return viewOf(this.#plan, summary, figures, this.#measured, this.#options)
  }
}

/** Where the subject stands in what leaves, if it does: something that is not the same of all. */
export const subjectOf = (plan: Plan): string | undefined =>
  plan.fields.find((field) => field.from.text === plan.subject?.text && field.rulesByStep.some(tells))?.path
    .text

const TELL_NOTHING: readonly string[] = ['drop', 'mask.null', 'mask.replace']

const tells = (rules: readonly PlanRule[]): boolean => rules.some(({ use }) => !TELL_NOTHING.includes(use))

function specOf(
  plan: Plan,
  fields: readonly PlanField[],
  { all, over, sensitive, by }: MeasuredFields,
  options: MeasuringOptions,
): MeasureSpec {
  const paths = [...all]
  const at = (path: string): number => paths.indexOf(path)
  const domains = new Map<number, ReadonlyMap<string, string>>()
  fields.forEach((field, column) => {
    const domain = domainOf(field)
    if (domain !== undefined) domains.set(column, domain)
  })
  const hierarchies = new Map<number, ReadonlyMap<string, readonly string[]>>()
  for (const [path, file] of options.hierarchies ?? [])
    hierarchies.set(at(pathText(path)), hierarchyOf(path, file))
  return {
    over: over.map(at),
    sensitive: sensitive.map(at),
    ...(by === undefined ? {} : { by: at(by) }),
    k: options.k,
    nothing: options.nothing,
    smallestGroup: options.smallestGroup,
    hasSubjects: plan.subject !== undefined,
    domains,
    hierarchies,
  }
}

/** What the one rule of a field makes of all values that it takes, where its files say which these are. */
function domainOf({ rulesByStep }: PlanField): ReadonlyMap<string, string> | undefined {
  const rules = new Set(rulesByStep.flat())
  const [rule] = rules
  if (rules.size !== 1 || rule?.action.kind !== 'transform') return undefined
  return rule.action.domain
}

function hierarchyOf(path: string, file: string): ReadonlyMap<string, readonly string[]> {
  const refuse = (message: string): never => {
    throw new LetheError(
      'bad-option',
      `--hierarchy ${path}: ${file} ${message}; nothing was measured`,
      'write one line a value, from the value itself to the top, with semicolons between them',
    )
  }
  let rows: string[][]
  try {
    rows = readTable(readPolicyFile(file, 'the file').text, ';')
  } catch (error) {
    if (error instanceof TableError) return refuse(`line ${error.line}: ${error.message}`)
    throw error
  }
  const width = rows[0]?.length ?? 0
  if (width < 2) return refuse('has no level above its values')
  rows.forEach((row, at) => {
    if (row.length !== width) refuse(`line ${at + 1}: ${row.length} cells, where line 1 has ${width}`)
    if (row.at(-1) !== rows[0]!.at(-1)) refuse(`line ${at + 1}: its top is another than that of line 1`)
  })
  return new Map(rows.map(([value, ...ancestors]) => [value!, ancestors]))
}

function viewOf(
  plan: Plan,
  { asOf, version, records }: Pick<Summary, 'asOf' | 'version' | 'records'>,
  measured: Measured,
  { over, sensitive, by }: MeasuredFields,
  options: MeasuringOptions,
): Measurement {
  const { side, k, nothing, smallestGroup } = options
  const { name, version: policyVersion, purpose, fingerprint } = plan
  const sideOf = ({ classRecords: _, columns, diversity, ...rest }: SideFigures) => ({
    ...rest,
    sizes: [...rest.sizes],
    columns: columns.map((column, i) => ({ field: over[i]!, ...column })),
    diversity: diversity.map((one, i) => ({ field: sensitive[i]!, ...one })),
  })
  const { utility, balance } = measured
  return {
    lethe: 'measurement',
    v: 1,
    version,
    policy: { name, version: policyVersion, purpose, fingerprint },
    asOf,
    side,
    over: [...over],
    sensitive: [...sensitive],
    counted: (side === 'output' ? subjectOf(plan) : plan.subject) === undefined ? 'records' : 'subjects',
    options: { k, nothing, smallestGroup },
    records: {
      read: measured.read,
      published: measured.published,
      unread: measured.unread,
      suppressed: records.suppressed,
      deadLettered: records.deadLettered,
    },
    ...(side === 'output' ? {} : { input: sideOf(measured.input) }),
    ...(side === 'input' ? {} : { output: sideOf(measured.output) }),
    ...(side === 'both'
      ? {
          utility: {
            ...utility,
            columns: utility.columns.map(({ distance, ...column }, i) => ({
              field: over[i]!,
              ...column,
              distance: { ...distance, isFlagged: distance.value > DRIFT },
            })),
          },
        }
      : {}),
    ...(balance === undefined || by === undefined
      ? {}
      : { balance: { by, groups: balance.groups.map((group) => ({ ...group })), small: balance.small } }),
  }
}
