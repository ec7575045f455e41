/** `lethe batch`: files in, de-identified files out. */
import { availableParallelism } from 'node:os'
import { Argument, Command, Option } from 'commander'
import { DEFAULT_DEAD_LETTER_LIMIT } from '../engine/limit.ts'
import { LetheError } from '../errors.ts'
import { inspectInputs } from '../files/objects/inspect-objects.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../record/limits.ts'
import { type ChangeOptions, withChange } from '../run/change-flags.ts'
import { preparePool } from '../run/chunk-pool.ts'
import { RunFiles } from '../run/run-files.ts'
import {
  parseExpectedKey,
  parseLimit,
  parseRequiredApproval,
  parseShare,
  parseTime,
  whole,
} from './arguments.ts'
import { addBalanceOptions } from './balance-options.ts'
import type { BatchOptions } from './batch/run-batch.ts'
import { addChangeOptions } from './change-options.ts'
import { addInputOptions } from './input-options.ts'
import { addLedgerOptions } from './ledger-option.ts'
import { addListOptions } from './list-options.ts'

async function start(
  names: readonly string[],
  given: Omit<BatchOptions, 'change'> & ChangeOptions,
  command: Command,
): Promise<void> {
  const options: BatchOptions = withChange(given)
  if (options.manifest !== undefined || options.shard !== undefined) {
    const { startShard } = await import('./batch/shard.ts')
    return await startShard(names, options, command)
  }
  if (options.countClasses === true)
    throw new LetheError(
      'bad-option',
      '--count-classes is of a shard; one batch counts its classes by itself',
      'leave it out, or say --manifest FILE',
    )
  if (names.length === 0)
    throw new LetheError('bad-option', 'no input is named', 'name files, or - for standard input')
  if (options.output === undefined && options.dryRun !== true)
    throw new LetheError('bad-option', 'no output is named', 'say -o FILE, -o FOLDER/ or -o - (or --dry-run)')
  const files = new RunFiles()
  if (options.requireApproval !== undefined) {
    // Not even what an input is may be looked at before.
    const { refuseUnapproved } = await import('../batch/approved.ts')
    await refuseUnapproved(options, files)
  }
  const inputs = await inspectInputs(names, options.format)
  if (inputs.filter((input) => input.name === '-').length > 1)
    throw new LetheError('bad-option', 'standard input is named twice')
  // The other threads load what they need while this one loads and compiles.
  const prepared = preparePool(inputs, workersOf(options))
  try {
    const { run } = await import('./batch/run-batch.ts')
    await run(inputs, options, prepared, files)
  } finally {
    await prepared.close()
  }
}

function workersOf({ measure, weights, workers }: BatchOptions): number {
  if (measure === undefined && weights === undefined) return workers ?? availableParallelism()
  if ((workers ?? 1) > 1)
    throw new LetheError('bad-option', 'a measure looks at every record in one thread', 'leave --workers out')
  return 1
}

const days = whole(1, 3650)

const FORMATS = ['csv', 'ndjson', 'json', 'parquet']
const PACKED = ['snappy', 'zstd', 'none']

const EXAMPLES = `
The output appears under its name only when it is whole. Every record is accounted for: published,
suppressed with the rule that did it, or dead-lettered with a code; the account goes to stderr.

Examples:
  $ lethe batch customers.csv -p policy.yaml --keys keys.json -o out.csv
  $ lethe batch events-*.ndjson.gz -p policy.yaml --keys keys.json -o clean/
  $ zcat export.csv.gz | lethe batch - --format csv -p policy.yaml -o - | gzip > out.csv.gz
  $ lethe batch events.ndjson -p policy.yaml -o out.ndjson --dead-letter dead.ndjson --summary run.json
  $ lethe batch events.parquet -p policy.yaml --keys keys.json -o events.ndjson
  $ lethe batch s3://landing/2026/11/ -p policy.yaml --keys keys.json -o s3://clean/2026/11/
  $ lethe batch events.parquet -p policy.yaml --keys keys.json -o training --partition-by country,day
  $ lethe batch changes.ndjson --change debezium -p policy.yaml --keys keys.json -o changes-out.ndjson
  $ lethe batch people.csv -p policy.yaml -o out.csv --measure out.json --by country --weights out.weights.csv
  $ lethe batch events.ndjson -p policy.yaml --dry-run
  $ lethe batch --manifest run.json --shard 3 -p policy.yaml --keys keys.json -o run/

Exit codes: 0 done, 1 too many data subjects stand alone (no output), 2 usage or policy, 3 records were dead-lettered (with too many of them, no output),
4 input or output, 130 interrupted.`

