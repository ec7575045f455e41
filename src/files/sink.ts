/** What is written to: the contract of outputs, and why one cannot be written. */
import { existsSync } from 'node:fs'
import { fileError, type LetheError, unwritable } from '../errors.ts'
import type { FileDigest } from './digest.ts'

export interface Output {
  readonly name: string
  /** Of the bytes that were written, compressed where they are; set once it is finished, if it was asked for. */
  readonly digest?: FileDigest | undefined
  /** Appends bytes; resolves once they are handed to the system. Rejects with a `LetheError`. */
  append(bytes: Uint8Array): Promise<void>
  /** Everything is appended: makes it durable under the temporary name. */
  finish(): Promise<void>
  /** Gives the file its name. */
  publish(): void
  /** Removes what was written. Never throws; does nothing after `publish`. */
  discard(): void
  /** What stands where it is to be, while it is not published: nothing, an older file, or what was given away already. */
  standing(): 'nothing' | 'older' | 'part'
}

export const standingAt = (name: string): 'nothing' | 'older' => (existsSync(name) ? 'older' : 'nothing')

/** Why it cannot be written, and what stands there then; `path` is where it is to be. */
export function outputError(name: string, error: unknown, path: string = name): LetheError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return fileError(name, error, 'written')
  return unwritable(
    name,
    error,
    standingAt(path) === 'older'
      ? 'what stands under its name is the older file, as it was'
      : 'nothing was left under its name',
  )
}
