/** The options that say where lists of subjects are, of all commands that run a policy over files. */

import { type Command, Option } from 'commander'
import { LetheError } from '../errors.ts'
import type { ListPlace } from '../lists/load-list.ts'
import { matchKeysFile } from '../run/named-key-files.ts'
import { parseList } from './arguments.ts'

export interface ListOptions {
  readonly list?: ReadonlyMap<string, string>
  readonly listRemoved?: ReadonlyMap<string, string>
  readonly table?: ReadonlyMap<string, string>
  readonly matchKeys?: string
}

/** `scope` stands before each description, where a command does other things too. */
export const addListOptions = (command: Command, scope = ''): Command =>
  command
    .addOption(
      new Option(
        '--list <name=file>',
        `${scope}where a list of subjects is that the policy names; may be repeated`,
      ).argParser(parseList),
    )
    .addOption(
      new Option(
        '--list-removed <name=file>',
        `${scope}entries of a hashed list that were cancelled; may be repeated`,
      ).argParser(parseList),
    )
    .addOption(
      new Option(
        '--table <name=file>',
        `${scope}where a consent table is that the policy names; may be repeated`,
      ).argParser(parseList),
    )
    .option(
      '--match-keys <file>',
      `${scope}the match keys of lists and tables (default: LETHE_MATCH_KEYS_FILE)`,
    )

/** @throws LetheError (usage) where entries of a list are cancelled that is not named */
export function listPlaces({
  list = new Map(),
  listRemoved = new Map(),
}: ListOptions): ReadonlyMap<string, ListPlace> {
  for (const name of listRemoved.keys())
    if (!list.has(name))
      throw new LetheError(
        'bad-option',
        `--list-removed names ${name}, and --list does not`,
        `--list ${name}=FILE`,
      )
  return new Map([...list].map(([name, file]) => [name, { file, removed: listRemoved.get(name) }]))
}

/** The options of `batchFiles` that these are. */
export function gateOptions(options: ListOptions): {
  lists: ReadonlyMap<string, ListPlace>
  tables: ReadonlyMap<string, string>
  matchKeys?: string
} {
  const matchKeys = matchKeysFile(options)
  return {
    lists: listPlaces(options),
    tables: options.table ?? new Map(),
    ...(matchKeys === undefined ? {} : { matchKeys }),
  }
}
