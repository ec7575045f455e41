/** What `lethe batch` does, once its command line is read: a batch, its progress, and its account for people. */

import { batchFiles, type FilesOptions, PolicyProblems } from '../../batch/batch-files.ts'
import type { ShardJob } from '../../batch/shard-job.ts'
import { sum } from '../../engine/account.ts'
import { EXIT, LetheError } from '../../errors.ts'
import { accountLines, nameLines, verboseLines } from '../../explain/account-lines.ts'
import { percent } from '../../explain/group-lines.ts'
import type { Input } from '../../files/input.ts'
import { formatProblems } from '../../policy/problems.ts'
import type { Summary } from '../../run/account/account-view.ts'
import { deadLetterAdvice } from '../../run/account/dead-letter-advice.ts'
import type { BatchResult } from '../../run/batch-run.ts'
import type { PreparedPool } from '../../run/chunk-pool.ts'
import { keysFile } from '../../run/named-key-files.ts'
import type { RunFiles } from '../../run/run-files.ts'
import { paint } from '../../terminal.ts'
import { type BalanceOptions, balanceOf } from '../balance-options.ts'
import { keyringFrom } from '../keyring-option.ts'
import { type LedgerOptions, ledgerOf } from '../ledger-option.ts'
import { gateOptions, type ListOptions } from '../list-options.ts'
import { progressLine } from '../progress.ts'

export interface BatchOptions
  extends Omit<FilesOptions, 'lists' | 'tables' | 'matchKeys' | 'shard' | 'balance'>,
    LedgerOptions,
    BalanceOptions,
    ListOptions {
  readonly keys?: string
  readonly workers?: number
  readonly quiet?: boolean
  readonly verbose?: boolean
  /** A manifest, and which of its shards to run. */
  readonly manifest?: string
  readonly shard?: number
  /** Of a policy with `crowd:`: counts the classes of the shard, and writes nothing else. */
  readonly countClasses?: boolean
}

/** De-identifies the inputs with the threads of `prepared`, which the caller closes. Throws `LetheError`. */
export async function run(
  inputs: readonly Input[],
  options: BatchOptions,
  prepared: PreparedPool,
  files: RunFiles,
  shard?: ShardJob,
): Promise<void> {
  const file = keysFile(options)
  const progress = options.quiet === true ? undefined : progressLine(totalOf(inputs))
  let left = ''
  try {
    const record = ledgerOf(options)
    const { list: _, listRemoved: _r, table: _t, matchKeys: _m, shard: _s, ...others } = options
    const told = {
      ...others,
      balance: balanceOf(options),
      ...gateOptions(options),
      ...(record === undefined ? {} : { record }),
      ...(shard === undefined ? {} : { shard }),
    }
    const summary = await batchFiles(inputs, told, { keyring: keyringFrom(file), file }, prepared, files, {
      progress: (made) => progress?.show(made),
      account: (made, result, standing) => {
        left = standing
        progress?.clear()
        report(made, options, result)
      },
    })
    finish(summary, options, left)
  } catch (error) {
    if (error instanceof PolicyProblems) process.stderr.write(formatProblems(error.problems, 'text'))
    throw error
  } finally {
    progress?.clear()
  }
}

/** Bytes of all inputs; undefined where one of them does not say. */
function totalOf(inputs: readonly Input[]): number | undefined {
  return inputs.reduce<number | undefined>(
    (all, { size }) => (all === undefined || size === undefined ? undefined : all + size),
    0,
  )
}

function report(summary: Summary, options: BatchOptions, result: BatchResult): void {
  if (options.quiet !== true)
    process.stderr.write(`${accountLines(summary, paint(process.stderr)).join('\n')}\n`)
  if (options.verbose === true) process.stderr.write(`${verboseLines(summary).join('\n')}\n`)
  if (result.account.unlistedNames !== undefined)
    process.stderr.write(`${nameLines(result.account.unlistedNames).join('\n')}\n`)
  if (options.countClasses === true) {
    if (options.quiet !== true)
      process.stderr.write('lethe: the classes of the shard are counted; nothing else was written\n')
  } else if (options.dryRun === true) process.stderr.write('lethe: dry run: nothing was written\n')
  else if (sum(result.account.deadLettered) > 0 && options.deadLetter === undefined)
    process.stderr.write('lethe: some records were dead-lettered; --dead-letter FILE lists where and why\n')
}

function finish(summary: Summary, { maxUnique, deadLetter, dryRun }: BatchOptions, left: string): void {
  if (summary.status === 'too-many-dead-letters')
    throw new LetheError(
      'too-many-dead-letters',
      `too many dead letters: ${sum(summary.records.deadLettered)} of the ${summary.records.in} records read; ${left}`,
      deadLetterAdvice(
        summary,
        `${deadLetter === undefined || dryRun === true ? '--dead-letter FILE' : deadLetter} lists where and why`,
      ),
    )
  if (summary.status === 'too-many-stand-alone')
    throw new LetheError(
      'too-many-alone',
      `too many data subjects stand alone: ${percent(summary.groups!.alone)}, and with two standard deviations that is not below ${maxUnique! * 100} %; ${left}`,
      summary.groups!.withoutSubject === summary.records.published
        ? 'correct `subject:` of the policy: no record has a value there, so all of them count as one data subject'
        : 'generalize the quasi-identifiers further or drop some, or allow more with --max-unique',
    )
  // Of shards `lethe account merge` judges the dead letters of all, and what starts them takes any other code for a failure.
  if (sum(summary.records.deadLettered) > 0 && summary.shard === undefined)
    process.exitCode = EXIT.deadLetters
}
