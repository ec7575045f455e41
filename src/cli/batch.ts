/** `lethe batch`: files in, de-identified files out. */
import { fstatSync, realpathSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { compileTimeParser } from '../../transforms/calendar.ts'
import { EXIT, LetheError } from '../errors.ts'
import { type BatchResult, runBatch } from '../files/batch.ts'
import { formatByName, type Input, identityOf, inspectInput } from '../files/input.ts'
import { type Output, openNothing, openOutput, openStdout } from '../files/output.ts'
import type { Keyring } from '../keys/keyring.ts'
import { DEFAULT_DEAD_LETTER_LIMIT, type DeadLetterLimit, parseDeadLetterLimit } from '../pipeline/limit.ts'
import { compilePolicy } from '../policy/compile.ts'
import type { Plan } from '../policy/plan.ts'
import { formatProblems } from '../policy/problems.ts'
import { type PolicyFile, readPolicyFile } from '../policy/read.ts'
import { reconciles, sum } from '../record/account.ts'
import { DEFAULT_MAX_RECORD_BYTES, type RecordFormat } from '../record/rewriter.ts'
import { accountLines, nameLines, type Summary, summarize, verboseLines } from './account.ts'
import { onInterrupt } from './interrupt.ts'
import { keyringFrom } from './keyring.ts'
import { progressLine } from './progress.ts'
import { paint } from './terminal.ts'

interface Options {
  readonly policy: string
  readonly output?: string
  readonly keys?: string
  readonly format?: RecordFormat
  readonly delimiter?: string
  readonly workers?: number
  readonly asOf?: number
  readonly deadLetter?: string
  readonly maxDeadLetters: DeadLetterLimit
  readonly summary?: string
  readonly maxRecordBytes: number
  readonly chunkBytes: number
  readonly escapeFormulas?: boolean
  readonly dryRun?: boolean
  readonly quiet?: boolean
  readonly showNames?: boolean
  readonly verbose?: boolean
}

async function run(names: readonly string[], options: Options): Promise<void> {
  if (options.output === undefined && options.dryRun !== true)
    throw new LetheError(EXIT.usage, 'no output is named', 'say -o FILE, -o FOLDER/ or -o - (or --dry-run)')
  const file = readPolicyFile(options.policy)
  const keys = keyringFrom(options.keys ?? (process.env['LETHE_KEYS_FILE'] || undefined))
  const plan = compile(file, keys)
  const inputs = names.map((name) => inspectInput(name, options.format))
  if (inputs.filter((input) => input.name === '-').length > 1)
    throw new LetheError(EXIT.usage, 'standard input is named twice')
  const opened = new Opened([
    ['the policy', options.policy],
    ['the keyset file', options.keys ?? process.env['LETHE_KEYS_FILE']],
  ])
  try {
    const outputs = openOutputs(inputs, options, opened)
    const deadLetterFile =
      options.deadLetter === undefined ? undefined : opened.open(options.deadLetter, inputs, options)
    const summaryFile =
      options.summary === undefined ? undefined : opened.open(options.summary, inputs, options)
    const now = options.asOf ?? Date.now()
    const result = await deidentify({ plan, file, keys, inputs, outputs, deadLetterFile, now, options })
    if (!reconciles(result.account))
      throw new LetheError(
        EXIT.io,
        `the account does not add up: ${result.account.records} records in, ${result.account.published} published, ` +
          `${sum(result.account.suppressed)} suppressed, ${sum(result.account.deadLettered)} dead-lettered`,
        'this is a defect of Lethe; no output was left',
      )
    const summary = summarize(plan, inputs, result, { now, dryRun: options.dryRun === true })
    await summaryFile?.append(Buffer.from(`${JSON.stringify(summary, null, 2)}\n`))
    await summaryFile?.finish()
    report(summary, options, result)
    if (!result.tooManyDeadLetters) for (const output of new Set(outputs)) output.publish()
    deadLetterFile?.publish()
    summaryFile?.publish()
    finish(summary, result)
  } finally {
    opened.close()
  }
}

/** Everything opened for writing: discarded unless it was published, at the end and on Ctrl-C. */
class Opened {
  readonly #outputs: Output[] = []
  readonly #places = new Map<string, string>()
  readonly #forget: () => void

  /** What the run reads beside its inputs, by identity. */
  readonly #kept = new Map<string, string>()

  constructor(kept: readonly (readonly [what: string, file: string | undefined])[]) {
    for (const [what, file] of kept) {
      const identity = file === undefined ? undefined : placeOf(file).identity
      if (identity !== undefined) this.#kept.set(identity, what)
    }
    this.#forget = onInterrupt(() => this.#discard())
  }

  /** Opens a file for writing, unless it is one of the inputs or is written to already. */
  open(name: string, inputs: readonly Input[], options: Options, gzip = false): Output {
    const place = placeOf(name)
    const input = inputs.findIndex(({ identity }) => identity !== undefined && identity === place.identity)
    if (input >= 0)
      throw new LetheError(
        EXIT.usage,
        `${name} is input ${input + 1}: it would be overwritten`,
        'name another output',
      )
    const kept = this.#kept.get(place.identity ?? '')
    if (kept !== undefined)
      throw new LetheError(EXIT.usage, `${name} is ${kept}: it would be overwritten`, 'name another output')
    if (place.isSpecial)
      throw new LetheError(
        EXIT.usage,
        `${name} is no regular file, and one would take its place`,
        'say -o - and redirect standard output',
      )
    if (place.isFolder) throw new LetheError(EXIT.usage, `${name} is a folder`, 'name a file')
    if (this.#places.has(place.path))
      throw new LetheError(
        EXIT.usage,
        `${name} would be written twice`,
        'give every output a name of its own',
      )
    this.#places.set(place.path, name)
    const output = options.dryRun === true ? openNothing(name) : openOutput(place.path, gzip)
    this.#outputs.push(output)
    return output
  }

  #discard(): void {
    for (const output of this.#outputs) output.discard()
  }

  close(): void {
    this.#discard()
    this.#forget()
  }
}

interface Place {
  /** Absolute; links in the folder's name are followed. */
  readonly path: string
  /** Undefined where nothing stands there. */
  readonly identity: string | undefined
  readonly isFolder: boolean
  /** A device, pipe or socket. */
  readonly isSpecial: boolean
}

function placeOf(name: string): Place {
  let path = resolve(name)
  try {
    path = join(realpathSync(dirname(path)), basename(path))
    const stats = statSync(path)
    const isFolder = stats.isDirectory()
    return { path, identity: identityOf(stats), isFolder, isSpecial: !isFolder && !stats.isFile() }
  } catch {
    return { path, identity: undefined, isFolder: false, isSpecial: false }
  }
}

const FORMAT_NAME: Readonly<Record<RecordFormat, string>> = { csv: 'CSV', ndjson: 'NDJSON' }

/** One output for each input, or one for all of them. */
function openOutputs(inputs: readonly Input[], options: Options, opened: Opened): Output[] {
  const name = options.output ?? '-'
  const isFolder = name !== '-' && (/[/\\]$/.test(name) || placeOf(name).isFolder)
  if (isFolder) {
    if (!placeOf(name).isFolder)
      throw new LetheError(EXIT.io, `the folder ${name} does not exist`, 'make it first')
    if (inputs.some((input) => input.name === '-'))
      throw new LetheError(EXIT.usage, 'standard input has no name to write to a folder by', 'say -o FILE')
    return inputs.map((input) => opened.open(join(name, basename(input.name)), inputs, options, input.gzip))
  }
  if (new Set(inputs.map((input) => input.format)).size > 1)
    throw new LetheError(
      EXIT.usage,
      'CSV and NDJSON do not go into one output',
      'write to a folder: -o FOLDER/',
    )
  const byName = formatByName(name)
  const { format } = inputs[0]!
  if (byName.format !== undefined && byName.format !== format)
    throw new LetheError(
      EXIT.usage,
      `${name} would not hold what its name says: the output of ${FORMAT_NAME[format]} is ${FORMAT_NAME[format]}`,
      `name it .${format}`,
    )
  const output =
    name === '-' ? standardOutput(inputs, options) : opened.open(name, inputs, options, byName.gzip)
  return inputs.map(() => output)
}

function standardOutput(inputs: readonly Input[], options: Options): Output {
  if (options.dryRun === true) return openNothing('standard output')
  const stats = fstatSync(process.stdout.fd)
  const input = stats.isFile() ? inputs.findIndex(({ identity }) => identity === identityOf(stats)) : -1
  if (input >= 0)
    throw new LetheError(
      EXIT.usage,
      `standard output is input ${input + 1}: it would be overwritten`,
      'redirect it to another file',
    )
  return openStdout()
}

function compile(file: PolicyFile, keys: Keyring | undefined): Plan {
  const { plan, problems } = compilePolicy(file, { keys })
  if (plan === undefined) {
    process.stderr.write(formatProblems(problems, 'text'))
    throw new LetheError(EXIT.usage, `the policy ${file.file} has errors; nothing was read`, 'correct them')
  }
  if (plan.needsKeys && keys === undefined)
    throw new LetheError(
      EXIT.usage,
      `the policy ${file.file} makes tokens or other keyed values, and no keys are given; nothing was read`,
      'say --keys FILE or set LETHE_KEYS_FILE (make one with `lethe keys create FILE`)',
    )
  if (keys?.isTest)
    throw new LetheError(
      EXIT.usage,
      'these keys are published, for tests and examples: whoever reads the output could undo its tokens',
      'make your own with `lethe keys create FILE`',
    )
  return plan
}

interface Work {
  readonly plan: Plan
  readonly file: PolicyFile
  readonly keys: Keyring | undefined
  readonly inputs: readonly Input[]
  readonly outputs: readonly Output[]
  readonly deadLetterFile: Output | undefined
  readonly now: number
  readonly options: Options
}

async function deidentify({ plan, file, keys, inputs, outputs, deadLetterFile, now, options }: Work) {
  const sizes = inputs.map((input) => input.size)
  const total = sizes.reduce<number | undefined>(
    (all, size) => (all === undefined || size === undefined ? undefined : all + size),
    0,
  )
  const progress = options.quiet === true ? undefined : progressLine(total)
  try {
    return await runBatch({
      plan,
      setup: {
        policyFile: file.file,
        policyText: file.text,
        fingerprint: plan.fingerprint,
        keyset: keys?.keyset,
        options: { now, maxRecordBytes: options.maxRecordBytes, showNames: options.showNames },
      },
      inputs,
      outputs,
      deadLetterFile,
      limit: options.maxDeadLetters,
      workers: options.workers ?? availableParallelism(),
      chunkBytes: options.chunkBytes,
      delimiter: options.delimiter,
      escapeFormulas: options.escapeFormulas === true,
      onProgress: (made) => progress?.show(made),
    })
  } finally {
    progress?.clear()
  }
}

function report(summary: Summary, options: Options, result: BatchResult): void {
  if (options.quiet !== true)
    process.stderr.write(`${accountLines(summary, paint(process.stderr)).join('\n')}\n`)
  if (options.verbose === true) process.stderr.write(`${verboseLines(summary).join('\n')}\n`)
  if (result.account.unlistedNames !== undefined)
    process.stderr.write(`${nameLines(result.account.unlistedNames).join('\n')}\n`)
  if (options.dryRun === true) process.stderr.write('lethe: dry run: nothing was written\n')
  else if (sum(result.account.deadLettered) > 0 && options.deadLetter === undefined)
    process.stderr.write('lethe: some records were dead-lettered; --dead-letter FILE lists where and why\n')
}

function finish(summary: Summary, result: BatchResult): void {
  if (result.tooManyDeadLetters)
    throw new LetheError(
      EXIT.deadLetters,
      `too many dead letters: ${sum(summary.records.deadLettered)} of the ${summary.records.in} records read; no output was left`,
      'see --dead-letter FILE for where and why, and --max-dead-letters to allow more',
    )
  if (sum(summary.records.deadLettered) > 0) process.exitCode = EXIT.deadLetters
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
    return number
  }
}

function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' || text === 'tab' ? '\t' : text
  if (!/^[\t\x20-\x7e]$/.test(delimiter) || delimiter === '"')
    throw new InvalidArgumentError('It is one ASCII character that is no quote, or tab.')
  return delimiter
}

