/**
 * What a command reads: nothing that it writes may be one of these files, whatever it is called. They are told apart by
 * device and inode, so that a symbolic or a hard link is the file it leads to. Every command that writes a file asks here.
 */
import { fstatSync, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { LetheError } from '../errors.ts'
import { identityOf } from '../files/input.ts'
import type { ConfigurationFile } from '../telemetry/events.ts'
import { type KeyFileOptions, keysFile, matchKeysFile } from './named-key-files.ts'
import type { RunFiles } from './run-files.ts'

const NAMES: Readonly<Record<ConfigurationFile, string>> = {
  pipeline: 'the pipeline file',
  policy: 'the policy',
  list: 'a file that the policy names',
  approvals: 'a file of approvals',
  'public-keys': 'a file of public keys',
  recipients: 'a file of recipients',
  keyset: 'the keyset file',
  subjects: 'a list of subjects',
}

/** Options that name a file which a command reads, or keeps and adds to; some name several. */
const OPTIONS = {
  policy: 'the policy',
  pipeline: 'the pipeline file',
  keys: 'the keyset file',
  matchKeys: 'a file of match keys',
  list: 'a list of subjects',
  suppression: 'the suppression list',
  holds: 'the file of holds',
  ledger: 'the ledger',
  anchor: 'the anchor of the ledger',
  signingKey: 'the signing key',
  passphraseFile: 'a file with a passphrase',
  manifest: 'the manifest',
}

export class ReadFiles {
  readonly #names = new Map<string, string>()
  readonly #paths = new Map<string, string>()

  /** `what` it is, for messages; nothing where no regular file stands there. */
  add(what: string, file: string | undefined): void {
    const stats = file === undefined ? undefined : statsOf(file)
    if (stats?.isFile() === true) this.addIdentity(what, identityOf(stats))
  }

  addIdentity(what: string, identity: string | undefined): void {
    if (identity !== undefined && !this.#names.has(identity)) this.#names.set(identity, what)
  }

  /** The files that the options of a command name, also where they are not there yet; other options count for nothing. */
  addOptions(options: object): void {
    const given = options as Readonly<Record<string, unknown>> & KeyFileOptions
    const named = { ...given, keys: keysFile(given), matchKeys: matchKeysFile(given) }
    for (const [option, what] of Object.entries(OPTIONS))
      for (const name of [named[option as keyof typeof named]].flat()) {
        if (typeof name !== 'string' || name === '-') continue
        this.add(what, name)
        this.#paths.set(resolve(name), what)
      }
  }

  /** Everything that a run has read so far. */
  addRun({ files }: RunFiles): void {
    for (const { kind, file } of files) this.add(NAMES[kind], file)
  }

  /** `file`: a path, or the name of an object. @throws LetheError (usage) where writing it would overwrite what is read */
  refuse(file: string): void {
    const stats = statsOf(file)
    const what =
      (stats && this.#names.get(identityOf(stats))) ?? this.#names.get(file) ?? this.#paths.get(resolve(file))
    if (what !== undefined)
      throw new LetheError(
        'output-conflict',
        `${file} is ${what}: it would be overwritten`,
        'name another output',
      )
  }

  /** @throws LetheError (usage) where standard output goes into a file that is read */
  refuseStandardOutput(): void {
    const stats = fstatSync(process.stdout.fd)
    const what = stats.isFile() ? this.#names.get(identityOf(stats)) : undefined
    if (what !== undefined)
      throw new LetheError(
        'output-conflict',
        `standard output is ${what}: it would be overwritten`,
        'redirect it to another file',
      )
  }
}

/** Undefined where nothing can be read: the reader or writer says why. */
function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}
