/** A measure of one run: which fields it is over, what observes the run for it, and what it says. */
import type { Observe } from '../engine/engine.ts'
import { LetheError } from '../errors.ts'
import type { Measurement } from '../forms/measurement.ts'
import { EmptiedTally } from '../measures/emptied.ts'
import { GroupCodes, type GroupedBy } from '../measures/group-codes.ts'
import { MeasuredRecords } from '../measures/measured-records.ts'
import { type Measured, type MeasureSpec, measure } from '../measures/measured-run.ts'
import type { SideFigures } from '../measures/measured-side.ts'
import { fieldsThatEmpty, observerOf } from '../measures/records-observer.ts'
import { TextBudget } from '../measures/value-codes.ts'
import { type RecordWeights, weightsOf } from '../measures/weights.ts'
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
  /** Output paths of the quasi-identifiers; those with that role, unless stated. None: only weights are made. */
  readonly over?: readonly string[]
  /** Output paths of sensitive values; those with that role, unless stated. */
  readonly sensitive?: readonly string[]
  /** Fields whose values part the subjects into groups. */
  readonly by?: readonly Grouping[]
  /** A label whose share is looked at by group. */
  readonly label?: Label
  /** Classes of fewer subjects are at risk. */
  readonly k: number
  readonly nothing: 'category' | 'wildcard'
  /** Groups of fewer subjects are not named. */
  readonly smallestGroup: number
  /** By output path: a file with the hierarchy of its values, in the format of ARX. */
  readonly hierarchies?: ReadonlyMap<string, string>
  readonly maxRecords: number
}

/** What parts the subjects into groups. */
export interface Grouping {
  /** Output path. */
  readonly field: string
  readonly of: GroupedBy
}

/** A field, and a text that it may have as it came. */
export interface Label {
  /** Output path. */
  readonly field: string
  readonly value: string
}

/** How a run is measured unless stated. */
export const MEASURED: Omit<
  MeasuringOptions,
  'policy' | 'over' | 'sensitive' | 'by' | 'label' | 'hierarchies'
> = {
  side: 'both',
  k: 5,
  nothing: 'category',
  smallestGroup: 10,
  maxRecords: 2_000_000,
}

/** Above it, a distribution has shifted enough to be looked at. */
const DRIFT = 0.1
/** More fields than these are no question about people. */
const MOST_GROUPINGS = 8
/** Characters of distinct values that are held: some 512 MiB. */
const MOST_CHARACTERS = 1 << 28
/** Output paths, each once, in the order of their columns. */
export interface MeasuredFields {
  readonly all: ReadonlySet<string>
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  readonly by: readonly Grouping[]
  readonly label: Label | undefined
}

export function fieldsOf(plan: Plan, options: MeasuringOptions): MeasuredFields {
  const withRole = (role: string): string[] =>
    plan.fields.filter((field) => field.role === role).map(({ path }) => path.text)
  const named = (paths: readonly string[] | undefined): string[] | undefined =>
    paths?.map((path) => fieldAt(plan, pathText(path)).path.text)
  const over = named(options.over) ?? withRole('quasi-identifier')
  if (over.length === 0 && options.over === undefined)
    throw new LetheError(
      'bad-option',
      `no field of the policy ${options.policy} has \`role: quasi-identifier\`, so there are no classes to measure; nothing was read`,
      'give the fields that single out a person that role, or name them with --over',
    )
  const sensitive = named(options.sensitive) ?? withRole('sensitive').filter((path) => !over.includes(path))
  refuseGroupings(options)
  const by = (options.by ?? []).map(({ field, of }) => ({
    field: fieldAt(plan, pathText(field)).path.text,
    of,
  }))
  const label = options.label && { ...options.label, field: named([options.label.field])![0]! }
  for (const path of options.hierarchies?.keys() ?? [])
    if (!sensitive.includes(pathText(path)))
      throw new LetheError(
        'bad-option',
        `--hierarchy ${path}: it is no sensitive field of this measure; nothing was read`,
        'name it with --sensitive too',
      )
  const all = new Set([...over, ...sensitive, ...by.map(({ field }) => field)])
  if (label !== undefined) all.add(label.field)
  return { all, over, sensitive, by, label }
}