function parseAsOf(text: string): number {
  const time = compileTimeParser({ format: 'rfc3339' })(text) ?? compileTimeParser({ format: 'date' })(text)
  if (time === undefined)
    throw new InvalidArgumentError('It is written as 2026-01-31T12:00:00Z, or as 2026-01-31 (midnight UTC).')
  return time
}

function parseLimit(text: string): DeadLetterLimit {
  const limit = parseDeadLetterLimit(text)
  if (limit === undefined)
    throw new InvalidArgumentError('It is a count, such as 100, or a share, such as 0.5%.')
  return limit
}

const EXAMPLES = `
The output appears under its name only when it is whole. Every record is accounted for: published,
suppressed with the rule that did it, or dead-lettered with a code; the account goes to stderr.

Examples:
  $ lethe batch customers.csv -p policy.yaml --keys keys.json -o out.csv
  $ lethe batch events-*.ndjson.gz -p policy.yaml --keys keys.json -o clean/
  $ zcat export.csv.gz | lethe batch - --format csv -p policy.yaml -o - | gzip > out.csv.gz
  $ lethe batch events.ndjson -p policy.yaml -o out.ndjson --dead-letter dead.ndjson --summary run.json
  $ lethe batch events.ndjson -p policy.yaml --dry-run

Exit codes: 0 done, 2 usage or policy, 3 records were dead-lettered (with too many of them, no output),
4 input or output, 130 interrupted.`

