/** The files of one ledger: FILE, which is written to, and the sealed ones beside it, FILE.000001 and so on. */
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileError } from '../errors.ts'

export interface SealedSegment {
  readonly file: string
  /** From 1. */
  readonly number: number
}

const DIGITS = 6

/** The sealed segments beside `file`, in order; none where its folder is not there. @throws LetheError (io) where that cannot be read */
export function sealedSegments(file: string): readonly SealedSegment[] {
  const folder = dirname(file)
  const name = basename(file)
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(folder, error)
  }
  return names
    .filter((other) => other.startsWith(`${name}.`) && /^\d{6}$/.test(other.slice(name.length + 1)))
    .map((other) => ({ file: join(folder, other), number: Number(other.slice(-DIGITS)) }))
    .sort((a, b) => a.number - b.number)
}

export const sealedName = (file: string, number: number): string =>
  `${file}.${String(number).padStart(DIGITS, '0')}`
