/** `lethe init --from FILE`: a draft policy from a sample of the data. */
import { existsSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { identityOfStdin } from '../files/input.ts'
import { filesBelow, isFolder } from '../files/input-folder.ts'
import { writeWhole } from '../files/whole-file.ts'
import { draftOf } from '../init/draft.ts'
import { holdsEvents, rowsOfEvents } from '../init/event-rows.ts'
import { readSample } from '../init/read-sample.ts'
import { label, type SampleFormat } from '../init/sample.ts'
import { type ChangeOptions, withChange } from '../run/change-flags.ts'
import { formOf, type InputFlags } from '../run/input-flags.ts'
import { packageRoot } from '../run/package-root.ts'
import { ReadFiles } from '../run/read-files.ts'
import { whole } from './arguments.ts'
import { addEventOptions } from './change-options.ts'
import { addInputOptions } from './input-options.ts'

interface Options extends Omit<InputFlags, 'change'>, ChangeOptions {
  readonly from: string
  readonly output?: string
  readonly format?: SampleFormat
  readonly rows: number
  readonly name?: string
  readonly trustHeader?: boolean
  readonly patterns: boolean
  readonly force?: boolean
}

async function run(given: Options): Promise<void> {
  const options = withChange(given)
  const { output } = options
  if (output !== undefined && output !== '-' && options.force !== true && existsSync(output))
    throw new LetheError('output-exists', `${output} is there already`, 'choose another name, or say --force')
  const reads = new ReadFiles()
  const from = isFolder(options.from)
    ? filesBelow(options.from, options.format !== undefined)[0]!.file
    : options.from
  if (from === '-') reads.addIdentity('the sample', identityOfStdin())
  else reads.add('the sample', from)
  if (output === undefined || output === '-') reads.refuseStandardOutput()
  else reads.refuse(output)
  const name = options.name ?? nameOf(options.from)
  const { format, rows, trustHeader, patterns } = options
  const sample = await readSample({ from, format, rows, form: formOf({}, options), trustHeader })
  const events =
    options.change === undefined ? undefined : rowsOfEvents(sample, from, options.change.placeholder)
  const read = events?.rows ?? sample
  const schema = schemaFrom(output === undefined || output === '-' ? process.cwd() : dirname(resolve(output)))
  const year = new Date().getUTCFullYear()
  const { draft, paths, text } = draftOf(read, {
    ...{ from, name, schema, year, patterns },
    event: events?.members,
  })
  if (output === undefined || output === '-') process.stdout.write(text)
  else await writeWhole(output, text)
  if (events === undefined && holdsEvents(sample))
    process.stderr.write(
      'lethe: most records look like change events of Debezium: say --change debezium for a draft that speaks of the row\n',
    )
  const what = `${draft.records} ${events === undefined ? 'records' : 'rows in change events'} of ${label(from)} (${read.format})`
  const count = draft.fields.length
  const fields = paths === count ? `${count} fields` : `${paths} paths, ${count} fields`
  process.stderr.write(`lethe: read ${what}; ${fields}, ${draft.undecided} undecided\n`)
}

/** The name of the policy from that of the file: `Orders 2024.csv.gz` gives `orders-2024`. */
function nameOf(from: string): string {
  const name = basename(from)
    .replace(/\.(?:gz|zst)$/i, '')
    .replace(/\.[^.]+$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
  return name === '' || from === '-' ? 'draft' : name.slice(0, 100)
}

/** Where an editor finds the JSON Schema: relative while the package lies near, else absolute. */
function schemaFrom(folder: string): string {
  const schema = join(packageRoot(), 'config/schema/policy.schema.json')
  const path = relative(folder, schema)
  return path.startsWith(join('..', '..', '..', '..')) ? schema : path.replaceAll('\\', '/')
}

function parseName(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(text))
    throw new InvalidArgumentError('It is written in a-z, 0-9, dot, hyphen and underscore.')
  return text
}

const EXAMPLES = `
Reads the first records of a CSV, NDJSON or JSON file (.gz and .zst too), looks at names and values, and
proposes a path, category, role and transform for every field, and under \`input:\` how such files are read. Comments
give the evidence as counts, never as values. Texts that hold JSON are read by what they hold (\`read:\`). What it is
not sure of is left \`undecided\`, which \`lethe lint\` reports as an error. Where many paths share a prefix or
suffix and a proposal, one pattern such as \`address_*\` stands for them.

Examples:
  $ lethe init --from customers.csv -o policy.yaml
  $ lethe init --from events.ndjson.gz --rows 50000 > policy.yaml
  $ lethe init --from changes.ndjson --change debezium -o policy.yaml
  $ zcat export.csv.gz | lethe init --from - --format csv --delimiter ';'
  $ lethe init --from customers.csv -o policy.yaml && lethe lint policy.yaml`

export const command = (): Command =>
  addEventOptions(
    addInputOptions(new Command('init'), {
      delimiter: 'what the rows show, as of all that follows',
      encoding: 'what they look like',
    }),
  )
    .description('Writes a draft policy from a sample of the data.')
    .requiredOption(
      '--from <file>',
      'the sample: CSV, NDJSON or JSON, gzip and zstd too, or Parquet; - is stdin',
    )
    .option('-o, --output <policy>', 'where to write the draft (default: stdout)')
    .addOption(
      new Option('--format <format>', 'what the sample is (default: by its name or first character)').choices(
        ['csv', 'ndjson', 'json', 'parquet'],
      ),
    )
    .addOption(
      new Option('--rows <n>', 'the most records to read').argParser(whole(1, 1_000_000)).default(10_000),
    )
    .addOption(
      new Option('--name <name>', 'name of the policy (default: from the file)').argParser(parseName),
    )
    .option('--trust-header', 'the first row is a header, though it looks like data')
    .option('--no-patterns', 'lists each path, also where one pattern could stand for many')
    .option('--force', 'overwrite the draft')
    .addHelpText('after', EXAMPLES)
    .action(run)
