/** What `lethe batch` does, once its command line is read. */

import { reconciles, sum } from '../../engine/account.ts'
import type { DeadLetterLimit } from '../../engine/limit.ts'
import { EXIT, LetheError } from '../../errors.ts'
import type { Input } from '../../files/input.ts'
import type { Output } from '../../files/output.ts'
import { quasiIdentifiers } from '../../groups/quasi-identifiers.ts'
import { newGroupsKey } from '../../groups/subject-groups.ts'
import type { Keyring } from '../../keys/keyring.ts'
import { type ExpectedKey, refuseOtherKeys, refusePublished } from '../../keys/real-data.ts'
import { compilePolicyFile } from '../../policy/compile-file.ts'
import type { InputForm } from '../../policy/input-form.ts'
import type { Plan } from '../../policy/plan.ts'
import { type PolicyFile, readPolicyFile } from '../../policy/policy-file.ts'
import { formatProblems } from '../../policy/problems.ts'
import type { RecordFormat } from '../../record/limits.ts'
import { type BatchResult, runBatch } from '../../run/batch-run.ts'
import type { PreparedPool } from '../../run/chunk-pool.ts'
import type { RunConfiguration } from '../../run/configuration.ts'
import { RunFiles } from '../../run/run-files.ts'
import { paint } from '../../terminal.ts'
import { accountLines, nameLines, type Summary, summarize, verboseLines } from '../account-view.ts'
import { checkMayJudge, percent, standAlone } from '../groups.ts'
import { formOf, type InputFlags, usedFlags } from '../input-options.ts'
import { keyringFrom } from '../keyring-option.ts'
import { progressLine } from '../progress.ts'
import { ReadFiles } from '../read-files.ts'
import { versionWarnings } from './older.ts'
import { Opened, type OutputOptions, openOutputs } from './outputs.ts'

export interface BatchOptions extends OutputOptions, InputFlags {
  readonly policy: string
  readonly keys?: string
  readonly expectKey?: readonly ExpectedKey[]
  readonly format?: RecordFormat
  readonly workers?: number
  readonly asOf?: number
  readonly deadLetter?: string
  readonly maxDeadLetters: DeadLetterLimit
  /** From 0 to 1: so many of the data subjects may not stand alone. */
  readonly maxUnique?: number
  readonly maxRecordBytes: number
  readonly chunkBytes: number
  readonly escapeFormulas?: boolean
  readonly quiet?: boolean
  readonly showNames?: boolean
  readonly verbose?: boolean
}

/** De-identifies the inputs with the threads of `prepared`, which the caller closes. Throws `LetheError`. */
export async function run(
  inputs: readonly Input[],
  options: BatchOptions,
  prepared: PreparedPool,
): Promise<void> {
  const files = new RunFiles()
  const file = readPolicyFile(options.policy, 'the policy', files.read)
  const keysFile = options.keys ?? (process.env['LETHE_KEYS_FILE'] || undefined)
  const keys = keyringFrom(keysFile)
  const plan = await compile(file, keys, options)
  if (options.maxUnique !== undefined) checkJudging(plan, options)
  const form = formOf(plan.input, options)
  files.refuseChanged()
  const reads = new ReadFiles()
  for (const [at, { identity }] of inputs.entries()) reads.addIdentity(`input ${at + 1}`, identity)
  reads.addRun(files)
  reads.add('the keyset file', keysFile)
  const opened = new Opened(reads)
  try {
    const outputs = openOutputs(inputs, options, opened)
    const deadLetterFile =
      options.deadLetter === undefined ? undefined : opened.open(options.deadLetter, options)
    const summaryFile = options.summary === undefined ? undefined : opened.open(options.summary, options)
    const older = versionWarnings(plan, options)
    const now = options.asOf ?? Date.now()
    const result = await deidentify({
      plan,
      file,
      configuration: { files: files.bytes, keyset: keys?.keyset },
      inputs,
      outputs,
      deadLetterFile,
      form,
      now,
      options,
      prepared,
    })
    if (!reconciles(result.account))
      throw new LetheError(
        'account-mismatch',
        `the account does not add up: ${result.account.records} records in, ${result.account.published} published, ` +
          `${sum(result.account.suppressed)} suppressed, ${sum(result.account.deadLettered)} dead-lettered`,
        'this is a defect of Lethe; no output was left',
      )
    const tooManyAlone =
      result.groups !== undefined &&
      options.maxUnique !== undefined &&
      standAlone(result.groups, options.maxUnique)
    const summary = summarize(plan, inputs, result, {
      now,
      dryRun: options.dryRun === true,
      keyset: keys?.keyset,
      tooManyAlone,
      outputs,
      deadLetterFile,
      flags: usedFlags(options),
      warnings: older,
    })
    await summaryFile?.append(Buffer.from(`${JSON.stringify(summary, null, 2)}\n`))
    await summaryFile?.finish()
    report(summary, options, result)
    if (summary.status === 'done') for (const output of new Set(outputs)) output.publish()
    deadLetterFile?.publish()
    summaryFile?.publish()
    finish(summary, options)
  } finally {
    opened.close()
  }
}

