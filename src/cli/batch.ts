/** `lethe batch`: files in, de-identified files out. */
import { availableParallelism } from 'node:os'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { EXIT, LetheError } from '../errors.ts'
import { type BatchResult, runBatch } from '../files/batch.ts'
import { type Input, inspectInput } from '../files/input.ts'
import type { Output } from '../files/output.ts'
import type { Keyring } from '../keys/keyring.ts'
import { DEFAULT_DEAD_LETTER_LIMIT, type DeadLetterLimit, parseDeadLetterLimit } from '../pipeline/limit.ts'
import { compilePolicy } from '../policy/compile.ts'
import type { Plan } from '../policy/plan.ts'
import { formatProblems } from '../policy/problems.ts'
import { type PolicyFile, readPolicyFile } from '../policy/read.ts'
import { reconciles, sum } from '../record/account.ts'
import { DEFAULT_MAX_RECORD_BYTES, type RecordFormat } from '../record/rewriter.ts'
import { accountLines, nameLines, type Summary, summarize, verboseLines } from './account.ts'
import { parseDelimiter, parseTime, whole } from './arguments.ts'
import { Opened, type OutputOptions, openOutputs } from './batch/outputs.ts'
import { keyringFrom } from './keyring.ts'
import { progressLine } from './progress.ts'
import { paint } from './terminal.ts'

interface Options extends OutputOptions {
  readonly policy: string
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
        parseTime,
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
