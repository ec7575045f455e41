/** `lethe replay`: the records of dead letters again, after the policy is mended. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { DeadLetterLimit } from '../engine/limit.ts'
import { isDeadLetterCode, LetheError } from '../errors.ts'
import { parseExpectedKey, parseLimit, parseRequiredApproval, parseTime, whole } from './arguments.ts'
import { addLedgerOptions } from './ledger-option.ts'
import { addListOptions } from './list-options.ts'
import type { FileReplayOptions } from './replay/replay-files.ts'
import type { TopicReplayOptions } from './replay/replay-topics.ts'

type Options = Omit<FileReplayOptions, 'progress'> & TopicReplayOptions

/** Options of one kind of replay, as they are typed. */
const OF_FILES = {
  deadLetter: '--dead-letter',
  policy: '--policy',
  output: '--output',
  newDeadLetter: '--new-dead-letter',
  newSummary: '--new-summary',
  seal: '--seal',
  keys: '--keys',
  format: '--format',
  requireApproval: '--require-approval',
  ledger: '--ledger',
  asOf: '--as-of',
  holds: '--holds',
  maxRecordBytes: '--max-record-bytes',
  list: '--list',
  listRemoved: '--list-removed',
  table: '--table',
  matchKeys: '--match-keys',
} as const
const OF_TOPICS = {
  route: '--route',
  code: '--code',
  since: '--since',
  until: '--until',
  unnamed: '--unnamed',
} as const

const given = (options: Options, of: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(of).flatMap(([name, flag]) => (options[name as keyof Options] === undefined ? [] : [flag]))

async function start(names: readonly string[], options: Options): Promise<void> {
  const [ofFiles, ofTopics] = [given(options, OF_FILES), given(options, OF_TOPICS)]
  if (ofFiles.length > 0 && ofTopics.length > 0)
    throw new LetheError(
      'bad-option',
      `${ofFiles[0]} is for files, and ${ofTopics[0]} for the route of a pipeline`,
      'see `lethe replay --help`',
    )
  if (ofFiles.length > 0) {
    const { run } = await import('./replay/replay-files.ts')
    await run(names, options)
    return
  }
  if (names.length > 1)
    throw new LetheError(
      'bad-option',
      'a replay of topics takes one pipeline file',
      'for files, say --dead-letter, --summary, -p and -o: see `lethe replay --help`',
    )
  const { run } = await import('./replay/replay-topics.ts')
  await run(names[0]!, options)
}

function parseCode(text: string, before: readonly string[] = []): readonly string[] {
  if (!isDeadLetterCode(text))
    throw new InvalidArgumentError('docs/errors.md lists the codes of dead letters.')
  return [...before, text]
}

const ALL: DeadLetterLimit = { kind: 'share', most: 1 }

const EXAMPLES = `
Topics: reads a route's dead letters, and then the records that they are of, and gives these to the same route: gates, rules,
keys, headers and partitions are those of \`lethe stream\`. Outputs, new dead letters and a marker for each dead letter that
was replayed are settled in one transaction, so that each record is there once, whatever ends the command: run it again.
A second replay of the route takes over from the first. The stream may run meanwhile.

Files: reads the files of a run of \`lethe batch\` again, and of them the records that --dead-letter lists, as --summary says
that they were read; both are what that run wrote. The output is a file of its own.

docs/replay.md says more.

Examples:
  $ lethe replay pipeline.yaml --route orders
  $ lethe replay pipeline.yaml --route orders --code event-time-unparsable --since 2026-03-01 --summary replay.json
  $ lethe acl pipeline.yaml --replay                the rights that it needs
  $ lethe replay in.csv --dead-letter dead.ndjson --summary run.json -p policy.yaml --keys keys.json -o more.csv

Exit codes: 0 done, 2 usage, pipeline or policy, 3 records became dead letters again, 4 broker or file, 130 interrupted.`

export const command = (): Command =>
  addListOptions(addLedgerOptions(new Command('replay')), 'files: ')
    .description('Reads the records of dead letters again, after the policy is mended.')
    .addArgument(new Argument('<in...>', 'the pipeline file; or the files that a run of `lethe batch` read'))
    .option('--route <name>', 'of which route, where there are several')
    .addOption(
      new Option('--code <code>', 'dead letters of this code only; may be repeated').argParser(parseCode),
    )
    .addOption(
      new Option('--since <time>', 'dead letters that were written from then on').argParser(parseTime),
    )
    .addOption(new Option('--until <time>', 'dead letters that were written before').argParser(parseTime))
    .option('--unnamed', "take dead letters of 0.1.0, which name no route, as this route's")
    .addOption(
      new Option('--max-dead-letters <n|p%>', 'stop where more of the last records become dead letters again')
        .argParser(parseLimit)
        .default(ALL, '100%'),
    )
    .addOption(
      new Option(
        '--expect-key <id:check>',
        'a key that the route must use, with its check value; may be repeated',
      ).argParser(parseExpectedKey),
    )
    .option(
      '--summary <file>',
      'topics: where to write the account as JSON; files: what --summary of the run wrote',
    )
    .option('--dead-letter <file>', 'files: what --dead-letter of the run wrote')
    .option('-p, --policy <file>', 'files: the policy')
    .option('-o, --output <out>', 'files: a file, a folder (one output an input), or - for standard output')
    .option('--new-dead-letter <file>', 'files: where to list the records that died again')
    .option('--new-summary <file>', 'files: where to write the account as JSON')
    .option(
      '--holds <file>',
      'files: the file of legal holds: no output takes the place of a file that is held',
    )
    .option(
      '--seal <file>',
      'files: put the originals of new dead letters into their list, encrypted to the age recipients of this file',
    )
    .option('--keys <file>', 'files: the keyset file (default: LETHE_KEYS_FILE)')
    .addOption(
      new Option(
        '--require-approval <keys[,n]>',
        'files: run only where n people approved the policy (default: 1), whose public keys stand in this file',
      ).argParser(parseRequiredApproval),
    )
    .addOption(
      new Option('--format <format>', 'files: what they are (default: by name)').choices([
        'csv',
        'ndjson',
        'json',
        'parquet',
      ]),
    )
    .addOption(
      new Option('--as-of <time>', 'files: the instant that retention is judged at (default: now)').argParser(
        parseTime,
      ),
    )
    .addOption(
      new Option(
        '--max-record-bytes <n>',
        'files: a longer record is a dead letter (default: 1 MiB)',
      ).argParser(whole(1, 1 << 29)),
    )
    .addOption(
      new Option('--progress <seconds>', 'how often to log what was settled since the last time')
        .argParser(whole(1, 86_400))
        .default(10),
    )
    .option('-q, --quiet', 'no account on stderr')
    .addHelpText('after', EXAMPLES)
    .action(start)
