/**
 * Where stored files lie, as what reads, rewrites and deletes them sees it: the port behind which a disk and an object store stand.
 * Files are named as targets are: an absolute path, or the name of an object.
 */
import { LetheError } from '../../errors.ts'
import type { FileDigest } from '../../files/digest.ts'
import type { Permit } from '../may-delete.ts'

/** The text of a small file, and in which state that was. */
export interface StoredText {
  readonly text: string
  readonly stamp: string
}

/** All bytes of a stored file in one state, as a file on a disk. */
export interface OpenedFile {
  readonly path: string
  readonly stamp: string
  digest(): Promise<FileDigest>
  /** Takes away what was made to read it. */
  close(): void
}

/** Another one wrote or deleted something in between; it is as that one left it. */
export class Overtaken extends LetheError {
  constructor(file: string) {
    super('file-busy', `${file} was written or deleted by another meanwhile`, 'try again')
  }
}

/** `keeps`: whether what is deleted or written over stays as an older version; `older`: how many there are, which go by `purge`. `stays`: why something may be there that cannot be deleted. */
export type Remainder = { readonly older: number; readonly keeps: boolean } | { readonly stays: string }

export const NO_REMAINDER: Remainder = { older: 0, keeps: false }

export const GONE = 'gone'

const MOST_TRIES = 8

/** Does again what looks at something and then writes it, where another wrote it in between. @throws Overtaken where that goes on */
export async function unlessOvertaken<T>(work: () => Promise<T>, most: number = MOST_TRIES): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Overtaken) || tries === most) throw error
    }
}

export interface Storage {
  /** Whether `lock` keeps other commands out. Where it cannot, each write is judged by the state that it takes the place of. */
  readonly isLocked: boolean
  /** Which state stands under a name: another one has another stamp. `gone`: nothing stands there. @throws LetheError (io) */
  stamp(file: string): Promise<string>
  /** Undefined where there is none. @throws LetheError (io) */
  text(file: string, mostBytes: number): Promise<StoredText | 'too-large' | undefined>
  /** Undefined where there is none. @throws LetheError (io) */
  digest(file: string): Promise<FileDigest | undefined>
  /** Undefined where there is none. @throws LetheError (io) */
  open(file: string): Promise<OpenedFile | undefined>
  /** Gives what gives it back. @throws LetheError `file-busy` */
  lock(file: string): Promise<() => void>
  /** What of a file stays though it is deleted or written over. @throws LetheError (io) */
  remainder(file: string): Promise<Remainder>
  /** Deletes its older versions, all of them; of a file that is deleted, what says so too. How many. @throws LetheError (io) */
  purge(file: string, permit: Permit): Promise<number>
  /** Takes away what an order left half-made beside a file. @throws LetheError (io) */
  clear(file: string, order: string, permitFor: (file: string) => Permit): Promise<void>
  /** Where what is to take the place of a file is made, for an order. */
  staging(file: string, order: string): Promise<string>
  /** An error about what was made to read it, or to take its place, as one about the file. */
  named(error: LetheError, file: string, copies: readonly string[]): LetheError
  /** Takes away what was made there. */
  unstage(staged: string, permitFor: (file: string) => Permit): void
  /** Writes a small file whole. `over`: where that state stands, and no other. Gives the stamp of what stood there. @throws Overtaken; LetheError (io) */
  write(file: string, text: string, over?: string): Promise<string>
  /** Puts what was staged in the place of a file. @throws Overtaken where that has another stamp; LetheError (io) */
  replace(staged: string, file: string, permit: Permit, stamp: string): Promise<void>
  /** Deletes a file; does nothing where it is gone. @throws Overtaken where it has another stamp; LetheError (io) */
  delete(file: string, permit: Permit, stamp?: string): Promise<void>
  /**
   * Gives a small file the name of another one, whose place it takes where that has this stamp. Does nothing where it is gone.
   * @throws Overtaken; LetheError (io)
   */
  move(from: string, to: string, stamp: string, permitFor: (file: string) => Permit): Promise<void>
  /** Whether a folder was empty, and is deleted, or is gone. */
  deleteEmptyFolder(folder: string, permit: Permit): Promise<boolean>
}
