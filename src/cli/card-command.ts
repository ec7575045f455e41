/** `lethe card SUMMARY [OUT…] -p POLICY`: documents about a data set, from the run that made it. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { type Card, cardOf, openQuestions, QUESTIONS } from '../cards/card.ts'
import { type CardFacts, readCardFacts } from '../cards/card-facts.ts'
import { cardFields } from '../cards/card-fields.ts'
import { cardedFiles } from '../cards/carded-files.ts'
import { CROISSANT_REQUIRED } from '../cards/croissant.ts'
import { CARD_FORMATS, type CardFormat, cardText } from '../cards/documents.ts'
import { openLineage } from '../cards/open-lineage.ts'
import { type ReadRun, readMeasurement, readRun } from '../cards/read-run.ts'
import { lineageToken, lineageUrl, sendEvents } from '../cards/send-events.ts'
import { writeCards } from '../cards/write-cards.ts'
import { LetheError } from '../errors.ts'
import { CARD_FILES } from '../forms/data-set.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { formatProblems } from '../policy/problems.ts'
import { parseDuration, parseTime } from './arguments.ts'

interface Options {
  readonly policy: string
  readonly measure?: string
  readonly facts?: string
  readonly output?: string
  readonly format?: readonly CardFormat[]
  readonly route?: string
  readonly ended?: number
  readonly openlineage?: string
  readonly tokenFile?: string
  readonly timeout: number
  readonly quiet?: boolean
}

async function run(summary: string, outputs: readonly string[], options: Options): Promise<void> {
  const { output, tokenFile, timeout, openlineage } = options
  const url = openlineage === undefined ? undefined : lineageUrl(openlineage)
  if (url === undefined && tokenFile !== undefined)
    throw new LetheError('bad-option', '--token-file is about --openlineage', 'leave it')
  const server = url && { url, token: lineageToken(tokenFile, process.env), timeout }
  const formats = formatsOf(options)
  const card = await made(summary, outputs, options)
  const endedAt = options.ended ?? card.run.writtenAt
  checkMayTell(summary, card.run, formats)
  const texts = new Map<string, string>(
    formats.map((format) => [CARD_FILES[format], cardText(format, card, endedAt)]),
  )
  if (output !== undefined) await writeCards(output, texts)
  else for (const text of texts.values()) process.stdout.write(text)
  if (options.quiet !== true && formats.length > 0) tellQuestions(card, formats)
  if (server === undefined) return
  await sendEvents(openLineage(card, endedAt), server)
  if (options.quiet !== true)
    process.stderr.write(`lethe: the events of the run were sent to ${server.url.host}\n`)
}

/** Which documents are made: those named, all where there is a folder for them, none where events are sent alone. */
function formatsOf({ format, output, openlineage }: Options): readonly CardFormat[] {
  if (output !== undefined) return format ?? CARD_FORMATS
  if (format?.length === 1) return format
  if (format === undefined && openlineage !== undefined) return []
  throw new LetheError(
    'bad-option',
    'several documents need a folder',
    'add -o FOLDER, or --format with one of them',
  )
}

async function made(summary: string, outputs: readonly string[], options: Options): Promise<Card> {
  const { plan, policy, problems } = await compilePolicyFile(options.policy)
  if (plan === undefined || policy === undefined) {
    process.stderr.write(formatProblems(problems, 'text'))
    throw new LetheError('policy-invalid', `the policy ${options.policy} has errors`, 'correct them')
  }
  const facts = options.facts === undefined ? {} : factsOf(options.facts)
  const read = readRun(summary, plan.fingerprint, options.route)
  const measured = options.measure === undefined ? undefined : readMeasurement(options.measure, read)
  if (read.batch === undefined && outputs.length > 0)
    throw new LetheError(
      'bad-option',
      'the summary of a stream holds no digest of a file',
      'leave the files out',
    )
  const published =
    read.batch === undefined
      ? { files: [], partitionBy: [], missing: [] }
      : await cardedFiles(outputs, read.batch)
  // Files have no keys, headers and timestamps; members of change events where they hold such.
  const { batch } = read
  const fields = cardFields(
    policy,
    plan,
    (kind) => batch === undefined || (kind === 'change' && batch.inputForm.change !== undefined),
  )
  return cardOf({ run: read, policy, fields, measured, facts, published })
}

function factsOf(file: string): CardFacts {
  const { facts, problems } = readCardFacts(readPolicyFile(file, 'the file'))
  if (facts !== undefined) return facts
  process.stderr.write(formatProblems(problems, 'text'))
  throw new LetheError('card-facts-invalid', `the facts ${file} have errors`, 'correct them')
}

