/** `lethe manifest`: which files a run over many machines reads, and how they are cut into shards. */
import { Argument, Command, Option } from 'commander'
import { PolicyProblems } from '../batch/batch-files.ts'
import { writeNamed } from '../files/write-named.ts'
import { formatProblems } from '../policy/problems.ts'
import { DEFAULT_MAX_RECORD_BYTES } from '../record/limits.ts'
import { type ChangeOptions, withChange } from '../run/change-flags.ts'
import { keysFile } from '../run/named-key-files.ts'
import { ReadFiles } from '../run/read-files.ts'
import { manifestInputs } from '../shards/input-files.ts'
import { type ManifestOptions, makeManifest } from '../shards/make-manifest.ts'
import { columns, paint } from '../terminal.ts'
import { parseTime, whole } from './arguments.ts'
import { addChangeOptions } from './change-options.ts'
import { addInputOptions } from './input-options.ts'
import { keyringFrom } from './keyring-option.ts'

interface Options extends Omit<ManifestOptions, 'least' | 'change'>, ChangeOptions {
  readonly output: string
  readonly keys?: string
  readonly minShardBytes: number
  readonly quiet?: boolean
}

const MIB = 1 << 20
const LEAST_BYTES = 128 * MIB

async function run(names: readonly string[], given: Options): Promise<void> {
  const options = withChange(given)
  const file = keysFile(options)
  const reads = new ReadFiles()
  reads.addOptions(options)
  const inputs = await manifestInputs(names, options.format)
  for (const { identity } of inputs) reads.addIdentity('an input', identity)
  reads.refuse(options.output)
  try {
    const keys = keyringFrom(file)
    const manifest = await makeManifest(inputs, keys, { ...options, least: options.minShardBytes })
    await writeNamed(options.output, `${JSON.stringify(manifest, null, 1)}\n`)
    if (options.quiet === true) return
    const { dim } = paint(process.stderr)
    const { files, shards } = manifest
    const number = (count: number): string => count.toLocaleString('en')
    const sizes = shards.map(({ bytes }) => bytes)
    const rows = [
      ['files', number(files.length)],
      ['bytes', number(files.reduce((sum, { bytes }) => sum + bytes, 0))],
      ['shards', number(shards.length)],
      ['  smallest', `${number(sizes.reduce((a, b) => Math.min(a, b)))} bytes`],
      ['  largest', `${number(sizes.reduce((a, b) => Math.max(a, b)))} bytes`],
      ['files cut', number(files.filter(({ head }) => head !== undefined).length)],
      ['as of', manifest.asOf],
    ]
    const lines = [
      ...columns(rows, []),
      dim(
        `run each: lethe batch --manifest ${options.output} --shard N -p ${options.policy}${file === undefined ? '' : ` --keys ${file}`} -o FOLDER, with N from 0 to ${shards.length - 1}`,
      ),
    ]
    process.stderr.write(`${lines.map((line) => `  ${line}`).join('\n')}\n`)
  } catch (error) {
    if (error instanceof PolicyProblems) process.stderr.write(formatProblems(error.problems, 'text'))
    throw error
  }
}

const EXAMPLES = `
Every file is read once, for its digest; large CSV and NDJSON files are cut at record ends. What is compressed, an array, Parquet
or in another encoding than UTF-8 is not cut. The manifest holds sizes, digests and names of files, the instant of retention,
the fingerprint of the policy and check values of the keys; no value.

Examples:
  $ lethe manifest events/ -p policy.yaml --keys keys.json -o run.json
  $ lethe manifest events-*.csv -p policy.yaml --keys keys.json --shards 16 --as-of 2026-06-01 -o run.json
  $ lethe manifest s3://landing/2026/ -p policy.yaml --keys keys.json -o s3://clean/run.json
  $ lethe batch --manifest run.json --shard 0 -p policy.yaml --keys keys.json -o run/
  $ lethe account merge run/ -o clean/

Exit codes: 0 done, 2 usage or policy, 4 a file cannot be read or written, 130 interrupted.`

export const command = (): Command =>
  addChangeOptions(addInputOptions(new Command('manifest'), { delimiter: 'comma; tab for .tsv' }))
    .description('Cuts files into shards, which `lethe batch --manifest` runs on many machines.')
    .addArgument(
      new Argument(
        '<in...>',
        'files, and folders of files, all that is below; not what begins with a dot or an underscore',
      ),
    )
    .requiredOption('-p, --policy <file>', 'the policy')
    .requiredOption('-o, --output <file>', 'where to write the manifest')
    .option('--keys <file>', 'the keyset file (default: LETHE_KEYS_FILE)')
    .addOption(
      new Option('--shards <n>', 'at most so many shards (default: as many as are large enough)').argParser(
        whole(1, 100_000),
      ),
    )
    .addOption(
      new Option('--min-shard-bytes <n>', 'fewest bytes of a shard')
        .argParser(whole(1, Number.MAX_SAFE_INTEGER))
        .default(LEAST_BYTES, '128 MiB'),
    )
    .addOption(
      new Option('--as-of <time>', 'the instant that retention is judged at (default: now)').argParser(
        parseTime,
      ),
    )
    .addOption(
      new Option('--format <format>', 'what the files are (default: by name)').choices([
        'csv',
        'ndjson',
        'json',
        'parquet',
      ]),
    )
    .addOption(
      new Option('--max-record-bytes <n>', 'a longer record is a dead letter')
        .argParser(whole(1, 1 << 29))
        .default(DEFAULT_MAX_RECORD_BYTES, '1 MiB'),
    )
    .option('--escape-formulas', "put ' before CSV cells that a spreadsheet would run; changes values")
    .option('-q, --quiet', 'nothing on stderr')
    .addHelpText('after', EXAMPLES)
    .action(run)