export const command = (): Command =>
  addBalanceOptions(
    addListOptions(
      addLedgerOptions(
        addChangeOptions(addInputOptions(new Command('batch'), { delimiter: 'comma; tab for .tsv' })),
      ),
    ),
  )
    .description('De-identifies CSV, NDJSON, JSON and Parquet files as a policy says.')
    .addArgument(
      new Argument(
        '[in...]',
        'input files: .csv .tsv .ndjson .jsonl .json, .gz and .zst too, and .parquet; s3://bucket/key, or s3://bucket/prefix/ for all below it; - is standard input',
      ),
    )
    .requiredOption('-p, --policy <file>', 'the policy')
    .option(
      '-o, --output <out>',
      'a file, a folder (one output an input), s3://bucket/key or s3://bucket/folder/, or - for standard output',
    )
    .option('--replace', 'let outputs take the place of objects of their names, as they do of files')
    .option(
      '--manifest <file>',
      'run one shard of this manifest, of `lethe manifest`; -o is the folder of the run',
    )
    .addOption(
      new Option(
        '--shard <n>',
        'which, from 0 (default: JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX or SLURM_ARRAY_TASK_ID)',
      ).argParser(whole(0, 999_999_999)),
    )
    .option(
      '--count-classes',
      'of a shard, where the policy states a crowd: count its classes, and write nothing else',
    )
    .option('--keys <file>', 'the keyset file (default: LETHE_KEYS_FILE)')
    .addOption(
      new Option(
        '--expect-key <id:check>',
        'a key that the run must use, with its check value; may be repeated',
      ).argParser(parseExpectedKey),
    )
    .addOption(
      new Option(
        '--require-approval <keys[,n]>',
        'run only where n people approved the policy (default: 1), whose public keys stand in this file',
      ).argParser(parseRequiredApproval),
    )
    .addOption(new Option('--format <format>', 'what the inputs are (default: by name)').choices(FORMATS))
    .addOption(
      new Option('--output-format <format>', 'what the outputs are (default: by name)').choices(FORMATS),
    )
    .addOption(
      new Option(
        '--partition-by <fields>',
        'make -o a folder with a file for each combination of these output values, FIELD=VALUE/part-…; commas between them',
      ).argParser((text: string) => text.split(',').map((one) => one.trim())),
    )
    .addOption(
      new Option('--max-partitions <n>', 'more partitions than this fail the run')
        .argParser(whole(1, 10_000))
        .default(256),
    )
    .addOption(
      new Option('--parquet-compression <codec>', 'how Parquet is packed (default: snappy)').choices(PACKED),
    )
    .addOption(
      new Option('--workers <n>', 'threads that work at once (default: one a core)').argParser(whole(1, 256)),
    )
    .addOption(
      new Option('--as-of <time>', 'the instant that retention is judged at (default: now)').argParser(
        parseTime,
      ),
    )
    .option(
      '--dead-letter <file>',
      'where to list records that could not be taken: coordinates and codes, no values',
    )
    .option(
      '--seal <file>',
      'put the originals of dead letters into their list, encrypted to the age recipients of this file',
    )
    .addOption(
      new Option(
        '--max-dead-letters <n|p%>',
        'more than this fails the run; a share counts from 1,000 records on',
      )
        .argParser(parseLimit)
        .default(DEFAULT_DEAD_LETTER_LIMIT, '1%'),
    )
    .addOption(
      new Option(
        '--max-unique <p%>',
        'leave no output unless fewer data subjects than this stand alone by their quasi-identifiers',
      ).argParser(parseShare),
    )
    .option('--summary <file>', 'where to write the account as JSON')
    .option(
      '--measure <file>',
      'where to write, as JSON, what `lethe measure` says of the run; in one thread',
    )
    .option(
      '--weights <file>',
      'where to write a weight for each record, so that the groups of --by have the shares that were read',
    )
    .option(
      '--sketch <file>',
      'where to write a sketch of who shares quasi-identifiers, for `lethe measure --sketches`; it is personal data',
    )
    .addOption(
      new Option('--sketch-side <side>', 'values as they came, or as they leave')
        .choices(['input', 'output'])
        .default('output'),
    )
    .addOption(
      new Option('--sketch-keep <days>', 'how long the sketch is kept')
        .argParser((text: string) => days(text) * 86_400_000)
        .default(30 * 86_400_000, '30'),
    )
    .option('--holds <file>', 'the file of legal holds: no output takes the place of a file that is held')
    .addOption(
      new Option('--max-record-bytes <n>', 'a longer record is a dead letter')
        .argParser(whole(1, 1 << 29))
        .default(DEFAULT_MAX_RECORD_BYTES, '1 MiB'),
    )
    .addOption(
      new Option('--chunk-bytes <n>', 'bytes worked on at once')
        .argParser(whole(1, 1 << 26))
        .default(1 << 20, '1 MiB'),
    )
    .option('--escape-formulas', "put ' before CSV cells that a spreadsheet would run; changes values")
    .option('--dry-run', 'do everything but write')
    .option('--show-names', 'list the names that no rule names; they are values of the data')
    .option('-v, --verbose', 'say more on stderr: the whole fingerprint, keys, and each input')
    .option('-q, --quiet', 'no progress and no account on stderr')
    .addHelpText('after', EXAMPLES)
    .action(start)
