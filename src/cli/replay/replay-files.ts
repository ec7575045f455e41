/** What `lethe replay --dead-letter LIST --summary RUN IN…` does, once its command line is read. */
import { availableParallelism } from 'node:os'
import type { RequiredApproval } from '../../approval/required-approval.ts'
import { refuseUnapproved } from '../../batch/approved.ts'
import { readReplay } from '../../batch/file-replay.ts'
import type { DeadLetterLimit } from '../../engine/limit.ts'
import { LetheError } from '../../errors.ts'
import { inspectInputs } from '../../files/objects/inspect-objects.ts'
import type { ExpectedKey } from '../../keys/real-data.ts'
import type { RecordFormat } from '../../record/limits.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../../record/limits.ts'
import { preparePool } from '../../run/chunk-pool.ts'
import { RunFiles } from '../../run/run-files.ts'
import { run as runBatch } from '../batch/run-batch.ts'
import type { LedgerOptions } from '../ledger-option.ts'
import type { ListOptions } from '../list-options.ts'

export interface FileReplayOptions extends LedgerOptions, ListOptions {
  readonly deadLetter?: string
  readonly summary?: string
  readonly policy?: string
  readonly output?: string
  readonly newDeadLetter?: string
  readonly newSummary?: string
  readonly seal?: string
  readonly holds?: string
  readonly keys?: string
  readonly format?: RecordFormat
  readonly asOf?: number
  readonly maxRecordBytes?: number
  readonly maxDeadLetters: DeadLetterLimit
  readonly expectKey?: readonly ExpectedKey[]
  readonly requireApproval?: RequiredApproval
  readonly quiet?: boolean
}

const CHUNK_BYTES = 1 << 20

export async function run(names: readonly string[], options: FileReplayOptions): Promise<void> {
  const { deadLetter, summary, policy, output, newDeadLetter, newSummary, ...others } = options
  const needed = {
    '--dead-letter LIST': deadLetter,
    '--summary RUN': summary,
    '-p POLICY': policy,
    '-o OUT': output,
  }
  for (const [option, value] of Object.entries(needed))
    if (value === undefined)
      throw new LetheError('bad-option', `a replay of files needs ${option}`, 'see `lethe replay --help`')
  if (options.seal !== undefined && newDeadLetter === undefined)
    throw new LetheError(
      'bad-option',
      '--seal puts originals into the list of dead letters, and none is named',
      'say --new-dead-letter FILE',
    )
  const files = new RunFiles()
  // Nothing that the run read or wrote may be looked at before.
  if (options.requireApproval !== undefined) await refuseUnapproved({ ...others, policy: policy! }, files)
  const inputs = await inspectInputs(names, options.format)
  if (inputs.some(({ size }) => size === undefined))
    throw new LetheError(
      'bad-option',
      'a replay reads files twice, which standard input and pipes cannot be',
      'name the files that the run read',
    )
  const replay = await readReplay(inputs, deadLetter!, summary!)
  const prepared = preparePool(inputs, availableParallelism())
  try {
    await runBatch(
      inputs,
      {
        ...replay.options,
        ...others,
        policy: policy!,
        output: output!,
        ...(newDeadLetter !== undefined && { deadLetter: newDeadLetter }),
        ...(newSummary !== undefined && { summary: newSummary }),
        maxRecordBytes: options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
        chunkBytes: CHUNK_BYTES,
        replay,
      },
      prepared,
      files,
    )
  } finally {
    await prepared.close()
  }
}
