/** `lethe consent`: tables of who agreed to what, from when until when. Prints states and times, never a subject. */

import { Command, InvalidArgumentError, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { loadMatchKeys, type MatchKeys } from '../keys/match-keys.ts'
import { CONSENT_TEXT, instantText } from '../lists/consent-history.ts'
import { topicKeyOf } from '../lists/consent-topic.ts'
import { addStatements, createConsentTable, historiesOf } from '../lists/consent-writer.ts'
import { invalid, readLines } from '../lists/file-lines.ts'
import { readStatements } from '../lists/read-statements.ts'
import { checkTaxonomyKey, DATA_USES } from '../policy/fideslang.ts'
import { NORMAL_FORM_NAMES, type NormalForm } from '../policy/suppression/normal-forms.ts'
import { matchKeysFile } from '../run/named-key-files.ts'
import { columns } from '../terminal.ts'
import { parseTime } from './arguments.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf, recorded } from './ledger-option.ts'

interface KeysOption {
  readonly matchKeys?: string
}

interface SayOptions extends KeysOption, LedgerOptions {
  readonly subject: string
  readonly purpose: string
  readonly at?: number
  readonly until?: number
  readonly source?: string
  readonly notice?: string
}

const say = (text: string): boolean => process.stderr.write(`lethe: ${text}\n`)

function keysOf(options: KeysOption): MatchKeys {
  const file = matchKeysFile(options)
  if (file === undefined)
    throw new LetheError(
      'keys-missing',
      'subjects of a consent table are told by match keys, and none are given',
      'say --match-keys FILE or set LETHE_MATCH_KEYS_FILE (make them with `lethe keys create --match FILE`)',
    )
  return loadMatchKeys(file)
}

function parsePurpose(text: string): string {
  const { ok, near } = checkTaxonomyKey(text, DATA_USES)
  if (!ok)
    throw new InvalidArgumentError(
      `It is a data use of Fideslang, or below one${near === undefined ? '' : `: did you mean ${near}?`}`,
    )
  return text
}

function parseText(text: string): string {
  if (!CONSENT_TEXT.test(text))
    throw new InvalidArgumentError('It has 1 to 100 characters, without quotes, backslashes and line breaks.')
  return text
}

const sayCut = (): boolean =>
  say(
    'the last line was cut short, by a command that did not end, and was taken off: give that command again',
  )

async function state(table: string, which: 'granted' | 'withdrawn', options: SayOptions): Promise<void> {
  const keys = keysOf(options)
  const now = Date.now()
  const { subject, purpose, at = now, until, source, notice } = options
  const statement = { state: which, from: at, until, source, notice }
  const add = () =>
    addStatements(table, [{ subject, purpose, statement, where: '--subject' }], keys, now, sayCut)
  const changed = await recorded(ledgerOf(options), { action: 'consent.change', names: { purpose } }, add)
  say(changed === 0 ? 'the table says so already' : `${which} from ${instantText(at)}`)
}

async function show(
  table: string,
  options: KeysOption & { subject: string; format: 'text' | 'json' },
): Promise<void> {
  const found = historiesOf(table, options.subject, keysOf(options), Date.now())
  const rows = [...found].flatMap(([purpose, history]) =>
    history.map(({ state: which, from, until, source, notice }) => ({
      purpose,
      state: which,
      from: instantText(from),
      ...(until === undefined ? {} : { until: instantText(until) }),
      ...(source === undefined ? {} : { source }),
      ...(notice === undefined ? {} : { notice }),
    })),
  )
  if (options.format === 'json')
    process.stdout.write(`${JSON.stringify({ v: 1, statements: rows }, null, 2)}\n`)
  else if (rows.length === 0) say('the table knows nothing of this subject')
  else {
    const lines = rows.map((row) => [
      row.purpose,
      row.state,
      row.from,
      row.until ?? '',
      row.source ?? '',
      row.notice ?? '',
    ])
    process.stdout.write(
      `${columns([['purpose', 'state', 'from', 'until', 'source', 'notice'], ...lines]).join('\n')}\n`,
    )
  }
}

async function importFile(table: string, file: string, options: KeysOption & LedgerOptions): Promise<void> {
  const keys = keysOf(options)
  const said = readStatements(file)
  const add = () => addStatements(table, said, keys, Date.now(), sayCut)
  const fact = { action: 'consent.import', counts: { statements: said.length } } as const
  const changed = await recorded(ledgerOf(options), fact, add, (subjects) => ({ counts: { subjects } }))
  say(`${said.length} statements read; ${changed} histories are others now`)
}

/** Prints what a topic is filled with: the key of each record, a tab, and its value. */
function exportTable(table: string): void {
  const now = Date.now()
  readLines(table, false, (line, number) => {
    const key = topicKeyOf(line, now)
    if (key === undefined) throw invalid(table, number, 'this is no line of a consent table')
    process.stdout.write(`${key}\t${line}\n`)
  })
}

const EXAMPLES = `
A table holds the whole history of each subject for each purpose, as tokens under match keys. A policy goes by it with
\`consent: { table: NAME, by: customer.id }\`; a run is told where it is with --table NAME=FILE. docs/consent.md says more.

Examples:
  $ lethe keys create --match match.json
  $ lethe consent create training.ndjson
  $ lethe consent grant training.ndjson --subject C-1001 --purpose train_ai_system --notice v3 --match-keys match.json
  $ lethe consent withdraw training.ndjson --subject C-1001 --purpose train_ai_system --match-keys match.json
  $ lethe consent show training.ndjson --subject C-1001 --match-keys match.json
  $ lethe consent import training.ndjson statements.csv --match-keys match.json
  $ lethe consent export training.ndjson                     for a table in a topic: key, tab, value`

const withKeys = (command: Command): Command =>
  command.option('--match-keys <file>', 'the match keys (default: LETHE_MATCH_KEYS_FILE)')

const stating = (name: 'grant' | 'withdraw', summary: string): Command => {
  const command = withKeys(new Command(name))
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    .argument('<table>', 'the consent table')
    .requiredOption('--subject <id>', 'the subject, as it stands in records')
    .addOption(
      new Option('--purpose <use>', 'what for: a data use of Fideslang')
        .argParser(parsePurpose)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--at <time>', 'when it was said (default: now)').argParser(parseTime))
    .addOption(new Option('--source <text>', 'where it was said').argParser(parseText))
    .addOption(new Option('--notice <text>', 'the version of the notice that asked').argParser(parseText))
  if (name === 'grant')
    command.addOption(new Option('--until <time>', 'when it ends by itself').argParser(parseTime))
  return addLedgerOptions(command)
}

export const command = (): Command => {
  const consent = new Command('consent')
    .description('Keeps tables of who agreed to what, from when until when.')
    .addHelpText('after', EXAMPLES)
  consent
    .command('create')
    .summary('make an empty table')
    .description('Makes an empty consent table, mode 0600. Never overwrites.')
    .argument('<table>', 'the consent table to make')
    .addOption(
      new Option('--normalize <form>', 'the normal form of subjects')
        .choices(NORMAL_FORM_NAMES)
        .default('trim'),
    )
    .option('--domain <name>', 'tables of one domain and key have the same tokens', 'consent')
    .action(async (table: string, { normalize, domain }: { normalize: NormalForm; domain: string }) => {
      await createConsentTable(table, { normalize, domain })
      say(`made ${table}`)
    })
  consent.addCommand(
    stating('grant', 'write down that a subject agreed').action((table: string, options: SayOptions) =>
      state(table, 'granted', options),
    ),
  )
  consent.addCommand(
    stating('withdraw', 'write down that a subject withdrew, or objects').action(
      (table: string, options: SayOptions) => state(table, 'withdrawn', options),
    ),
  )
  consent.addCommand(
    withKeys(new Command('show'))
      .summary('what a subject said')
      .description('Prints what a subject said, purpose by purpose.')
      .argument('<table>', 'the consent table')
      .requiredOption('--subject <id>', 'the subject, as it stands in records')
      .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
      .action(show),
  )
  consent.addCommand(
    addLedgerOptions(
      withKeys(new Command('import'))
        .summary('read statements from CSV')
        .description('Reads statements from CSV: all of them, or none where one is wrong.')
        .argument('<table>', 'the consent table')
        .argument(
          '<csv>',
          'columns subject, purpose, state (granted or withdrawn), from, and until, source, notice',
        ),
    ).action(importFile),
  )
  consent
    .command('export')
    .summary('print it for a topic')
    .description('Prints the records of a topic that holds the table: key, tab, value. It holds no subject.')
    .argument('<table>', 'the consent table')
    .action(exportTable)
  return consent
}