async function compile(file: PolicyFile, keys: Keyring | undefined, options: BatchOptions): Promise<Plan> {
  const { plan, problems } = await compilePolicyFile(file, { keys })
  if (plan === undefined) {
    process.stderr.write(formatProblems(problems, 'text'))
    throw new LetheError(
      'policy-invalid',
      `the policy ${file.file} has errors; nothing was read`,
      'correct them',
    )
  }
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
function checkJudging(plan: Plan, { output, dryRun }: BatchOptions): void {
  checkMayJudge(plan.fields)
  if (output === '-' && dryRun !== true)
    throw new LetheError(
      'bad-option',
      '--max-unique is judged when all records are read, and what goes to standard output cannot be taken back; nothing was read',
      'say -o FILE',
    )
}

interface Work {
  readonly plan: Plan
  readonly file: PolicyFile
  readonly configuration: RunConfiguration
  readonly inputs: readonly Input[]
  readonly outputs: readonly Output[]
  readonly deadLetterFile: Output | undefined
  readonly form: InputForm
  readonly now: number
  readonly options: BatchOptions
  readonly prepared: PreparedPool
}

async function deidentify(work: Work): Promise<BatchResult> {
  const { plan, file, inputs, now, options } = work
  const sizes = inputs.map((input) => input.size)
  const total = sizes.reduce<number | undefined>(
    (all, size) => (all === undefined || size === undefined ? undefined : all + size),
    0,
  )
  const countsGroups = quasiIdentifiers(plan.fields).length > 0
  const progress = options.quiet === true ? undefined : progressLine(total)
  try {
    return await runBatch({
      plan,
      pool: await work.prepared.open(plan, {
        kind: 'chunks',
        policyFile: file.file,
        fingerprint: plan.fingerprint,
        configuration: work.configuration,
        groupsKey: countsGroups ? newGroupsKey() : undefined,
        options: { now, maxRecordBytes: options.maxRecordBytes, showNames: options.showNames },
      }),
      inputs,
      outputs: work.outputs,
      deadLetterFile: work.deadLetterFile,
      limit: options.maxDeadLetters,
      countsGroups,
      maxRecordBytes: options.maxRecordBytes,
      chunkBytes: options.chunkBytes,
      form: work.form,
      escapeFormulas: options.escapeFormulas === true,
      digests: options.summary !== undefined,
      onProgress: (made) => progress?.show(made),
    })
  } finally {
    progress?.clear()
  }
}

function report(summary: Summary, options: BatchOptions, result: BatchResult): void {
  if (options.quiet !== true)
    process.stderr.write(`${accountLines(summary, paint(process.stderr)).join('\n')}\n`)
  if (options.verbose === true) process.stderr.write(`${verboseLines(summary).join('\n')}\n`)
  if (result.account.unlistedNames !== undefined)
    process.stderr.write(`${nameLines(result.account.unlistedNames).join('\n')}\n`)
  if (options.dryRun === true) process.stderr.write('lethe: dry run: nothing was written\n')
  else if (sum(result.account.deadLettered) > 0 && options.deadLetter === undefined)
    process.stderr.write('lethe: some records were dead-lettered; --dead-letter FILE lists where and why\n')
}

function finish(summary: Summary, { maxUnique }: BatchOptions): void {
  if (summary.status === 'too-many-dead-letters')
    throw new LetheError(
      'too-many-dead-letters',
      `too many dead letters: ${sum(summary.records.deadLettered)} of the ${summary.records.in} records read; no output was left`,
      'see --dead-letter FILE for where and why, and --max-dead-letters to allow more',
    )
  if (summary.status === 'too-many-stand-alone')
    throw new LetheError(
      'too-many-alone',
      `too many data subjects stand alone: ${percent(summary.groups!.alone)}, and with two standard deviations that is not below ${maxUnique! * 100} %; no output was left`,
      summary.groups!.withoutSubject === summary.records.published
        ? 'correct `subject:` of the policy: no record has a value there, so all of them count as one data subject'
        : 'generalize the quasi-identifiers further or drop some, or allow more with --max-unique',
    )
  if (sum(summary.records.deadLettered) > 0) process.exitCode = EXIT.deadLetters
}
