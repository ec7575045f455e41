/** `--ledger FILE --signing-key FILE`: where a command writes down what it does. */
import type { Command } from 'commander'
import { LetheError } from '../errors.ts'
import { type Anchor, fileAnchor } from '../ledger/anchor.ts'
import { ACTOR, type LedgerFact } from '../ledger/entry.ts'
import { Ledger, type LedgerOutcome } from '../ledger/ledger.ts'
import { type PassphraseOptions, passphraseOf, readSigningKey } from '../signing/private-key.ts'
import { matching } from './arguments.ts'
import { addPassphraseOptions } from './signing-key.ts'

export interface LedgerOptions extends PassphraseOptions {
  readonly ledger?: string
  readonly signingKey?: string
  readonly anchor?: string
  readonly as?: string
}

export const parseRole: (text: string) => string = matching(
  ACTOR,
  'It is written in a-z, 0-9, dot, hyphen and underscore.',
)

/** Adds the options; `has` are those that the command has already. */
export function addLedgerOptions(command: Command, has: readonly ('signing-key' | 'as')[] = []): Command {
  command
    .option(
      '--ledger <file>',
      'write down in this ledger what is done; where it cannot be written, nothing is',
    )
    .option(
      '--anchor <file>',
      'keep the heads of the ledger in this file too, in another folder; or where a pipeline file says',
    )
  if (!has.includes('signing-key'))
    command.option('--signing-key <file>', 'the key that signs the ledger, of lethe signing-key create')
  if (!has.includes('as'))
    command.option('--as <role>', 'as what: for the ledger (default: operator)', parseRole)
  return addPassphraseOptions(command)
}

/** The ledger that the options name; undefined where they name none. @throws LetheError where they do not go together */
export function ledgerOf(options: LedgerOptions): Ledger | undefined {
  const { ledger: file, anchor, signingKey, as = 'operator' } = options
  if (file === undefined) {
    if (anchor !== undefined)
      throw new LetheError('bad-option', '--anchor is of a ledger, and none is named', 'say --ledger FILE')
    return undefined
  }
  if (signingKey === undefined)
    throw new LetheError(
      'bad-option',
      'a ledger is signed, and no key is named',
      'say --signing-key FILE (make one with `lethe signing-key create FILE`)',
    )
  return new Ledger({
    file,
    key: readSigningKey(signingKey, passphraseOf(options)),
    anchor: anchor === undefined ? undefined : anchorOf(anchor, file),
    actor: as,
  })
}

/** Whether a name of an anchor is that of a pipeline file, which names the anchor. */
export const isPipelineName = (name: string): boolean => /\.ya?ml$/i.test(name)

function anchorOf(name: string, ledger: string): Anchor {
  if (!isPipelineName(name)) return fileAnchor(name, ledger)
  let opened: Promise<Anchor> | undefined
  const anchor = async (): Promise<Anchor> => {
    opened ??= import('../run/stream/topic-anchor.ts').then(({ anchorOfPipeline }) =>
      anchorOfPipeline(name, ledger),
    )
    return await opened
  }
  return {
    name,
    last: async (chain) => (await anchor()).last(chain),
    put: async (line) => (await anchor()).put(line),
  }
}

/** Does `act`, between two entries where there is a ledger. */
export async function recorded<T>(
  ledger: Ledger | undefined,
  fact: Omit<LedgerFact, 'state' | 'begun' | 'code'>,
  act: () => Promise<T> | T,
  done?: (result: T) => LedgerOutcome,
): Promise<T> {
  return ledger === undefined ? await act() : await ledger.record(fact, act, done)
}
