/** Reads a policy from disk. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileError, LetheError } from '../errors.ts'

export interface PolicyFile {
  /** As shown in problems. */
  readonly file: string
  readonly text: string
  /** Reads a file that the policy names, relative to the policy. Throws where it cannot. */
  readonly readFile: (relative: string) => Uint8Array
}

/** What a file is, for messages: `the file` is one that a policy names, or one that may be either. */
export type FileRole =
  | 'the pipeline'
  | 'the policy'
  | 'the file'
  | 'the approvals'
  | 'the public keys'
  | 'the recipients'

/** Reads a file of at most `most` bytes, whole. Throws `LetheError`. */
export type ReadWhole = (file: string, role: FileRole, most: number) => Uint8Array<ArrayBuffer>

const MAX_POLICY_BYTES = 1 << 20
/** A hierarchy or list of 64 MiB holds about a million lines. */
const MAX_TABLE_BYTES = 64 << 20
const PART_BYTES = 1 << 16

/**
 * Reads the policy at `file`, or what `role` says. It, and what it names, come from the disk, or from where `read` has
 * them. Throws `LetheError`: usage where it is not a file, not UTF-8 or over 1 MiB, I/O where it is missing or cannot be read.
 */
export function readPolicyFile(
  file: string,
  role: FileRole = 'the policy',
  read: ReadWhole = readFromDisk,
): PolicyFile {
  const bytes = read(file, role, MAX_POLICY_BYTES)
  return policyFileOf(file, textOfPolicy(bytes, `${role} ${file}`), read)
}

/** The text of a policy; `name` is for messages. @throws LetheError (usage) where it is no UTF-8 or over 1 MiB */
export function textOfPolicy(bytes: Uint8Array, name: string): string {
  if (bytes.length > MAX_POLICY_BYTES)
    throw new LetheError('file-too-large', `${name} is larger than ${MAX_POLICY_BYTES >> 20} MiB`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new LetheError('file-malformed', `${name} is not valid UTF-8`, 'save it as UTF-8')
  }
}

/** A policy whose text is at hand: the files that it names stand beside `file`. Reads nothing. */
export function policyFileOf(file: string, text: string, read: ReadWhole = readFromDisk): PolicyFile {
  const folder = dirname(resolve(file))
  return {
    file,
    text,
    readFile: (relative) => read(resolve(folder, relative), 'the file', MAX_TABLE_BYTES),
  }
}

export const readFromDisk: ReadWhole = (file, role, most) => {
  try {
    return readAtMost(file, most)
  } catch (error) {
    if (error instanceof TooLarge)
      throw new LetheError(
        'file-too-large',
        `${role} ${file} is larger than ${most >= 1 << 20 ? `${most >> 20} MiB` : `${most >> 10} KiB`}`,
      )
    throw fileError(`${role} ${file}`, error)
  }
}

class TooLarge extends Error {}

/** Counts what is read: the size that the system states is 0 for pipes and devices, which may never end. */
function readAtMost(file: string, most: number): Uint8Array<ArrayBuffer> {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    if (size > most) throw new TooLarge()
    const parts: Uint8Array[] = []
    let total = 0
    for (;;) {
      const part = Buffer.allocUnsafe(Math.max(size - total + 1, PART_BYTES))
      const read = readSync(fd, part)
      // Not out of the pool of small buffers, which would go along where these bytes are posted.
      if (read === 0) return joined(parts, total)
      parts.push(new Uint8Array(part.subarray(0, read)))
      total += read
      if (total > most) throw new TooLarge()
    }
  } finally {
    closeSync(fd)
  }
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
