/** Measures what a policy makes of files: runs it over them, writes nothing, and looks at every record. */
import type { Observe } from '../engine/engine.ts'
import { LetheError } from '../errors.ts'
import type { Input } from '../files/input.ts'
import type { Measurement } from '../forms/measurement.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import type { Plan } from '../policy/plan.ts'
import { type PolicyFile, policyFileOf, readPolicyFile } from '../policy/policy-file.ts'
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
import type { CrowdUse } from './crowd-passes.ts'
import { fieldsOf, type MeasuredFields, Measuring, type MeasuringOptions, subjectOf } from './measuring.ts'
import { toldFields, withFolders } from './parted-inputs.ts'

export interface MeasureOptions
  extends Omit<FilesOptions, 'observe' | 'policyFile' | 'output' | 'dryRun' | 'change' | 'measure' | 'crowd'>,
    MeasuringOptions {
  /** What the inputs are a sample of. */
  readonly population?: readonly Input[]
}

/**
 * @returns the figures; no value but names of groups with `smallestGroup` subjects or more
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
  // What was published is read as it is, with what the folders of a data set tell.
  const isOutput = options.side === 'output'
  const subject = subjectOf(plan)
  const read = new Set([...measured.all, ...(subject === undefined ? [] : [subject])])
  const [sample, population] = [inputs, options.population ?? []].map((from) =>
    isOutput ? withFolders(from, read) : from,
  ) as [readonly Input[], readonly Input[]]
  const told = toldFields([...sample, ...population])
  const policyFile = isOutput ? await keepingPolicy(plan, measured, stated, told) : undefined
  const ran = policyFile === undefined ? plan : await compileBatch(policyFile, undefined, {})
  const measuring = new Measuring(plan, ran, measured, options)
  /** Runs the policy over files. */
  const observed = async (from: readonly Input[], observe: Observe, crowd: CrowdUse): Promise<Summary> => {
    const prepared = preparePool(from, 1)
    try {
      const { expectKey, population: _, ...others } = options
      const asked =
        policyFile === undefined ? { ...others, ...(expectKey && { expectKey }) } : { ...others, policyFile }
      return await batchFiles(
        from,
        { ...asked, dryRun: true, observe, crowd },
        policyFile === undefined ? keys : { keyring: undefined },
        prepared,
        files,
        { ...hears, account: () => {} },
      )
    } finally {
      await prepared.close()
    }
  }
  const summary = await observed(sample, measuring.observe, 'measured')
  if (options.population !== undefined) await observed(population, measuring.observePopulation, 'unjudged')
  return measuring.measurement(summary)
}

/** The plan of what was published: it needs no keys. */
async function compileToRead(stated: PolicyFile): Promise<Plan> {
  const { plan, problems } = await compilePolicyFile(stated)
  if (plan === undefined) throw new PolicyProblems(stated.file, problems)
  return plan
}

/** A policy that reads what was published: the measured fields, and whose each record is. `told`: those that files may lack. */
async function keepingPolicy(
  plan: Plan,
  { all, over, sensitive }: MeasuredFields,
  stated: PolicyFile,
  told: ReadonlySet<string>,
): Promise<PolicyFile> {
  const subject = subjectOf(plan)
  const paths = [...new Set([...all, ...(subject === undefined ? [] : [subject])])]
  const roleOf = (path: string): string =>
    over.includes(path) ? 'quasi-identifier' : sensitive.includes(path) ? 'sensitive' : 'other'
  // What stands as JSON in a text does so in the output too.
  const carriers = plan.carriers
    .map(({ path }) => path.text)
    .filter((carrier) =>
      paths.some((path) => path.startsWith(`${carrier}.`) || path.startsWith(`${carrier}[`)),
    )
  const head = [
    `policy: ${plan.name}`,
    `version: ${plan.version}`,
    `purpose: ${plan.purpose}`,
    ...(subject === undefined ? [] : [`subject: ${JSON.stringify(subject)}`]),
    ...(carriers.length === 0
      ? []
      : [`read: ${JSON.stringify(Object.fromEntries(carriers.map((path) => [path, 'json'])))}`]),
    ...(told.size === 0 ? [] : [`optional: ${JSON.stringify([...told])}`]),
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