function checkMayTell(name: string, { end }: ReadRun, formats: readonly CardFormat[]): void {
  if (end.kind === 'done' || formats.every((format) => format === 'openlineage')) return
  throw new LetheError(
    'card-refused',
    `${name} is of a run that did not end in order (${end.code}), so there is no data set to describe`,
    '--format openlineage tells of the failed run',
  )
}

function tellQuestions(card: Card, formats: readonly CardFormat[]): void {
  const open = openQuestions(card)
  const lacks = CROISSANT_REQUIRED.filter((key) => open.includes(key))
  if (formats.includes('croissant') && lacks.length > 0)
    process.stderr.write(
      `lethe: Croissant requires what no run knows; state it in --facts: ${lacks.join(', ')}\n`,
    )
  if (formats.includes('croissant') && card.run.batch !== undefined && card.published.files.length === 0)
    process.stderr.write(
      'lethe: Croissant has no files and fields without the outputs; name them after the summary\n',
    )
  const { files, missing } = card.published
  if (files.length > 0 && missing.length > 0)
    process.stderr.write(
      `lethe: not described, as they were not named: ${missing.map((one) => `output ${one}`).join(', ')}\n`,
    )
  const asking = formats.filter((format) => format === 'huggingface' || format === 'ab2013')
  if (asking.length === 0 || open.length === 0) return
  process.stderr.write(`lethe: ${open.length} questions are left open, for a person to answer in --facts:\n`)
  for (const key of open) process.stderr.write(`  ${key}: ${QUESTIONS[key]}\n`)
}

function parseFormats(text: string, before: readonly CardFormat[] = []): readonly CardFormat[] {
  const named = text.split(',').map((one) => one.trim())
  for (const one of named)
    if (!(CARD_FORMATS as readonly string[]).includes(one))
      throw new InvalidArgumentError(`It is one of ${CARD_FORMATS.join(', ')}, or several with commas.`)
  return [...new Set([...before, ...(named as CardFormat[])])]
}

const EXAMPLES = `
Documents about a data set, from the summary of the run that made it and the policy that it ran under:
  croissant.jsonld    Croissant 1.1 with its vocabulary of responsible AI
  README.md           a data set card for Hugging Face
  openlineage.events  events of OpenLineage, with the lineage of each field
  contract.odcs.yaml  a contract of the Open Data Contract Standard 3.1
  ab2013.md           the twelve items of AB 2013 of California
The run tells what was done, and no more. What only a person knows stands in the file of --facts; where it is missing, a
document asks for it. No value of the data is in them, but names of large groups that a measure holds.

Examples:
  $ lethe card run.json clean/events.ndjson -p policy.yaml --facts card.yaml -o clean
  $ lethe card run.json training/ -p policy.yaml --measure measure.json --facts card.yaml -o training
  $ lethe card run.json -p policy.yaml --format odcs > contract.odcs.yaml
  $ lethe card run.json -p policy.yaml --openlineage https://lineage.example.com --token-file token.txt
  $ lethe card stream.json -p policy.yaml --route orders --format openlineage

Exit codes: 0 made, 2 usage, policy, facts, or a run that no card can be made of, 4 input or output, or no server.`

export const command = (): Command =>
  new Command('card')
    .description('Makes documents about a data set from the run that made it.')
    .addArgument(new Argument('<summary>', 'what --summary wrote, of a batch or a stream'))
    .addArgument(new Argument('[out...]', 'what the run published: files, or the folder of a data set'))
    .requiredOption('-p, --policy <file>', 'the policy that it ran under')
    .option('--facts <file>', 'what a person states: licence, creator, sources (card.yaml)')
    .option('--measure <file>', 'a measure of the run, for its risks and biases')
    .option('-o, --output <folder>', 'where the documents go: all of them or none, over no file')
    .addOption(
      new Option(
        '--format <formats>',
        `which documents, with commas (default with -o: ${CARD_FORMATS.join(',')})`,
      ).argParser(parseFormats),
    )
    .option('--route <name>', 'of a stream: which route, where several ran under the policy')
    .addOption(
      new Option('--ended <time>', 'when the run ended (default: when the summary was written)').argParser(
        parseTime,
      ),
    )
    .option('--openlineage <url>', 'send the events to this server; https, or this machine')
    .option('--token-file <file>', 'a file with the token of the server (default: LETHE_OPENLINEAGE_TOKEN)')
    .addOption(
      new Option('--timeout <time>', 'how long the server may take for an event')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .option('-q, --quiet', 'no questions on stderr')
    .addHelpText('after', EXAMPLES)
    .action(run)
