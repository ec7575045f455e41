/**
 * What a command reads: nothing that it writes may be one of these files, whatever it is called. They are told apart by
 * device and inode, so that a symbolic or a hard link is the file it leads to. Every command that writes a file asks here.
 */
import { fstatSync, type Stats, statSync } from 'node:fs'
import { LetheError } from '../errors.ts'
import { identityOf } from '../files/input.ts'
import type { ConfigurationFile } from '../telemetry/events.ts'
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

export class ReadFiles {
  readonly #names = new Map<string, string>()

  /** `what` it is, for messages; nothing where no regular file stands there. */
  add(what: string, file: string | undefined): void {
    const stats = file === undefined ? undefined : statsOf(file)
    if (stats?.isFile() === true) this.addIdentity(what, identityOf(stats))
  }

  addIdentity(what: string, identity: string | undefined): void {
    if (identity !== undefined && !this.#names.has(identity)) this.#names.set(identity, what)
  }

  /** Everything that a run has read so far. */
  addRun({ files }: RunFiles): void {
    for (const { kind, file } of files) this.add(NAMES[kind], file)
  }

  /** @throws LetheError (usage) where writing `file` would overwrite what is read */
  refuse(file: string): void {
    const stats = statsOf(file)
    const what = stats && this.#names.get(identityOf(stats))
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
