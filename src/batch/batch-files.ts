/** A batch over files: what `lethe batch` and a program both do. Prints nothing. */

import type { CountedApproval } from '../approval/required-approval.ts'
import { reconciles, sum } from '../engine/account.ts'
import type { Observe } from '../engine/engine.ts'
import type { DeadLetterLimit } from '../engine/limit.ts'
import { LetheError, type Problem } from '../errors.ts'
import { formatByName, type Input } from '../files/input.ts'
import type { ParquetCompression } from '../files/parquet/packers.ts'
import { refuseTwice } from '../files/refuse-twice.ts'
import type { Output } from '../files/sink.ts'
import { loadZstd } from '../files/zstd.ts'
import type { GateData } from '../gates/gate-data.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import { type ExpectedKey, refuseOtherKeys, refusePublished } from '../keys/real-data.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { ListPlace } from '../lists/load-list.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { parsePath } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { type PolicyFile, readPolicyFile } from '../policy/policy-file.ts'
import { storedTimeOf } from '../policy/published-time.ts'
import type { RecordFormat } from '../record/limits.ts'
import { partitionPaths } from '../record/partition/planned-partitions.ts'
import { type CrowdView, type Summary, summarize } from '../run/account/account-view.ts'
import { checkMayJudge, standAlone } from '../run/account/groups-view.ts'
import { viewKeys } from '../run/account/keys-view.ts'
import type { BatchProgress, BatchResult, LetterSealing } from '../run/batch-run.ts'
import { refuseTags } from '../run/check-tags.ts'
import type { PreparedPool } from '../run/chunk-pool.ts'
import { cuttingOf, formOf, type ReadForm, usedFlags } from '../run/input-flags.ts'
import { ReadFiles } from '../run/read-files.ts'
import { configured, type GatePlaces, readGateData } from '../run/read-gate-data.ts'
import type { RunFiles } from '../run/run-files.ts'
import { type ApprovalOptions, approvedBy } from './approved.ts'
import { type BatchMeasure, measuringOf, writeWeights } from './batch-measure.ts'
import { type BatchPass, type PassResult, runPass } from './batch-pass.ts'
import { batchFact, batchOutcome } from './batch-record.ts'
import { checkEvents } from './change-files.ts'
import { type CrowdUse, crowdUse, FirstPass, newCrowdKey, refuseCrowd, viewOf } from './crowd-passes.ts'
import { checkForm, checkReplayed, type FileReplay, versionBefore } from './file-replay.ts'
import { versionWarnings } from './older.ts'
import {
  dataSetFormat,
  linesAs,
  Opened,
  type OutputOptions,
  openOutputs,
  publishAll,
  type TypedOutput,
  whatIsLeft,
  writesParquet,
} from './outputs.ts'
import { sealingOf } from './sealing-setup.ts'
import type { ShardClasses } from './shard-job.ts'
import { openSidecars, writeSidecars } from './sidecars.ts'
import { type SketchOptions, sketchSetupOf, writeSketch } from './sketched.ts'

/** What a batch is told, beside its inputs. */
export interface FilesOptions extends OutputOptions, ApprovalOptions, BatchMeasure, SketchOptions {
  readonly expectKey?: readonly ExpectedKey[]
  /** By name, the lists of subjects that the policy names. */
  readonly lists?: ReadonlyMap<string, ListPlace>
  /** By name, the files of the consent tables that the policy names. */
  readonly tables?: ReadonlyMap<string, string>
  /** The file of match keys. */
  readonly matchKeys?: string | MatchKeys
  readonly format?: RecordFormat
  readonly asOf?: number
  readonly deadLetter?: string
  /** A file of age recipients that the originals of dead letters are sealed to. */
  readonly seal?: string
  readonly maxDeadLetters: DeadLetterLimit
  /** From 0 to 1: so many of the data subjects may not stand alone. */
  readonly maxUnique?: number
  readonly maxRecordBytes: number
  readonly chunkBytes: number
  readonly escapeFormulas?: boolean
  /** How pages of Parquet are packed: snappy, unless stated. */
  readonly parquetCompression?: ParquetCompression
  readonly showNames?: boolean
  /** Where only records are read whose dead letters are listed. */
  readonly replay?: FileReplay
  /** Where the run is written down: before it reads, and once its outputs have their names. */
  readonly record?: Ledger
  /** The policy, where its text is no file: `policy` names it in messages, and what it names stands beside that name. */
  readonly policyFile?: PolicyFile
  /** What is run in the place of the plan: for an observer, as it changes what leaves. */
  readonly planned?: (plan: Plan) => Plan
  /** Sees every record. The threads of the run are this one alone then: `preparePool(inputs, 1)`. */
  readonly observe?: Observe
  /** How it goes by the crowd of its policy: that is judged, unless stated. */
  readonly crowd?: CrowdUse
  /** The file of legal holds: no output takes the place of what is held. Undefined: outputs replace what stands under their names. */
  readonly holds?: string
}

