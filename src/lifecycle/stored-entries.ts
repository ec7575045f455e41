/** What was found below a folder or a prefix that is named as a target. */
import { basename } from 'node:path'
import { formatByName } from '../files/input.ts'

export interface StoredEntry {
  readonly kind:
    | 'stored'
    | 'link'
    | 'left-over'
    | 'not-there'
    | 'being-written'
    | 'upload-open'
    | 'unreadable-name'
  /** Its path, or the name of an object. */
  readonly file: string
  /** Of an object, as it was listed. */
  readonly bytes?: number | undefined
}

export interface EntryOptions {
  /** Files that a command is writing, or left half-made, are looked at only where they were last written to before: ms since 1970. */
  readonly leftBefore?: number
  /** Whether a prefix of an object store may have nothing below it. */
  readonly mayBeEmpty?: boolean
}

/** As outputs and rewritten files are called until they take their names. */
export const isHalfMade = (file: string): boolean =>
  /^\..+\.(?:[0-9a-f]{12}\.(?:part|retain)|forget)$/.test(basename(file))

/** Whether its name says that it holds rows, or a sidecar tells of it. */
export function isStoredName(file: string, hasSidecar: boolean): boolean {
  const name = basename(file)
  return (
    hasSidecar ||
    (!name.startsWith('.') && !name.endsWith('.lethe.json') && formatByName(name).format !== undefined)
  )
}
