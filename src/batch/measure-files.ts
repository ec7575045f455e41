/** Measures what a policy makes of files: runs it over them, writes nothing, and looks at every record. */
import { LetheError } from '../errors.ts'
import type { Input } from '../files/input.ts'
import type { Measurement } from '../forms/measurement.ts'
import { MeasuredRecords } from '../measures/measured-records.ts'
import { type Measured, type MeasureSpec, measure } from '../measures/measured-run.ts'
import type { SideFigures } from '../measures/measured-side.ts'
import { observerOf } from '../measures/records-observer.ts'
import { TextBudget } from '../measures/value-codes.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { PathError, parsePath } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type PolicyFile, policyFileOf, readPolicyFile } from '../policy/policy-file.ts'
import { readTable, TableError } from '../policy/table.ts'
import type { Summary } from '../run/account/account-view.ts'
import { preparePool } from '../run/chunk-pool.ts'
import { RunFiles } from '../run/run-files.ts'
import {
  type BatchHears,
  type BatchKeys,
  batchFiles,
  compileBatch,
  type FilesOptions,
  PolicyProblems,
} from './batch-files.ts'

export interface MeasureOptions
  extends Omit<FilesOptions, 'observe' | 'policyFile' | 'output' | 'dryRun' | 'change'> {
  /** Which side is looked at; of `output`, the files are what was published under the policy. */
  readonly side: 'input' | 'output' | 'both'
  /** Output paths of the quasi-identifiers; those with that role, unless stated. */
  readonly over?: readonly string[]
  /** Output paths of sensitive values; those with that role, unless stated. */
  readonly sensitive?: readonly string[]
  /** Output path of the field whose values part the subjects into groups. */
  readonly by?: string
  readonly k: number
  readonly nothing: 'category' | 'wildcard'
  readonly smallestGroup: number
  /** By output path: a file with the hierarchy of its values, in the format of ARX. */
  readonly hierarchies?: ReadonlyMap<string, string>
  readonly maxRecords: number
  /** What the inputs are a sample of. */
  readonly population?: readonly Input[]
}

/** Above it, a distribution has shifted enough to be looked at. */
const DRIFT = 0.1
/** Characters of distinct values that are held: some 512 MiB. */
const MOST_CHARACTERS = 1 << 28
/** More groups than these are no attribute of people but an identifier. */
const MOST_GROUPS = 100

/**
 * @returns the figures; no value but names of groups with `smallestGroup` records or more
 * @throws LetheError as `batchFiles` does; where a field is not the policy's, or there are more records than are held
 */
export async function measureFiles(
  inputs: readonly Input[],
  options: MeasureOptions,
  keys: BatchKeys,
  hears: Pick<BatchHears, 'progress'>,
): Promise<Measurement> {
  if (options.population !== undefined && options.nothing === 'wildcard')
    throw new LetheError(
      'bad-option',
      'the journalist risk is of classes, and where what is not there may be any value there are none; nothing was read',
      'leave --population or --suppressed wildcard out',
    )
  const files = new RunFiles()
  const stated = readPolicyFile(options.policy, 'the policy', files.read)
  const plan =
    options.side === 'output'
      ? await compileToRead(stated)
      : await compileBatch(stated, keys.keyring, options)
  const measured = fieldsOf(plan, options)
  // What was published is read as it is.
  const policyFile = options.side === 'output' ? await keepingPolicy(plan, measured, stated) : undefined
  const ran = policyFile === undefined ? plan : await compileBatch(policyFile, undefined, {})
  const fields = [...measured.all.values()].map((path) => fieldAt(ran, path))
  const budget = new TextBudget(MOST_CHARACTERS)
  const records = new MeasuredRecords(fields.length, budget, options.maxRecords)
  /** Runs the policy over files; their records go to `to`. */
  const observed = async (from: readonly Input[], to: MeasuredRecords): Promise<Summary> => {
    const prepared = preparePool(from, 1)
    try {
      const { expectKey, population: _, ...others } = options
      const told =
        policyFile === undefined ? { ...others, ...(expectKey && { expectKey }) } : { ...others, policyFile }
      return await batchFiles(
        from,
        { ...told, dryRun: true, observe: observerOf(ran, fields, to) },
        policyFile === undefined ? keys : { keyring: undefined },
        prepared,
        files,
        { ...hears, account: () => {} },
      )
    } finally {
      await prepared.close()
    }
  }
  const summary = await observed(inputs, records)
  const spec = specOf(ran, fields, measured, options)
  if (spec.by !== undefined && records.columns[spec.by]!.inputs.count > MOST_GROUPS + 1)
    throw new LetheError(
      'bad-option',
      `--by ${options.by}: the field has more than ${MOST_GROUPS} values`,
      'name a field that parts people into few groups',
    )
  if (options.population === undefined)
    return viewOf(plan, summary, measure(records, spec), measured, options)
  const population = new MeasuredRecords(fields.length, budget, options.maxRecords, records)
  await observed(options.population, population)
  return viewOf(plan, summary, measure(records, spec, population), measured, options)
}

