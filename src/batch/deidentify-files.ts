/** A batch over files for programs: `lethe batch` without a command line. */
import { availableParallelism } from 'node:os'
import type { RequiredApproval } from '../approval/required-approval.ts'
import { DEFAULT_DEAD_LETTER_LIMIT, parseDeadLetterLimit } from '../engine/limit.ts'
import { LetheError } from '../errors.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import type { ParquetCompression } from '../files/parquet/packers.ts'
import { loadKeyring } from '../keys/file.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { MatchKeys } from '../keys/match-keys.ts'
import type { ExpectedKey } from '../keys/real-data.ts'
import type { ListPlace } from '../lists/load-list.ts'
import { formatProblems } from '../policy/problems.ts'
import { DEFAULT_MAX_RECORD_BYTES, type RecordFormat } from '../record/limits.ts'
import type { ChangeForm } from '../record/wire-form.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { BatchProgress } from '../run/batch-run.ts'
import { preparePool } from '../run/chunk-pool.ts'
import type { InputFlags } from '../run/input-flags.ts'
import { RunFiles } from '../run/run-files.ts'
import { refuseUnapproved } from './approved.ts'
import { batchFiles, type FilesOptions, PolicyProblems } from './batch-files.ts'
import type { MeasuringOptions } from './measuring.ts'

/** What `deidentifyFiles` requires of a policy. */
export interface BatchApproval {
  /** The path of the public keys that count, in PEM. */
  readonly keys: string
  /** How many people, by their keys, from 1 to 99; 1 unless stated. */
  readonly need?: number
}

export interface FilesBatch {
  /**
   * Paths of CSV, NDJSON and JSON files, compressed or not, and of Parquet files; of objects `s3://bucket/key`, or
   * `s3://bucket/prefix/` for all below it, as docs/object-stores.md says.
   */
  readonly inputs: readonly string[]
  /** The path of a file, or of a folder that gets one output for each input; or `s3://bucket/key`, or `s3://bucket/folder/`. */
  readonly output: string
  /** Whether outputs take the place of objects of their names, as they do of files; they do not unless stated. */
  readonly replace?: boolean
  /** The path of the policy. Files of transforms that it names are run. */
  readonly policy: string
  /** The keyset: what `loadKeyring` gave, or its path. */
  readonly keys?: Keyring | string
  /** By name, where the lists of subjects are that the policy names under `suppression:`. */
  readonly lists?: Readonly<Record<string, string | ListPlace>>
  /** By name, the files of the consent tables that the policy names under `consent:`. */
  readonly tables?: Readonly<Record<string, string>>
  /** The match keys of these lists and tables: what `loadMatchKeys` gave, or their path. */
  readonly matchKeys?: MatchKeys | string
  /** The format of the inputs, where their names do not tell. */
  readonly format?: RecordFormat
  /** What the outputs are, where their names do not tell: `parquet` for a folder of Parquet. */
  readonly outputFormat?: RecordFormat
  /** Output paths of fields whose values part the output: `output` is a folder then, which must not exist. */
  readonly partitionBy?: readonly string[]
  /** The most partitions that it may have; 256 unless stated. */
  readonly maxPartitions?: number
  /** How pages of Parquet are packed; snappy unless stated. */
  readonly parquetCompression?: ParquetCompression
  /** How bytes become cells, where the policy does not say it. */
  readonly input?: Omit<InputFlags, 'change'>
  /**
   * Records of the inputs are change events of Debezium, of whose rows the policy speaks; of JSON alone. With `deletes: 'tombstone'` a
   * delete does not leave, as a file has no tombstones.
   */
  readonly change?: ChangeForm
  /** Where the list of dead letters goes. */
  readonly deadLetters?: string
  /** A file of age recipients: the originals of dead letters stand in their list, encrypted to them. */
  readonly seal?: string
  /** Where the summary goes, as JSON. With it, the digests of all files are computed. */
  readonly summary?: string
  /** Where a measure of the run goes, as JSON (docs/measure.md): one thread works then. */
  readonly measure?: string
  /** Of the measure: fields whose values, or their scripts or regions, part people into groups, and a label whose share is looked at. */
  readonly balance?: Pick<MeasuringOptions, 'by' | 'label'>
  /**
   * Where a weight is written for each published record, in their order, below a line `weight`: with them the groups of
   * `balance.by` have the shares that were read (docs/measure.md). One thread works then.
   */
  readonly weights?: string
  /** More dead letters leave no output: a count (`100`) or a share (`0.5%`); 1 % unless stated. */
  readonly maxDeadLetters?: string
  /** From 0 to 1: where a larger share of the data subjects stands alone, no output is left. */
  readonly maxUnique?: number
  /** The instant that retention is judged at; now unless stated. */
  readonly asOf?: Date
  /** How many threads work, the calling one among them; as many as there are processors unless stated. */
  readonly workers?: number
  /** Bytes that one record may have; 1 MiB unless stated. */
  readonly maxRecordBytes?: number
  /** Ids and check values of the keys that rules may use; others are refused. */
  readonly expectKeys?: readonly ExpectedKey[]
  /** Runs only where the policy has approvals (`lethe approve`) by so many keys of a file, as `--require-approval` does. */
  readonly requireApproval?: BatchApproval
  /** The file of legal holds (`lethe hold`): no output takes the place of a file that is held (`target-held`). */
  readonly holds?: string
  /** Writes ' before CSV cells that a spreadsheet would run, which changes values. */
  readonly escapeFormulas?: boolean
  /** Does everything but write. */
  readonly dryRun?: boolean
  /** Called for each chunk that is settled: bytes read from the disk and records settled so far. */
  readonly onProgress?: (made: BatchProgress) => void
  /** Ends the batch at the next chunk; no output is left, and the reason is thrown. */
  readonly signal?: AbortSignal
}