/** Who is told what a batch does. */
export interface BatchHears {
  /** Of each chunk that is settled; what it throws ends the run, and leaves no output. */
  progress(made: BatchProgress): void
  /** The account, before anything gets its name; `left` says what stands there if nothing does. */
  account(summary: Summary, result: BatchResult, left: string): void
}

/** The keys of a batch, and the file that they were read from, over which nothing is written. */
export interface BatchKeys {
  readonly keyring: Keyring | undefined
  readonly file?: string | undefined
}

/** The policy of a batch has errors. */
export class PolicyProblems extends LetheError {
  readonly problems: readonly Problem[]
  constructor(file: string, problems: readonly Problem[]) {
    super('policy-invalid', `the policy ${file} has errors; nothing was read`, 'correct them')
    this.problems = problems
  }
}

/**
 * De-identifies the inputs with the threads of `prepared`, which the caller closes. Outputs get their names only where the
 * status of the summary is `done`. Throws `LetheError`, and then no output is left.
 */
export async function batchFiles(
  inputs: readonly Input[],
  options: FilesOptions,
  { keyring: keys, file: keysFile }: BatchKeys,
  prepared: PreparedPool,
  files: RunFiles,
  hears: BatchHears,
): Promise<Summary> {
  // What was read twice is replayed twice.
  if (options.replay === undefined) refuseTwice(inputs)
  const file = options.policyFile ?? readPolicyFile(options.policy, 'the policy', files.read)
  const stated = await compileBatch(file, keys, options)
  const plan = options.planned?.(stated) ?? stated
  const approvals = approvedBy(plan, options, files)
  await options.shard?.begin(plan, keys?.keyset)
  if (options.maxUnique !== undefined) checkJudging(plan, options)
  const form = formOf(plan.input, options)
  if (options.shard?.crowd.isCounting === true && plan.crowd === undefined)
    throw new LetheError(
      'bad-option',
      `the policy ${plan.name} states no crowd, so there are no classes to count; nothing was read`,
      'leave --count-classes out',
    )
  if (crowdUse(plan, options) !== undefined && crowdUse(plan, options) !== 'unjudged')
    refuseCrowd(inputs, form, options)
  if (form.change !== undefined) checkEvents(plan, form.change, inputs, options)
  const data = readGateData([plan], placesOf(options), files)
  const sealing = await sealingOf(options, plan, data, files)
  const { replay } = options
  if (replay !== undefined) checkForm(replay, cuttingOf(form), plan, keys?.keyset)
  files.refuseChanged()
  const reads = new ReadFiles()
  for (const [at, { identity }] of inputs.entries()) reads.addIdentity(`input ${at + 1}`, identity)
  reads.addRun(files)
  reads.add('the keyset file', keysFile)
  // Those of a command name its ledger too.
  reads.addOptions(options)
  for (const [what, name] of replay?.reads ?? []) reads.add(what, name)
  const whole = {
    ...{ plan, file, form, approvals, data, sealing, reads, keys },
    ...{ inputs, options, prepared, files, hears },
  }
  if (options.record === undefined || options.dryRun === true) return await openAndRun(whole)
  const fact = batchFact(plan, replay === undefined ? 'batch' : 'replay', inputs.length)
  return await options.record.record(fact, () => openAndRun(whole), batchOutcome)
}

