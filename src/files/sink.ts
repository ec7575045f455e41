/** What is written to: the contract of outputs, and why one cannot be written. */
import { existsSync } from 'node:fs'
import { fileError, type LetheError, unwritable } from '../errors.ts'
import type { GroupColumn } from '../record/columns/column-tree.ts'
import type { FileDigest } from './digest.ts'

export interface Output {
  readonly name: string
  /** Of the bytes that were written, compressed where they are; set once it is finished, if it was asked for. */
  readonly digest?: FileDigest | undefined
  /**
   * Of outputs of typed columns, whose bytes are frames of them (`record/columns/column-frame.ts`): says which there are, before
   * anything is appended. Throws `LetheError` where others were told before.
   */
  readonly openColumns?: (columns: GroupColumn, input: string) => void
  /** Of outputs that part their records, whose bytes are frames of partitions: by which fields, and how many there may be. */
  readonly partitions?: { readonly fields: readonly string[]; readonly most: number } | undefined
  /** Of those: what each of their files begins with. */
  readonly openHeader?: ((header: Uint8Array) => void) | undefined
  /** Of outputs that hold records back: how many bytes, and what writes them and frees their memory. */
  readonly held?: number
  readonly release?: () => Promise<void>
  /** Appends bytes; resolves once they are handed to the system. Rejects with a `LetheError`. */
  append(bytes: Uint8Array): Promise<void>
  /** Everything is appended: makes it durable under the temporary name. */
  finish(): Promise<void>
  /** Gives the file its name. Throws or rejects with a `LetheError`. */
  publish(): void | Promise<void>
  /** Removes what was written. Never throws nor rejects; does nothing after `publish`. */
  discard(): void | Promise<void>
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
