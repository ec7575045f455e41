/** Stored files on a disk: locks keep commands apart, and what takes the place of a file is made beside it and renamed. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileError, type LetheError } from '../../errors.ts'
import { digestOf, type FileDigest } from '../../files/digest.ts'
import { takeLock } from '../../files/lock-file.ts'
import { discardParts } from '../../files/temporary-file.ts'
import { unlessMissing } from '../../files/unless-missing.ts'
import { writeWhole } from '../../files/whole-file.ts'
import { deleteEmptyFolder, deleteFile, replaceFile } from '../delete-stored.ts'
import { stampOf } from '../file-stamp.ts'
import type { Permit } from '../may-delete.ts'
import { sidecarName, stagedName } from '../stored-names.ts'
import {
  GONE,
  NO_REMAINDER,
  type OpenedFile,
  Overtaken,
  type Remainder,
  type Storage,
  type StoredText,
} from './storage.ts'

const LOCK_WAIT_MS = 1000

class DiskStorage implements Storage {
  readonly isLocked = true

  async stamp(file: string): Promise<string> {
    return stampNow(file)
  }

  async text(file: string, mostBytes: number): Promise<StoredText | 'too-large' | undefined> {
    try {
      const stamp = stampOf(file)
      if (statSync(file).size > mostBytes) return 'too-large'
      return { text: readFileSync(file, 'utf8'), stamp }
    } catch (error) {
      if (/^(?:ENOENT|ENAMETOOLONG)$/.test(String((error as NodeJS.ErrnoException).code))) return undefined
      throw fileError(file, error)
    }
  }

  digest(file: string): Promise<FileDigest | undefined> {
    return unlessMissing(() => digestOf(file))
  }

  async open(file: string): Promise<OpenedFile | undefined> {
    const stamp = stampNow(file)
    return stamp === GONE ? undefined : { path: file, stamp, digest: () => digestOf(file), close: () => {} }
  }

  lock(file: string): Promise<() => void> {
    return takeLock(file, { waitMs: LOCK_WAIT_MS })
  }

  async remainder(): Promise<Remainder> {
    return NO_REMAINDER
  }

  async purge(): Promise<number> {
    return 0
  }

  async clear(file: string, order: string, permitFor: (file: string) => Permit): Promise<void> {
    this.unstage(stagedName(file, order), permitFor)
  }

  async staging(file: string, order: string): Promise<string> {
    return stagedName(file, order)
  }

  named(error: LetheError): LetheError {
    return error
  }

  unstage(staged: string, permitFor: (file: string) => Permit): void {
    for (const name of [staged, sidecarName(staged)]) {
      discardParts(name)
      if (existsSync(name)) deleteFile(name, permitFor(name))
    }
  }

  async write(file: string, text: string): Promise<string> {
    const stamp = stampNow(file)
    await writeWhole(file, text)
    return stamp
  }

  async replace(staged: string, file: string, permit: Permit, stamp: string): Promise<void> {
    replaceFile(staged, file, permit, () => refuseOther(file, stamp))
  }

  async delete(file: string, permit: Permit, stamp?: string): Promise<void> {
    deleteFile(file, permit, () => {
      if (stamp !== undefined) refuseOther(file, stamp)
    })
  }

  async move(from: string, to: string, stamp: string, permitFor: (file: string) => Permit): Promise<void> {
    if (existsSync(from)) replaceFile(from, to, permitFor(to), () => refuseOther(to, stamp))
  }

  async deleteEmptyFolder(folder: string, permit: Permit): Promise<boolean> {
    return deleteEmptyFolder(folder, permit)
  }
}

function refuseOther(file: string, stamp: string): void {
  if (stampOf(file) !== stamp) throw new Overtaken(file)
}

function stampNow(file: string): string {
  try {
    return stampOf(file)
  } catch (error) {
    // Nothing has a name that is too long.
    if ((error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return GONE
    throw fileError(file, error)
  }
}

export const DISK: Storage = new DiskStorage()