/**
 * De-identifies files. Outputs get their names where all is done; its thread works too, so a batch keeps it busy.
 * @returns the summary. Where its `status` is not `done`, no output was left; `records.deadLettered` counts the records that
 *   could not be taken.
 * @throws LetheError where a file cannot be read or written, the policy has errors, which the message names, or fewer approvals
 *   than are required (`approval-missing`, before an input is looked at); the reason of `signal`. No output is left then.
 */
export async function deidentifyFiles(batch: FilesBatch): Promise<Summary> {
  const { keys, signal, onProgress } = batch
  signal?.throwIfAborted()
  if (batch.inputs.length === 0) throw new LetheError('bad-option', 'no input is named')
  if ([...batch.inputs, batch.output].includes('-'))
    throw new LetheError('bad-option', '- stands for a standard stream, and a program names files')
  const options = optionsOf(batch)
  const files = new RunFiles()
  // Not even what an input is may be looked at before.
  if (options.requireApproval !== undefined) await refuseUnapproved(options, files)
  const inputs = await inspectInputs(batch.inputs, batch.format)
  const isMeasured = batch.measure !== undefined || batch.weights !== undefined
  if (isMeasured && (batch.workers ?? 1) > 1)
    throw new LetheError('bad-option', 'a measure looks at every record in one thread, and workers are more')
  const workers = isMeasured ? 1 : availableParallelism()
  const prepared = preparePool(inputs, batch.workers ?? workers)
  try {
    const keyring = typeof keys === 'string' ? loadKeyring(keys) : keys
    const file = typeof keys === 'string' ? keys : undefined
    return await batchFiles(inputs, options, { keyring, file }, prepared, files, {
      progress: (made) => {
        signal?.throwIfAborted()
        onProgress?.(made)
      },
      account: () => signal?.throwIfAborted(),
    })
  } catch (error) {
    if (!(error instanceof PolicyProblems)) throw error
    const all = formatProblems(error.problems, 'text').trimEnd()
    throw new LetheError(error.code, `${error.message}:\n${all}`, error.suggestion)
  } finally {
    await prepared.close()
  }
}

function optionsOf(batch: FilesBatch): FilesOptions {
  const limit =
    batch.maxDeadLetters === undefined
      ? DEFAULT_DEAD_LETTER_LIMIT
      : parseDeadLetterLimit(batch.maxDeadLetters)
  if (limit === undefined)
    throw new LetheError('bad-option', 'maxDeadLetters is a count, such as 100, or a share, such as 0.5%')
  const {
    input,
    output,
    policy,
    format,
    deadLetters,
    summary,
    measure,
    balance,
    weights,
    maxUnique,
    asOf,
    expectKeys,
    lists,
    tables,
    matchKeys,
    seal,
    holds,
    change,
    outputFormat,
    parquetCompression,
    partitionBy,
    maxPartitions,
  } = batch
  if (seal !== undefined && deadLetters === undefined)
    throw new LetheError(
      'bad-option',
      'seal puts originals into the list of dead letters, and deadLetters names none',
    )
  const requireApproval = approvalOf(batch)
  return {
    ...input,
    output,
    policy,
    maxDeadLetters: limit,
    maxRecordBytes: batch.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES,
    chunkBytes: 1 << 20,
    escapeFormulas: batch.escapeFormulas === true,
    dryRun: batch.dryRun === true,
    replace: batch.replace === true,
    ...(format === undefined ? {} : { format }),
    ...(outputFormat === undefined ? {} : { outputFormat }),
    ...(parquetCompression === undefined ? {} : { parquetCompression }),
    ...(partitionBy === undefined ? {} : { partitionBy }),
    ...(maxPartitions === undefined ? {} : { maxPartitions }),
    ...(deadLetters === undefined ? {} : { deadLetter: deadLetters }),
    ...(seal === undefined ? {} : { seal }),
    ...(change === undefined ? {} : { change }),
    ...(holds === undefined ? {} : { holds }),
    ...(summary === undefined ? {} : { summary }),
    ...(measure === undefined ? {} : { measure }),
    ...(balance === undefined ? {} : { balance }),
    ...(weights === undefined ? {} : { weights }),
    ...(maxUnique === undefined ? {} : { maxUnique }),
    ...(asOf === undefined ? {} : { asOf: asOf.getTime() }),
    ...(lists === undefined
      ? {}
      : {
          lists: new Map(
            Object.entries(lists).map(([name, place]) => [
              name,
              typeof place === 'string' ? { file: place } : place,
            ]),
          ),
        }),
    ...(tables === undefined ? {} : { tables: new Map(Object.entries(tables)) }),
    ...(matchKeys === undefined ? {} : { matchKeys }),
    ...(expectKeys === undefined ? {} : { expectKey: expectKeys }),
    ...(requireApproval === undefined ? {} : { requireApproval }),
  }
}

function approvalOf({ requireApproval }: FilesBatch): RequiredApproval | undefined {
  if (requireApproval === undefined) return undefined
  const { keys, need = 1 } = requireApproval
  if (!Number.isInteger(need) || need < 1 || need > 99)
    throw new LetheError('bad-option', 'requireApproval.need is a whole number from 1 to 99')
  return { keysFile: keys, need }
}
