/**
 * The files that a run reads, each once: a second read of one gives the bytes that were there first, so that
 * everything is made from the same ones. What becomes of them on disk later is noticed, and changes nothing.
 */
import { type BigIntStats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { LetheError } from '../errors.ts'
import { type FileRole, type ReadWhole, readFromDisk } from '../policy/policy-file.ts'
import type { ConfigurationFile } from '../telemetry/events.ts'

export interface ChangedFile {
  readonly kind: ConfigurationFile
  /** As it was named. */
  readonly file: string
  /** Which state of it this is: another change gives another. */
  readonly stamp: string
}

interface Read {
  readonly kind: ConfigurationFile
  readonly file: string
  /** The state that was looked at last; undefined for pipes and devices, which cannot be read twice. */
  stamp: string | undefined
  isChanged: boolean
  /** Reads it again, and compares. */
  readonly isSame: () => boolean
}

const NAMES: Readonly<Record<ConfigurationFile, string>> = {
  pipeline: 'pipeline',
  policy: 'policy',
  list: 'file',
  approvals: 'approvals',
  'public-keys': 'public keys',
  recipients: 'recipients',
  keyset: 'keyset',
  subjects: 'list',
}

const KINDS: Readonly<Record<FileRole, ConfigurationFile>> = {
  'the pipeline': 'pipeline',
  'the policy': 'policy',
  'the file': 'list',
  'the approvals': 'approvals',
  'the public keys': 'public-keys',
  'the recipients': 'recipients',
}

export class RunFiles {
  readonly #bytes = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #reads: Read[] = []

  readonly read: ReadWhole = (file, role, most) => {
    const path = resolve(file)
    const known = this.#bytes.get(path)
    if (known !== undefined) return known
    const stamp = stampOf(path)
    const bytes = readFromDisk(file, role, most)
    this.#bytes.set(path, bytes)
    const isSame = (): boolean => Buffer.compare(readFromDisk(file, role, bytes.length), bytes) === 0
    this.#reads.push({ kind: KINDS[role], file, stamp, isChanged: false, isSame })
    return bytes
  }

  /**
   * What `read` makes of a file of keys or of subjects, whose bytes are not kept here. `isSame` says whether a later reading
   * gives the same.
   */
  readOnce<T>(
    kind: 'keyset' | 'subjects',
    file: string,
    read: () => T,
    isSame: (first: T, again: T) => boolean,
  ): T {
    const stamp = stampOf(resolve(file))
    const first = read()
    this.#reads.push({ kind, file, stamp, isChanged: false, isSame: () => isSame(first, read()) })
    return first
  }

  /** The bytes read so far, by absolute path. */
  get bytes(): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
    return this.#bytes
  }

  /** The files read so far, and what each is. */
  get files(): readonly { readonly kind: ConfigurationFile; readonly file: string }[] {
    return this.#reads
  }

  /** The files that are others now than those that were read, or are gone. Reads only those that look different. */
  changed(): readonly ChangedFile[] {
    return this.#reads.flatMap((read) => {
      if (read.stamp === undefined) return []
      const stamp = stampOf(resolve(read.file)) ?? 'gone'
      if (stamp !== read.stamp) {
        read.stamp = stamp
        read.isChanged = stamp === 'gone' || !isStill(read)
      }
      return read.isChanged ? [{ kind: read.kind, file: read.file, stamp }] : []
    })
  }

  /** @throws LetheError (io) where a file changed since it was read: what was read may not belong together */
  refuseChanged(): void {
    const [changed] = this.changed()
    if (changed === undefined) return
    throw new LetheError(
      'config-changed',
      `the ${NAMES[changed.kind]} ${changed.file} changed while the run began; nothing was read`,
      'start it again when nothing writes there any more',
    )
  }
}

/** What cannot be read any more is another. */
function isStill(read: Read): boolean {
  try {
    return read.isSame()
  } catch (error) {
    if (error instanceof LetheError) return false
    throw error
  }
}

/** Which file stands there, in which state; undefined where no regular file does. */
function stampOf(path: string): string | undefined {
  let stats: BigIntStats | undefined
  try {
    stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
  if (stats?.isFile() !== true) return undefined
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':')
}