/** @throws LetheError (usage) where groups or a label are named in a way that says nothing */
function refuseGroupings({ by = [], label }: MeasuringOptions): void {
  const refuse = (message: string, suggestion: string): never => {
    throw new LetheError('bad-option', `${message}; nothing was read`, suggestion)
  }
  if (by.length > MOST_GROUPINGS)
    refuse(`groups are looked at of no more than ${MOST_GROUPINGS} fields`, 'name fewer fields')
  if (by.some(({ field }) => field === ''))
    refuse('--by: a name is missing beside a comma', 'name output paths of the policy')
  if (label !== undefined && (label.field === '' || label.value === ''))
    refuse('--label is a field and a value that it has in the input', 'write it as --label churned=yes')
  if (label !== undefined && by.length === 0)
    refuse(
      `--label ${label.field}: its share is looked at by group, and no groups are named`,
      'name a field with --by',
    )
}

/** A path as it was named, in its canonical form. */
export function pathText(path: string): string {
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

export function fieldAt(plan: Plan, path: string): PlanField {
  const field = plan.fields.find((one) => one.path.text === path)
  if (field === undefined)
    throw new LetheError(
      'bad-option',
      `the policy ${plan.name} has no field ${path}; nothing was read`,
      'name output paths of the policy; a field that must not leave can be listed with `drop`',
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
  readonly #emptied: EmptiedTally | undefined
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
    const { by } = measured
    if (by.length > 0)
      this.#emptied = new EmptiedTally(by.length, this.#spec.emptying.length, options.smallestGroup)
    const groupings = by.map(({ field, of }) => new GroupCodes(field, of))
    this.#records = new MeasuredRecords(this.#fields.length, groupings, this.#budget, options.maxRecords)
  }

  #at(path: string): number {
    return [...this.#measured.all].indexOf(path)
  }

  /** Of the run that is measured, in one thread. */
  get observe(): Observe {
    const groupings = this.#measured.by.map(({ field }) => this.#at(field))
    const observed = { fields: this.#fields, groupings, emptied: this.#emptied }
    return observerOf(this.#ran, observed, this.#records)
  }

  /** Of a run over the population that the records are a sample of. */
  get observePopulation(): Observe {
    this.#population ??= new MeasuredRecords(
      this.#fields.length,
      [],
      this.#budget,
      this.#options.maxRecords,
      this.#records,
    )
    const observed = { fields: this.#fields, groupings: [], emptied: undefined }
    return observerOf(this.#ran, observed, this.#population)
  }

  /**
   * Weights over the values of `--by` that leave, and the label's.
   * @throws LetheError (usage) where no values part the records, or too many do
   */
  weights(): RecordWeights {
    const { by, label } = this.#measured
    const paths = by.filter(({ of }) => of === 'value').map(({ field }) => field)
    if (paths.length === 0)
      throw new LetheError(
        'bad-option',
        '--weights: they are made over the groups of --by, and none are named',
        'name a field with --by',
      )
    const fields = [...new Set([...paths, ...(label === undefined ? [] : [label.field])])]
    const columns = fields.map((path) => this.#at(path))
    const { smallestGroup, hasSubjects } = this.#spec
    return weightsOf(this.#records, columns, { smallestGroup, hasSubjects })
  }

  /** What was measured; `weights`: what `weights` gave. */
  measurement(
    summary: Pick<Summary, 'asOf' | 'version' | 'records'>,
    weights?: RecordWeights | undefined,
  ): Measurement {
    const figures = measure(this.#records, this.#spec, this.#emptied, this.#population)
    return viewOf(this.#plan, summary, { ...figures, weights }, this.#measured, this.#options)
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
  { all, over, sensitive, by, label }: MeasuredFields,
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
    groupings: by.map(({ of }) => of),
    label: label && { column: at(label.field), text: label.value },
    emptying: by.length === 0 ? [] : fieldsThatEmpty(plan).map(({ field }) => field.path.text),
    k: options.k,
    nothing: options.nothing,
    smallestGroup: options.smallestGroup,
    hasSubjects: plan.subject !== undefined,
    domains,
    hierarchies,
  }
}

/** What the one rule of a field makes of all values that it takes, where its files say which these are. */
export function domainOf({ rulesByStep }: PlanField): ReadonlyMap<string, string> | undefined {
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
  measured: Measured & { readonly weights: RecordWeights | undefined },
  { over, sensitive, by, label }: MeasuredFields,
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
  const { utility, balance, weights } = measured
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
    ...(balance.length === 0
      ? {}
      : { balance: balance.map((one, grouping) => ({ by: by[grouping]!.field, ...one })) }),
    ...(label === undefined ? {} : { label: label.field }),
    ...(weights === undefined ? {} : { weights: weights.weights }),
  }
}