/** The plan of what was published: it needs no keys. */
async function compileToRead(stated: PolicyFile): Promise<Plan> {
  const { plan, problems } = await compilePolicyFile(stated)
  if (plan === undefined) throw new PolicyProblems(stated.file, problems)
  return plan
}

/** Output paths, each once, in the order of their columns. */
interface MeasuredFields {
  readonly all: ReadonlySet<string>
  readonly over: readonly string[]
  readonly sensitive: readonly string[]
  readonly by: string | undefined
}

function fieldsOf(plan: Plan, options: MeasureOptions): MeasuredFields {
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

/** A policy that reads what was published: the measured fields, and whose each record is. */
async function keepingPolicy(
  plan: Plan,
  { all, over, sensitive }: MeasuredFields,
  stated: PolicyFile,
): Promise<PolicyFile> {
  const subject = subjectOf(plan)
  const paths = [...new Set([...all, ...(subject === undefined ? [] : [subject])])]
  const roleOf = (path: string): string =>
    over.includes(path) ? 'quasi-identifier' : sensitive.includes(path) ? 'sensitive' : 'other'
  const head = [
    `policy: ${plan.name}`,
    `version: ${plan.version}`,
    `purpose: ${plan.purpose}`,
    ...(subject === undefined ? [] : [`subject: ${JSON.stringify(subject)}`]),
    'fields:',
  ]
  /** `weak`: the paths for which a reason has to be given, and must not be where there is none. */
  const fileOf = (weak: ReadonlySet<string>): PolicyFile => {
    const lines = paths.map((path) => {
      const rule = { use: 'keep', role: roleOf(path), lineBreaks: 'allow' }
      const accept = weak.has(path) ? { accept: 'it is read to be measured' } : {}
      return `  ${JSON.stringify(path)}: ${JSON.stringify({ ...rule, ...accept })}`
    })
    return policyFileOf(stated.file, `${[...head, ...lines].join('\n')}\n`)
  }
  const { problems } = await compilePolicyFile(fileOf(new Set(paths)))
  const strong = problems
    .filter(({ code }) => code === 'accept-without-need')
    .map(({ line }) => paths[line - head.length - 1])
  return fileOf(new Set(paths.filter((path) => !strong.includes(path))))
}

/** Where the subject stands in what leaves, if it does. */
const subjectOf = (plan: Plan): string | undefined =>
  plan.fields.find(({ from }) => from.text === plan.subject?.text)?.path.text

function specOf(
  plan: Plan,
  fields: readonly PlanField[],
  { all, over, sensitive, by }: MeasuredFields,
  options: MeasureOptions,
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
  { asOf, version, records }: Summary,
  measured: Measured,
  { over, sensitive, by }: MeasuredFields,
  options: MeasureOptions,
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
