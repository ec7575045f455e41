/** A published file of a data set, for what writes it anew: as what it says of itself, and how it is written. */
import { basename } from 'node:path'
import { folderOf } from '../files/file-names.ts'
import { openFolder } from '../files/folders/open-folder.ts'
import { isObjectName } from '../files/objects/object-name.ts'
import { openOutput } from '../files/output.ts'
import type { Output } from '../files/sink.ts'
import type { DatasetFormat } from '../kafka/pipeline-file/pipeline.ts'
import { readFrames } from '../record/columns/column-frame.ts'
import { type GroupColumn, leavesOfTree } from '../record/columns/column-tree.ts'
import { IDENTITY, identityOf, OWN_FOLDER } from './dataset-identity.ts'
import { readRangeName } from './range-name.ts'
import type { RangeNote } from './range-note.ts'
import type { RowWriter } from './row-format.ts'
import { ROW_FORMATS } from './row-formats.ts'

export interface StoredRange {
  readonly format: DatasetFormat
  readonly note: RangeNote
}

const isFormat = (format: string): format is DatasetFormat => Object.hasOwn(ROW_FORMATS, format)

/** Whether a stream writes into a folder, or did. @throws LetheError (io) */
export const isStreamed = async (folder: string): Promise<boolean> =>
  (await identityText(folder)) !== undefined

/** Of folders in object stores that have one: it is made once, and each file of theirs asks. */
const identities = new Map<string, string>()
/** Folders of a command. */
const MOST_IDENTITIES = 1000

async function identityText(folder: string): Promise<string | undefined> {
  const known = identities.get(folder)
  if (known !== undefined) return known
  const text = await openFolder(folder).text(`${OWN_FOLDER}/${IDENTITY}`)
  if (text !== undefined && isObjectName(folder) && identities.size < MOST_IDENTITIES)
    identities.set(folder, text)
  return text
}

/** Whether a file of a data set may be called so. */
export const isRangeName = (name: string): boolean =>
  Object.values(ROW_FORMATS).some(({ extension }) => readRangeName(name, extension) !== undefined)

/**
 * What a file of a data set says of itself; `foreign`: it is none; `damaged`: its name says that it is one, and it does not.
 * @throws LetheError (io)
 */
export async function storedRange(file: string): Promise<StoredRange | 'foreign' | 'damaged'> {
  const folder = folderOf(file)
  const identity = folder === undefined ? undefined : identityOf((await identityText(folder)) ?? '')
  if (folder === undefined || identity === undefined || !isFormat(identity.format)) return 'foreign'
  const { format, owner } = identity
  const start = readRangeName(basename(file), ROW_FORMATS[format].extension)
  if (start === undefined) return 'foreign'
  const note = await openFolder(folder).inspect(basename(file), ROW_FORMATS[format].note)
  if (note === undefined || note.owner !== owner) return 'damaged'
  const { topic, partition, first } = note
  const isOwn = topic === start.topic && partition === start.partition && first === start.first
  return isOwn ? { format, note } : 'damaged'
}

/** Opens what is to take the place of a file. `noteOf`: what it says of itself, once its rows are counted. */
export function openRange(
  staged: string,
  format: DatasetFormat,
  noteOf: (rows: number) => RangeNote,
): Output {
  return new RangeOutput(openOutput(staged, 'none', true), format, noteOf)
}

const LINE_FEED = 0x0a

class RangeOutput implements Output {
  readonly name: string
  readonly #raw: Output
  readonly #format: DatasetFormat
  readonly #noteOf: (rows: number) => RangeNote
  #columns: GroupColumn | undefined
  #writer: RowWriter | undefined
  #rows = 0

  constructor(raw: Output, format: DatasetFormat, noteOf: (rows: number) => RangeNote) {
    this.name = raw.name
    this.#raw = raw
    this.#format = format
    this.#noteOf = noteOf
    if (format === 'parquet')
      this.openColumns = (columns) => {
        this.#columns = columns
      }
  }

  readonly openColumns?: (columns: GroupColumn, input: string) => void

  get digest(): Output['digest'] {
    return this.#raw.digest
  }

  #opened(): RowWriter {
    this.#writer ??= ROW_FORMATS[this.#format].write((bytes) => this.#raw.append(bytes), this.#columns)
    return this.#writer
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#rows += this.#columns === undefined ? linesOf(bytes) : rowsOfFrames(bytes, this.#columns)
    await this.#opened().add(bytes)
  }

  async finish(): Promise<void> {
    await this.#opened().end(this.#noteOf(this.#rows))
    await this.#raw.finish()
  }

  publish(): void | Promise<void> {
    return this.#raw.publish()
  }

  discard(): void | Promise<void> {
    this.#writer?.destroy()
    return this.#raw.discard()
  }

  standing(): ReturnType<Output['standing']> {
    return this.#raw.standing()
  }
}

function linesOf(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++
  return lines
}

function rowsOfFrames(bytes: Uint8Array, columns: GroupColumn): number {
  const reps = leavesOfTree(columns).map(({ rep }) => rep)
  let rows = 0
  for (const frame of readFrames(bytes, reps)) rows += frame.rows
  return rows
}
