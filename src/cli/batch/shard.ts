/** `lethe batch --manifest FILE --shard N`: one shard of a run over many machines. */
import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import type { DeadLetterLimit } from '../../engine/limit.ts'
import { LetheError } from '../../errors.ts'
import { preparePool } from '../../run/chunk-pool.ts'
import { RunFiles } from '../../run/run-files.ts'
import { readManifest } from '../../shards/read-manifest.ts'
import { RunFolder } from '../../shards/run-folder.ts'
import { finishedShard, inputsOf, shardIndex, shardJob } from '../../shards/shard-run.ts'
import { type BatchOptions, run } from './run-batch.ts'

/** What the manifest says, or what says nothing of one shard alone. */
const NOT_OF_SHARDS: Readonly<Record<string, string>> = {
  asOf: 'the manifest says it',
  format: 'the manifest says it',
  encoding: 'the manifest says it',
  delimiter: 'the manifest says it',
  quote: 'the manifest says it',
  escape: 'the manifest says it',
  header: 'the manifest says it',
  skipLines: 'the manifest says it',
  comment: 'the manifest says it',
  change: 'the manifest says it',
  deletes: 'the manifest says it',
  beforeImage: 'the manifest says it',
  placeholder: 'the manifest says it',
  outputFormat: 'each output is what its input is',
  maxRecordBytes: 'the manifest says it',
  escapeFormulas: 'the manifest says it',
  summary: 'it goes into the folder of the run',
  deadLetter: 'they go into the folder of the run',
  dryRun: 'a shard is written',
  measure: 'the risk of all is not known of one shard: measure what is merged',
  weights: 'the shares of all are not known of one shard: make the records with one `lethe batch`',
  by: 'the groups of all are not known of one shard: measure what is merged',
  byScript: 'the groups of all are not known of one shard: measure what is merged',
  byRegion: 'the groups of all are not known of one shard: measure what is merged',
  label: 'the groups of all are not known of one shard: measure what is merged',
  maxUnique: 'who stands alone is not known of one shard: measure all with one `lethe batch`',
}

/** `lethe account merge` judges them over all shards. */
const NO_LIMIT: DeadLetterLimit = { kind: 'share', most: 1 }

export async function startShard(
  names: readonly string[],
  options: BatchOptions,
  command: Command,
): Promise<void> {
  if (options.manifest === undefined)
    throw new LetheError('bad-option', '--shard is of a manifest, and none is named', 'say --manifest FILE')
  if (names.length > 0)
    throw new LetheError(
      'bad-option',
      'inputs are named, and the manifest says which files a shard reads',
      'leave them out, or leave out --manifest',
    )
  for (const [name, why] of Object.entries(NOT_OF_SHARDS))
    if (command.getOptionValueSource(name) === 'cli')
      throw new LetheError(
        'bad-option',
        `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} does not go with --manifest: ${why}`,
        'leave it out',
      )
  if (options.output === undefined || options.output === '-')
    throw new LetheError('bad-option', 'the folder of the run is not named', 'say -o FOLDER')
  const read = await readManifest(options.manifest)
  const { manifest } = read
  const shard = shardIndex(options.shard, manifest, process.env)
  const folder = new RunFolder(options.output)
  const of = {
    ...options,
    ...manifest.inputOptions,
    asOf: Date.parse(manifest.asOf),
    maxRecordBytes: manifest.maxRecordBytes,
    escapeFormulas: manifest.escapeFormulas,
    summary: folder.summaryOf(shard),
    deadLetter: folder.deadLettersOf(shard),
    ...(command.getOptionValueSource('maxDeadLetters') === 'default' ? { maxDeadLetters: NO_LIMIT } : {}),
  }
  const isCounting = options.countClasses === true
  const { summary: _s, deadLetter: _d, sketch: _k, ...others } = of
  const told = isCounting ? { ...others, dryRun: true } : of
  const files = new RunFiles()
  if (options.requireApproval !== undefined) {
    // Not even what an input is may be looked at before.
    const { refuseUnapproved } = await import('../../batch/approved.ts')
    await refuseUnapproved(of, files)
  }
  if (!isCounting && (await finishedShard(manifest, read.sha256, folder, shard)) !== undefined) {
    if (options.quiet !== true)
      process.stderr.write(`lethe: shard ${shard} was done before, and all that it left is there\n`)
    return
  }
  const inputs = await inputsOf(manifest, shard)
  const prepared = preparePool(inputs, options.workers ?? availableParallelism())
  try {
    await run(inputs, told, prepared, files, shardJob(read, folder, shard, isCounting))
  } finally {
    await prepared.close()
  }
}
