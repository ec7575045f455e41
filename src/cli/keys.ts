/** `lethe keys`: makes keyset files and takes keys through their life. Prints ids and states, never a secret. */
import { Argument, Command, Option } from 'commander'
import { refuseHeldUnder } from '../erasure/key-in-holds.ts'
import { changeKeysetFile, createKeysetFile, readKeysetFile } from '../keys/file.ts'
import { checkValueOf } from '../keys/keyring.ts'
import {
  addKey,
  compromiseKey,
  createKeyset,
  disableKey,
  type Key,
  type Keyset,
  promoteKey,
} from '../keys/keyset.ts'
import { guessableKey, publishedKeys } from '../keys/known-secrets.ts'
import { type MatchKeyUse, refuseInUse } from '../lists/key-in-use.ts'
import { columns, paint } from '../terminal.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf, recorded } from './ledger-option.ts'

function say(text: string): void {
  process.stderr.write(`lethe: ${text}\n`)
}

function list(file: string, { format }: { format: 'text' | 'json' }): void {
  const keyset = readKeysetFile(file)
  const keys = keyset.keys.map((key) => ({
    id: key.id,
    status: key.status,
    created: key.created,
    primary: key.id === keyset.primary,
    check: checkValueOf(key),
  }))
  const test = keyset.test || publishedKeys(keyset).length > 0
  if (format === 'json') {
    const { use } = keyset
    const members = { v: 1, test, ...(use === 'match' ? { use } : {}), keys }
    process.stdout.write(`${JSON.stringify(members, null, 2)}\n`)
    return
  }
  const { bold, dim, green, red } = paint(process.stdout)
  const colour = { enabled: green, compromised: red, disabled: dim }
  const rows = keys.map(({ id, status, created, primary, check }) => [
    id,
    colour[status](status),
    check,
    created,
    primary ? bold('primary') : '',
  ])
  process.stdout.write(
    `${columns([['id', 'status', 'check', 'created', ''].map(dim), ...rows]).join('\n')}\n`,
  )
  const guessed = guessableKey(keyset)
  if (test) say('this keyset is published, for tests and examples; batch and stream refuse it')
  if (guessed !== undefined) say(`the secret of ${guessed.id} is ${guessed.what}; no command takes it`)
}

/** A key of a keyset, by its id, as a ledger names it. */
function keyOf(keyset: Keyset, id: string): { readonly check: string } | undefined {
  const key = keyset.keys.find((one) => one.id === id)
  return key && { check: checkValueOf(key) }
}

interface KeyUse extends MatchKeyUse {
  /** Files of legal holds to look at. */
  readonly holds?: readonly string[]
}

/** A command that changes one key of a file. */
function change(
  name: 'promote' | 'compromise' | 'disable',
  summary: string,
  apply: (keyset: Keyset, id: string, options: KeyUse) => Keyset,
  done: string,
): Command {
  return addLedgerOptions(
    new Command(name)
      .description(summary)
      .summary(summary)
      .addArgument(new Argument('<file>', 'the keyset file'))
      .addArgument(new Argument('<id>', 'the id of a key, such as k2')),
  ).action(async (file: string, id: string, options: LedgerOptions & KeyUse) => {
    const ledger = ledgerOf(options)
    // What is no key of the file is refused before anything is written down.
    const key = keyOf(readKeysetFile(file), id)
    const fact = { action: `keys.${name}`, names: { key: id, check: key?.check ?? 'none' } } as const
    await recorded(key === undefined ? undefined : ledger, fact, () =>
      changeKeysetFile(file, (keyset) => apply(keyset, id, options)),
    )
    say(`${id} ${done}`)
  })
}

const EXAMPLES = `
A keyset file holds secrets: its reader can test guesses against every token. Keep it in a secret
store, mode 0600. Tokens name their key, so a key is never deleted; its id is never given again.

Examples:
  $ lethe keys create keys.json               a keyset with one key, k1
  $ lethe keys list keys.json                 ids, states and check values; never a secret
  Rotation: add, deploy the file everywhere, then promote.
  $ lethe keys add keys.json                  adds k2, not in use yet
  $ lethe keys promote keys.json k2           new tokens are made under k2
  $ lethe keys disable keys.json k1           k1 is not used any more
  $ lethe keys compromise keys.json k1        k1 is known to others; rules that name it are refused
  Match keys are a file of their own, which no rotation of tokens touches (docs/consent.md).
  $ lethe keys create --match match.json      the keys by which lists tell subjects`

export const command = (): Command => {
  const keys = new Command('keys')
    .description('Makes and rotates the keys of tokens.')
    .addHelpText('after', EXAMPLES)
  addLedgerOptions(
    keys
      .command('create')
      .summary('make a keyset file with one key')
      .description('Makes a keyset file, mode 0600, with one key. Never overwrites.')
      .argument('<file>', 'the keyset file to make')
      .option('--match', 'for matching subjects on lists, and no tokens'),
  ).action(async (file: string, options: LedgerOptions & { match?: true }) => {
    const isMatch = options.match === true
    const keyset = createKeyset(new Date(), undefined, isMatch ? 'match' : 'token')
    const names = { key: keyset.primary, check: checkValueOf(keyset.keys[0]!) }
    await recorded(ledgerOf(options), { action: 'keys.create', names }, () => createKeysetFile(file, keyset))
    say(
      isMatch
        ? `made ${file} with the match key ${keyset.primary}; keep it secret, and keep a copy: without it a list matches no record`
        : `made ${file} with the key ${keyset.primary}; keep it secret, and keep a copy: tokens cannot be made again without it`,
    )
  })
  keys
    .command('list')
    .summary('ids, states and check values of the keys')
    .description(
      'Lists ids, states and check values of the keys, never a secret. Equal check values are equal keys.',
    )
    .argument('<file>', 'the keyset file')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .action(list)
  addLedgerOptions(
    keys
      .command('add')
      .summary('add a key, not in use yet')
      .description('Adds an enabled key with the next id. It is used once it is promoted.')
      .argument('<file>', 'the keyset file'),
  ).action(async (file: string, options: LedgerOptions) => {
    const add = () => changeKeysetFile(file, (keyset) => addKey(keyset, new Date())).keys.at(-1) as Key
    const added = await recorded(ledgerOf(options), { action: 'keys.add' }, add, (key) => ({
      names: { key: key.id, check: checkValueOf(key) },
    }))
    say(`added ${added.id}; deploy the file everywhere, then: lethe keys promote ${file} ${added.id}`)
  })
  keys.addCommand(change('promote', 'make a key the primary one', promoteKey, 'is the primary key now'))
  keys.addCommand(
    change('compromise', 'mark a key that others may know', compromiseKey, 'is marked as compromised'),
  )
  const disable = change(
    'disable',
    'take a key out of use',
    (keyset, id, options: KeyUse) => {
      refuseInUse(keyset, id, options)
      refuseHeldUnder(keyset, id, options.holds ?? [], Date.now())
      return disableKey(keyset, id)
    },
    'is disabled',
  )
  keys.addCommand(
    disable
      .option(
        '--list <file...>',
        'of match keys: lists and consent tables that are looked at for entries under the key',
      )
      .option('--unused', 'of match keys: no list or table has entries under the key')
      .option(
        '--holds <file...>',
        'of match keys: files of legal holds that are looked at for subjects under it',
      ),
  )
  return keys
}