/** What makes outputs of Parquet, where there are some: its writer is loaded then. */
async function typedOutputs(
  inputs: readonly Input[],
  plan: Plan,
  options: FilesOptions,
): Promise<TypedOutput> {
  if (!writesParquet(inputs, options)) return (output) => output
  const { ParquetOutput } = await import('../files/parquet/parquet-output.ts')
  const { packerOf } = await import('../files/parquet/packers.ts')
  const form = {
    packer: await packerOf(options.parquetCompression ?? 'snappy'),
    metadata: { 'lethe-policy': `${plan.name}@${plan.version}#${plan.fingerprint}` },
    createdBy: 'lethe',
  }
  return (output) => new ParquetOutput(output, form)
}

/** `--partition-by`: one data set of all inputs. */
async function openDataSet(
  { inputs, plan, form, keys, options }: Pick<WholeBatch, 'inputs' | 'plan' | 'form' | 'keys' | 'options'>,
  now: number,
  opened: Opened,
  typed: TypedOutput,
): Promise<Output[]> {
  const { maxPartitions = 256, output = '-', dryRun = false } = options
  const by = options.partitionBy ?? []
  partitionPaths(plan, by)
  const partitionBy = by.map((one) => parsePath(one).text)
  const format = dataSetFormat(inputs, options)
  const { DataSetOutput } = await import('../files/data-set-output.ts')
  const { DATA_SET, dataSetText } = await import('../forms/data-set.ts')
  const { name, version, purpose, fingerprint } = plan
  const { keyChecks } = viewKeys(plan, keys?.keyset)
  const policy = { name, version, purpose, fingerprint }
  const delimiter = format === 'csv' ? (form.delimiter ?? inputs[0]!.delimiter) : undefined
  const time = storedTimeOf(plan)
  const made = { policy, asOf: new Date(now).toISOString(), keyChecks, format, partitionBy, delimiter, time }
  const dataSet = await opened.dataSet(output, (place) =>
    DataSetOutput.open(place, {
      partitionBy,
      mostPartitions: maxPartitions,
      extension: `.${format}`,
      manifest: DATA_SET,
      manifestOf: (files) =>
        dataSetText({ ...made, records: files.reduce((sum, { records }) => sum + records, 0), files }),
      dryRun,
      isTyped: format === 'parquet',
      formatted: (file) => (format === 'parquet' ? typed(file) : linesAs(format, file)),
    }),
  )
  return inputs.map(() => dataSet)
}

interface WholeBatch {
  readonly plan: Plan
  readonly file: PolicyFile
  readonly form: ReadForm
  readonly approvals: readonly CountedApproval[] | undefined
  readonly data: GateData
  readonly sealing: LetterSealing | undefined
  readonly reads: ReadFiles
  readonly keys: Keyring | undefined
  readonly inputs: readonly Input[]
  readonly options: FilesOptions
  readonly prepared: PreparedPool
  readonly files: RunFiles
  readonly hears: BatchHears
}

