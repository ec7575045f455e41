/** Which subjects, under which policies and keys: options of the commands that look for subjects in what is stored. */
import { type Command, Option } from 'commander'
import { keyChecksOf, type SubjectSearch, searchOf } from '../erasure/finders.ts'
import { LetheError } from '../errors.ts'
import { readKeysetFile } from '../keys/file.ts'
import type { Keyset } from '../keys/keyset.ts'
import { readLines } from '../lists/file-lines.ts'

const repeated = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

export interface PoliciesOptions {
  readonly policy: readonly string[]
}

export const addPolicies = (command: Command): Command =>
  command.addOption(
    new Option(
      '-p, --policy <file>',
      'the policy; then earlier versions of it, which made files too (may be repeated)',
    )
      .argParser(repeated)
      .makeOptionMandatory(),
  )

export interface SubjectOptions extends PoliciesOptions {
  readonly subject?: readonly string[]
  readonly list?: string
  readonly keys?: string
}

export const addSubjects = (command: Command): Command =>
  addPolicies(command)
    .addOption(
      new Option('--subject <id>', 'a subject, as it stands in events; may be repeated').argParser(repeated),
    )
    .option('--list <file>', 'subjects, one a line, in a file that others may not read')
    .option('--keys <file>', 'the keyset file (default: LETHE_KEYS_FILE)')

/** The identifiers that the options name. @throws LetheError (usage) where they name none */
export function subjectsIn({ subject = [], list }: SubjectOptions): readonly string[] {
  const subjects = [...subject]
  if (list !== undefined)
    readLines(list, true, (line) => {
      if (line !== '') subjects.push(line)
    })
  if (subjects.length === 0)
    throw new LetheError('bad-option', 'no subject is named', 'say --subject ID or --list FILE')
  return subjects
}

export interface Searches {
  readonly searches: readonly SubjectSearch[]
  readonly keyChecks: Readonly<Record<string, string>>
}

/** The policies, each under every key of the keyset. */
export async function searchesOf({ policy, keys }: SubjectOptions): Promise<Searches> {
  const file = keys ?? (process.env['LETHE_KEYS_FILE'] || undefined)
  const keyset: Keyset | undefined = file === undefined ? undefined : readKeysetFile(file)
  const searches: SubjectSearch[] = []
  for (const one of policy) searches.push(await searchOf(one, keyset))
  return { searches, keyChecks: keyChecksOf(keyset) }
}