export const command = (): Command =>
  new Command('batch')
    .description('De-identifies CSV and NDJSON files as a policy says.')
    .addArgument(
      new Argument('<in...>', 'input files: .csv .tsv .ndjson .jsonl, .gz too; - is standard input'),
    )
    .requiredOption('-p, --policy <file>', 'the policy')
    .option('-o, --output <out>', 'a file, a folder (one output an input), or - for standard output')
    .option('--keys <file>', 'the keyset file (default: LETHE_KEYS_FILE)')
    .addOption(
      new Option('--format <format>', 'what the inputs are (default: by name)').choices(['csv', 'ndjson']),
    )
    .addOption(
      new Option('--delimiter <char>', 'of CSV (default: comma; tab for .tsv)').argParser(parseDelimiter),
    )
    .addOption(new Option('--workers <n>', 'worker threads (default: one a core)').argParser(whole(1, 256)))
    .addOption(
      new Option('--as-of <time>', 'the instant that retention is judged at (default: now)').argParser(
        parseAsOf,
      ),
    )
    .option(
      '--dead-letter <file>',
      'where to list records that could not be taken: coordinates and codes, no values',
    )
    .addOption(
      new Option(
        '--max-dead-letters <n|p%>',
        'more than this fails the run; a share counts from 1,000 records on',
      )
        .argParser(parseLimit)
        .default(DEFAULT_DEAD_LETTER_LIMIT, '1%'),
    )
    .option('--summary <file>', 'where to write the account as JSON')
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
    .action(run)