/** Everything is checked: opens the outputs, reads the inputs, and gives the outputs their names. */
async function openAndRun(batch: WholeBatch): Promise<Summary> {
  const { plan, form, approvals, data, sealing, reads, keys } = batch
  const { inputs, options, prepared, hears } = batch
  const { replay } = options
  const began = Date.now()
  const now = options.asOf ?? began
  const opened = new Opened(reads)
  const use = crowdUse(plan, options)
  const isJudged = use !== undefined && use !== 'unjudged'
  const shard = isJudged ? options.shard?.crowd.setup(plan, keys) : undefined
  let second: PreparedPool | undefined
  try {
    const names = [options.output ?? '', ...inputs.map((input) => input.name)]
    if (names.some((name) => formatByName(name).compression === 'zstd')) await loadZstd()
    const outputs = await openAll(batch, now, opened)
    const sidecars = await openSidecars(inputs, outputs, options, opened)
    const deadLetterFile =
      options.deadLetter === undefined ? undefined : await opened.open(options.deadLetter, options)
    const summaryFile =
      options.summary === undefined ? undefined : await opened.open(options.summary, options)
    const measureFile =
      options.measure === undefined ? undefined : await opened.open(options.measure, options)
    const weightsFile =
      options.weights === undefined ? undefined : await opened.open(options.weights, options)
    const measuring = await measuringOf(plan, form.change !== undefined, options)
    const sketch = sketchSetupOf(plan, keys, options, form.change !== undefined)
    const sketchFile = options.sketch === undefined ? undefined : opened.openOwn(options.sketch, options)
    const named = [...outputs, deadLetterFile, sketchFile].filter((output) => output !== undefined)
    const refuseAdded = await refuserOf(options, named)
    let first: FirstPass | undefined
    if (isJudged && shard === undefined) {
      first = await countClasses(batch, now, use, whatIsLeft(outputs))
      await prepared.close()
      second = prepared.another()
    }
    const older = replay === undefined ? versionWarnings(plan, options) : versionBefore(plan, replay)
    const whole = await runPass({
      ...passOf(batch, now),
      observe: measuring?.observe ?? options.observe,
      outputs,
      deadLetterFile,
      sealing,
      prepared: second ?? prepared,
      countsGroups: true,
      crowd: shard?.pass ?? first?.setup ?? (use === 'unjudged' ? use : undefined),
      sketch,
    })
    const result = first?.resultOf(whole.result) ?? whole.result
    if (!reconciles(result.account))
      throw new LetheError(
        'account-mismatch',
        `the account does not add up: ${result.account.records} records in, ${result.account.published} published, ` +
          `${sum(result.account.suppressed)} suppressed, ${sum(result.account.deadLettered)} dead-lettered`,
        `this is a defect of Lethe; ${whatIsLeft(outputs)}`,
      )
    first?.check({ ...whole, result }, inputs, whatIsLeft(outputs))
    if (replay !== undefined) checkReplayed(replay, inputs, result)
    options.shard?.checkRead(inputs, result)
    const crowd = shard === undefined ? first?.view : shardView(plan, shard, whole)
    const tooManyAlone =
      result.groups !== undefined &&
      options.maxUnique !== undefined &&
      standAlone(result.groups, options.maxUnique)
    const summary = summarize(plan, inputs, result, {
      now,
      approvals,
      dryRun: options.dryRun === true,
      keyset: keys?.keyset,
      data,
      tooManyAlone,
      outputs,
      deadLetterFile,
      flags: usedFlags(options),
      form: cuttingOf(form),
      warnings: older,
      shard: options.shard?.view,
      crowd,
    })
    await summaryFile?.append(Buffer.from(`${JSON.stringify(summary, null, 2)}\n`))
    await summaryFile?.finish()
    if (summary.status === 'done') await writeSidecars(sidecars, { plan, keyset: keys?.keyset, form, now })
    if (measuring !== undefined && summary.status === 'done') {
      const weights = weightsFile === undefined ? undefined : measuring.weights()
      if (measureFile !== undefined) {
        const measured = measuring.measurement(summary, weights)
        await measureFile.append(Buffer.from(`${JSON.stringify(measured, null, 2)}\n`))
        await measureFile.finish()
      }
      if (weightsFile !== undefined) await writeWeights(weights!, weightsFile)
    }
    if (whole.sketch !== undefined && sketchFile !== undefined && summary.status === 'done')
      await writeSketch(sketchFile, whole.sketch, plan, keys!, sketch!, {
        from: began,
        keep: options.sketchKeep,
      })
    hears.account(summary, result, whatIsLeft(outputs))
    refuseAdded()
    // Where another process has left the same, this one leaves nothing.
    const isShard = options.shard !== undefined && options.dryRun !== true
    if (isShard && !(await options.shard!.mayPublish(summary))) return summary
    // Beside outputs of another process stand the counts of that one.
    if (whole.classes !== undefined) await shard?.keep(whole.classes)
    const measures = [measureFile, weightsFile, sketchFile].filter((one) => one !== undefined)
    const sides = [...sidecars.map(({ file }) => file), ...measures]
    const finished = summary.status === 'done' ? [...new Set(outputs), ...sides] : []
    await publishAll([...finished, deadLetterFile, summaryFile].filter((output) => output !== undefined))
    return summary
  } finally {
    await second?.close()
    await opened.close()
  }
}

