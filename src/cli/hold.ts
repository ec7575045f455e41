/** `lethe hold`: what must not be deleted, until when, and who says so. */
import { Command, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { sha256 } from '../ledger/entry.ts'
import { appendHold, newHold, readHolds, releasing } from '../lifecycle/holds-file.ts'
import {
  expiredOf,
  HOLD_ID,
  type Hold,
  OWNER,
  REASON,
  stateOf,
  type TargetName,
} from '../lifecycle/legal-hold.ts'
import { fileTarget } from '../lifecycle/may-delete.ts'
import { standsAt } from '../lifecycle/stored-folder.ts'
import { fileOf } from '../lifecycle/work-order.ts'
import { columns, paint } from '../terminal.ts'
import { matching, parseTime } from './arguments.ts'
import { type NamingOptions, subjectsFor } from './hold/named-subjects.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf, recorded } from './ledger-option.ts'
import { addSubjectsIfAny } from './subject-options.ts'

interface AddOptions extends LedgerOptions, NamingOptions {
  readonly holds: string
  readonly target?: string
  readonly from?: number
  readonly until?: number
  readonly owner: string
  readonly reason: string
  readonly expires: number
  readonly keptBy?: string
}

const say = (text: string): boolean => process.stderr.write(`lethe: ${text}\n`)

async function add(options: AddOptions): Promise<void> {
  const {
    holds: file,
    target: named,
    from = null,
    until = null,
    owner,
    reason,
    expires,
    keptBy = null,
  } = options
  const now = Date.now()
  const subjects = await subjectsFor(options)
  if (named === undefined && from === null && until === null && subjects === undefined)
    throw new LetheError(
      'bad-option',
      'nothing is named that is held',
      'say --target, --from, --until, --subject or --list',
    )
  if (from !== null && until !== null && from >= until)
    throw new LetheError('bad-option', '--from does not lie before --until', 'exchange them')
  if (expires <= now)
    throw new LetheError(
      'bad-option',
      '--expires lies in the past: it would hold nothing',
      'name a later time',
    )
  const target = named === undefined ? null : targetOf(named)
  if (target?.startsWith('topic:') === true && keptBy === null)
    throw new LetheError(
      'bad-option',
      'a broker deletes from a topic whatever is held here: this hold alone would keep nothing',
      'set retention.ms=-1 and cleanup.policy=delete of the topic, or copy its records out; then say how with --kept-by',
    )
  const hold = {
    ...{ target, from, until, owner, reason, expires, kept: keptBy },
    ...(subjects === undefined ? {} : { subjects }),
  }
  const { id, line } = newHold(hold, now)
  const fact = { action: 'hold.add', names: { hold: id }, fingerprints: { hold: sha256(line) } } as const
  await recorded(ledgerOf(options), fact, () => appendHold(file, line))
  say(`the hold ${id} is in force until ${new Date(expires).toISOString()}, in ${file}`)
  if (target?.startsWith('file:') === true) await sayIfNothing(target)
  for (const { policy, untold } of subjects?.searches ?? [])
    for (const why of untold)
      say(`of ${policy.name}, version ${policy.version}, every row is held, of all subjects: ${why}`)
}

/** A name that is wrong holds nothing. */
async function sayIfNothing(target: TargetName): Promise<void> {
  const file = fileOf(target)
  try {
    if (await standsAt(target)) return
    say(
      `nothing stands at ${file} now: the hold is on what comes to stand there; where the name is wrong, release it and add another`,
    )
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    say(
      `it is not known whether something stands at ${file}: ${error.message}; the hold is in force all the same: where the name is wrong, release it and add another`,
    )
  }
}

function targetOf(text: string): TargetName {
  if (/^topic:[A-Za-z0-9._-]{1,249}$/.test(text)) return text as TargetName
  return fileTarget(text)
}

interface ReleaseOptions extends LedgerOptions {
  readonly holds: string
  readonly owner: string
  readonly reason: string
}

async function release(id: string, options: ReleaseOptions): Promise<void> {
  const { holds: file, owner, reason } = options
  if (!HOLD_ID.test(id))
    throw new LetheError('bad-option', 'that is no id of a hold', 'see `lethe hold list`')
  const line = releasing(file, id, owner, reason, Date.now())
  const fact = { action: 'hold.release', names: { hold: id }, fingerprints: { hold: sha256(line) } } as const
  await recorded(ledgerOf(options), fact, () => appendHold(file, line))
  say(`the hold ${id} is released`)
}

function list({ holds: file, format }: { readonly holds: string; readonly format: 'text' | 'json' }): void {
  const now = Date.now()
  const holds = readHolds(file)
  if (format === 'json') {
    const view = holds.map((hold) => ({ ...viewOf(hold), state: stateOf(hold, now) }))
    process.stdout.write(`${JSON.stringify({ v: 1, holds: view }, null, 2)}\n`)
  } else {
    const { bold, dim } = paint(process.stdout)
    const rows = holds.map((hold) => {
      const { id, target, from, until, subjects, owner, expires } = viewOf(hold)
      const state = stateOf(hold, now)
      const span = from === null && until === null ? 'all events' : `${from ?? '…'} to ${until ?? '…'}`
      return [
        id,
        state === 'released' ? dim(state) : bold(state),
        target ?? 'every target',
        span,
        subjects === null ? 'everyone' : `${subjects}`,
        owner,
        expires,
      ]
    })
    const head = ['id', 'state', 'target', 'events', 'subjects', 'owner', 'expires'].map((name) => dim(name))
    process.stdout.write(`${columns([head, ...rows]).join('\n')}\n`)
  }
  const expired = expiredOf(holds, now).length
  if (expired > 0) say(`${expired} holds have expired, and hold nothing: add them again, or release them`)
}

function viewOf(hold: Hold) {
  const time = (value: number | null): string | null =>
    value === null ? null : new Date(value).toISOString()
  const { id, target, owner, reason, kept, from, until, subjects, added, expires } = hold
  return {
    ...{ id, target, owner, reason, kept, from: time(from), until: time(until) },
    subjects: subjects?.subjects.length ?? null,
    ...{ added: time(added)!, expires: time(expires)! },
  }
}

const addWho = (command: Command): Command =>
  command
    .requiredOption('--holds <file>', 'the file of holds')
    .requiredOption(
      '--owner <who>',
      'who answers for it',
      matching(OWNER, 'It has 2 to 100 characters, on one line.'),
    )
    .requiredOption(
      '--reason <text>',
      'why, in 10 to 1,000 characters',
      matching(REASON, 'It has 10 to 1,000 characters, on one line.'),
    )

const EXAMPLES = `
What is held is not deleted by \`lethe retain\` or any other command. A hold permits no publication, and stops no masking: what
leaves is what the policy says. A broker knows nothing of it. Write no personal data into owner and reason.

Examples:
  $ lethe hold add --holds holds.ndjson --target clean/2025/ --owner legal --reason "case 512, all of 2025" --expires 2027-01-01
  $ lethe hold add --holds holds.ndjson --from 2025-03-01 --until 2025-04-01 --owner legal --reason "audit of March" --expires 2026-12-31
  $ lethe hold add --holds holds.ndjson --list named.txt -p policy.yaml --keys keys.json --match-keys match.json --owner legal --reason "case 513" --expires 2027-01-01
  $ lethe hold list --holds holds.ndjson
  $ lethe hold release h1a2b3c4d --holds holds.ndjson --owner legal --reason "case 512 is closed"`

export const command = (): Command => {
  const hold = new Command('hold')
    .description('Keeps what is stored from being deleted.')
    .addHelpText('after', EXAMPLES)
  addLedgerOptions(
    addSubjectsIfAny(
      addWho(
        hold
          .command('add')
          .summary('hold a file, a folder, a topic, a span of time, or subjects')
          .description(
            'Adds a hold. Where several are named, it holds what is in all of them: the events of a span, of these subjects, in this target.',
          ),
      ),
    )
      .option('--match-keys <file>', 'of subjects: the match keys (default: LETHE_MATCH_KEYS_FILE)')
      .option('--target <name>', 'a file or folder, s3://bucket/key or s3://bucket/prefix/, or topic:NAME')
      .addOption(new Option('--from <time>', 'events from then on').argParser(parseTime))
      .addOption(new Option('--until <time>', 'events before').argParser(parseTime))
      .addOption(
        new Option('--expires <time>', 'until when it is in force')
          .argParser(parseTime)
          .makeOptionMandatory(),
      )
      .option(
        '--kept-by <text>',
        'of a topic: how its records are kept from the broker, in 10 to 1,000 characters',
        matching(REASON, 'It has 10 to 1,000 characters, on one line.'),
      ),
  ).action(add)
  hold
    .command('list')
    .summary('the holds, and which are in force')
    .description('Lists all holds of a file. Those that have expired are told of.')
    .requiredOption('--holds <file>', 'the file of holds')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .action(list)
  addLedgerOptions(
    addWho(
      hold
        .command('release')
        .summary('end a hold')
        .description('Ends a hold. Its line stays in the file.')
        .argument('<id>', 'the id of the hold'),
    ),
  ).action(release)
  return hold
}
