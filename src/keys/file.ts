/**
 * Keyset files. Reading refuses a file that others may read or write or that its group may write; writing is
 * all or nothing, and one at a time.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { existsAlready, fileError, LetheError } from '../errors.ts'
import { Keyring } from './keyring.ts'
import type { Keyset } from './keyset.ts'
import { formatKeyset, parseKeyset } from './keyset-format.ts'
import { readSecretFile, refuseExposed } from './secret-file.ts'

/** Reads a keyset file and derives from it: see `readKeysetFile`. */
export function loadKeyring(file: string): Keyring {
  return Keyring.fromKeyset(readKeysetFile(file))
}

/**
 * Reads a keyset file. A keyset that says `"test": true` holds nothing secret, so its mode is not judged (git
 * does not keep modes): check `test` before it meets real data.
 * @throws LetheError: io if it cannot be read, usage if it is exposed, no regular file, or no keyset
 */
export function readKeysetFile(file: string): Keyset {
  return open(file).keyset
}

/**
 * Writes a new keyset file, mode 0600.
 * @throws LetheError (usage) if the file exists, (io) if it cannot be written
 */
export function createKeysetFile(file: string, keyset: Keyset): void {
  writeBeside(file, () => ({
    text: formatKeyset(keyset),
    // A link, unlike a rename, fails where the name is taken.
    place: (temporary) => {
      linkSync(temporary, file)
      unlinkSync(temporary)
    },
  }))
}

/**
 * Replaces a keyset file by what `change` makes of it; owner, group and mode stay. Two changes at once cannot
 * both read the same state and give one id twice: the second is refused.
 * @returns the keyset as written
 * @throws what `readKeysetFile` and `change` throw, and LetheError (io) if the file cannot be written
 */
export function changeKeysetFile(file: string, change: (keyset: Keyset) => Keyset): Keyset {
  let target: string
  try {
    // A link to the file stays one.
    target = realpathSync(file)
  } catch (error) {
    throw ioError('read', file, error)
  }
  let changed: Keyset | undefined
  writeBeside(target, () => {
    const { keyset, stats } = open(target)
    changed = change(keyset)
    return { text: formatKeyset(changed), stats, place: (temporary) => renameSync(temporary, target) }
  })
  return changed!
}

function open(file: string): { keyset: Keyset; stats: Stats } {
  let read: { text: string; stats: Stats }
  try {
    read = readSecretFile(file, 'a keyset file')
  } catch (error) {
    throw error instanceof LetheError ? error : ioError('read', file, error)
  }
  let keyset: Keyset | undefined
  let trouble: unknown
  try {
    keyset = parseKeyset(read.text, file)
  } catch (error) {
    trouble = error
  }
  if (keyset?.test !== true)
    refuseExposed(
      file,
      read.stats,
      'key files',
      // Most often another file was named, and its mode is right.
      keyset === undefined ? 'name a keyset file: this one is none, whatever its mode' : undefined,
    )
  if (keyset === undefined) throw trouble
  return { keyset, stats: read.stats }
}

interface Writing {
  readonly text: string
  /** Of the file that is replaced. */
  readonly stats?: Stats
  readonly place: (temporary: string) => void
}

/** Writes a temporary file in the same folder and has it placed. Its fixed name makes it the lock too. */
function writeBeside(file: string, prepare: () => Writing): void {
  const temporary = join(dirname(file), `.${basename(file)}.new`)
  let descriptor: number
  try {
    descriptor = openSync(temporary, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new LetheError(
        'keyset-busy',
        `${temporary} exists: another change of the keyset is under way, or one was cut short`,
        `if none is running, rm ${temporary}`,
      )
    }
    throw ioError('write', file, error)
  }
  let placed = false
  try {
    const { text, stats, place } = prepare()
    try {
      writeFileSync(descriptor, text)
      if (stats !== undefined) keepOwner(descriptor, stats)
      fsyncSync(descriptor)
      place(temporary)
    } catch (error) {
      throw ioError('write', file, error)
    }
    placed = true
  } finally {
    closeSync(descriptor)
    if (!placed) unlinkSync(temporary)
  }
  try {
    syncFolder(dirname(file))
  } catch (error) {
    throw ioError('write', file, error)
  }
}

function keepOwner(descriptor: number, stats: Stats): void {
  const fresh = fstatSync(descriptor)
  if (fresh.uid !== stats.uid || fresh.gid !== stats.gid) fchownSync(descriptor, stats.uid, stats.gid)
  fchmodSync(descriptor, stats.mode & 0o777)
}

/** The new name is on disk once its folder is. Windows opens no folders. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && !(error instanceof LetheError)
    ? (error as NodeJS.ErrnoException).code
    : undefined
}

/** What to do where a keyset file cannot be read. */
const SUGGESTIONS: Readonly<Record<string, string>> = {
  ENOENT: 'check the path, or make a keyset with `lethe keys create FILE`',
  EACCES: 'run as the user that owns the file, or give its group the right to read it: chmod 640',
}

function ioError(verb: 'read' | 'write', file: string, error: unknown): LetheError {
  const code = codeOf(error)
  // Without a system's code it is a defect of ours, and its stack says where.
  if (code === undefined) throw error
  if (code === 'EEXIST')
    return existsAlready(file, 'name another file, or add a key to this one with `lethe keys add FILE`')
  if (verb === 'write') return fileError(file, error, 'written')
  const known = fileError(file, error)
  return new LetheError(known.code, known.message, SUGGESTIONS[code] ?? known.suggestion)
}