/** Of a shard: what its summary says of its classes. */
function shardView(plan: Plan, shard: ShardClasses, { classes, result }: PassResult): CrowdView | undefined {
  if (classes === undefined) return undefined
  if (classes.records !== result.account.published)
    throw new LetheError(
      'crowd-broken',
      'what was written and what was counted for `crowd:` of the policy differ; no output was left',
      'this is a defect of Lethe',
    )
  shard.check?.(classes)
  return shard.suppressed === undefined ? undefined : viewOf(plan, classes.classes.count, shard.suppressed)
}

/** What all passes over the inputs share. */
const passOf = (
  { plan, file, inputs, form, options, files, data, keys, hears }: WholeBatch,
  now: number,
): Omit<
  BatchPass,
  'outputs' | 'deadLetterFile' | 'sealing' | 'prepared' | 'observe' | 'countsGroups' | 'crowd' | 'sketch'
> => ({
  ...{ plan, file, inputs, form, now, options },
  configuration: { files: files.bytes, keyset: keys?.keyset, ...configured(data) },
  progress: (made) => hears.progress(made),
})

/** The outputs of a batch, by input. */
async function openAll(batch: WholeBatch, now: number, opened: Opened): Promise<Output[]> {
  const { inputs, plan, options } = batch
  const typed = await typedOutputs(inputs, plan, options)
  return options.partitionBy === undefined
    ? await openOutputs(inputs, options, opened, typed)
    : await openDataSet(batch, now, opened, typed)
}

/** The first pass of two: the same as the second, but that it writes nothing and suppresses no class. */
async function countClasses(batch: WholeBatch, now: number, use: CrowdUse, left: string): Promise<FirstPass> {
  const { plan, prepared, reads, options } = batch
  const { summary: _, ...others } = options
  const key = newCrowdKey()
  const opened = new Opened(reads)
  try {
    const passed = await runPass({
      ...passOf(batch, now),
      outputs: await openAll({ ...batch, options: { ...others, dryRun: true } }, now, opened),
      deadLetterFile: undefined,
      sealing: undefined,
      prepared,
      observe: undefined,
      countsGroups: false,
      sketch: undefined,
      crowd: { key, open: undefined },
    })
    return new FirstPass(plan, key, passed, use, left)
  } finally {
    await opened.close()
  }
}

/** What refuses outputs that would replace what is held: some now, and some when it is called. */
async function refuserOf({ holds }: FilesOptions, outputs: readonly Output[]): Promise<() => void> {
  if (holds === undefined) return () => {}
  const { refuseHeld } = await import('./held-outputs.ts')
  return refuseHeld(outputs, holds)
}

function placesOf({ lists = new Map(), tables = new Map(), matchKeys }: FilesOptions): GatePlaces {
  if (matchKeys === undefined) return { lists, tables, matchKeys: undefined }
  return {
    lists,
    tables,
    matchKeys: typeof matchKeys === 'string' ? { file: matchKeys } : { read: () => matchKeys },
  }
}

/** The plan of a batch. @throws LetheError where the policy has errors, or keys are missing or are others than expected */
export async function compileBatch(
  file: PolicyFile,
  keys: Keyring | undefined,
  options: Pick<FilesOptions, 'expectKey'>,
): Promise<Plan> {
  const { plan, problems } = await compilePolicyFile(file, { keys })
  if (plan === undefined) {
    throw new PolicyProblems(file.file, problems)
  }
  refuseTags(plan, 'a file')
  if (plan.needsKeys && keys === undefined)
    throw new LetheError(
      'keys-missing',
      `the policy ${file.file} makes tokens or other keyed values, and no keys are given; nothing was read`,
      'say --keys FILE or set LETHE_KEYS_FILE (make one with `lethe keys create FILE`)',
    )
  refusePublished(keys)
  refuseOtherKeys(keys?.keyset, plan.keyIds, options.expectKey ?? [])
  return plan
}

/** What `--max-unique` judges is judged at the end. */
function checkJudging(plan: Plan, { output, dryRun }: FilesOptions): void {
  checkMayJudge(plan.fields)
  if (output === '-' && dryRun !== true)
    throw new LetheError(
      'bad-option',
      '--max-unique is judged when all records are read, and what goes to standard output cannot be taken back; nothing was read',
      'say -o FILE',
    )
}
