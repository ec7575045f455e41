/** A Parquet file that is open: its footer, checked, and where the pages of its columns lie. */
import { closeSync, fstatSync, openSync, type Stats } from 'node:fs'
import { type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet'
import { fileError, LetheError } from '../../errors.ts'
import type { Seekable } from '../seekable.ts'
import { readAt } from './column.ts'
import {
  damaged,
  faultOf,
  MOST_FOOTER_BYTES,
  MOST_FOOTER_VALUES,
  ParquetFault,
  tooLarge,
  unsupported,
} from './parquet-limits.ts'
import { type ParquetNode, readSchema } from './parquet-schema.ts'
import { type LeftOut, structWithout } from './thrift-check.ts'

const MAGIC = 'PAR1'
const ENCRYPTED = 'PARE'

/** Bytes of a column in a row group. */
export interface ColumnPlace {
  readonly start: number
  readonly end: number
  readonly values: number
  readonly codec: string
}

export interface Group {
  readonly rows: number
  readonly group: RowGroup
}

export class ParquetFile {
  readonly name: string
  readonly fd: number
  readonly root: ParquetNode
  readonly groups: readonly Group[]
  /** What its footer says beside the schema. */
  readonly metadata: ReadonlyMap<string, string>
  /** How many columns the schema has. */
  readonly columns: number
  readonly rows: number
  readonly #stats: Stats
  readonly #footerStart: number

  private constructor(name: string, fd: number, stats: Stats) {
    this.name = name
    this.fd = fd
    this.#stats = stats
    const { metadata, start } = readFooter(stats.size, (at, length) => readAt(fd, at, length))
    this.#footerStart = start
    this.root = readSchema(metadata.schema)
    this.columns = this.root.columns[1] + 1
    this.metadata = textsOf(metadata)
    this.groups = metadata.row_groups.map((group) => {
      const rows = Number(group.num_rows)
      if (!Number.isSafeInteger(rows) || rows < 0)
        throw damaged('a row group has a number of rows that cannot be')
      if (group.columns.length !== this.columns)
        throw damaged('a row group has other columns than the schema')
      return { rows, group }
    })
    const rows = this.groups.reduce((sum, group) => sum + group.rows, 0)
    if (rows !== Number(metadata.num_rows))
      throw damaged('its row groups have other rows than its footer says')
    this.rows = rows
  }

  /** `opened`: where the file is open already; it is closed with this. @throws LetheError where it cannot be read, or is no Parquet file that Lethe reads */
  static open(name: string, opened?: number): ParquetFile {
    let fd: number
    try {
      fd = opened ?? openSync(name, 'r')
    } catch (error) {
      throw fileError(name, error)
    }
    try {
      return new ParquetFile(name, fd, fstatSync(fd))
    } catch (error) {
      closeSync(fd)
      const fault = faultOf(name, error)
      throw fault instanceof LetheError ? fault : fileError(name, fault)
    }
  }

  /** Where the pages of these columns lie. @throws ParquetFault where they cannot lie there */
  places({ group }: Group, columns: readonly number[]): ColumnPlace[] {
    return columns.map((column) => {
      const chunk = group.columns[column]!
      const { meta_data: meta } = chunk
      if (
        meta === undefined ||
        chunk.crypto_metadata !== undefined ||
        chunk.encrypted_column_metadata !== undefined
      )
        throw new ParquetFault(
          'file-malformed',
          'a column that the policy names is encrypted',
          'decrypt the file first',
        )
      if (chunk.file_path !== undefined) throw unsupported('its columns lie in other files')
      const data = Number(meta.data_page_offset)
      const dictionary = Number(meta.dictionary_page_offset ?? 0)
      const start = dictionary > 0 && dictionary < data ? dictionary : data
      const end = start + Number(meta.total_compressed_size)
      const values = Number(meta.num_values)
      if (
        !Number.isSafeInteger(end) ||
        start < MAGIC.length ||
        end < start ||
        end > this.#footerStart ||
        !(values >= 0)
      )
        throw damaged('a column lies where it cannot')
      return { start, end, values, codec: meta.codec }
    })
  }

  /** @throws ParquetFault where bytes would be read for two of these columns, or two row groups: they could be for thousands */
  refuseShared(columns: readonly number[]): void {
    const places = this.groups.flatMap((group) => (group.rows === 0 ? [] : this.places(group, columns)))
    places.sort((a, b) => a.start - b.start)
    for (const [at, place] of places.entries())
      if (at > 0 && place.start < places[at - 1]!.end) throw damaged('two columns lie in one place')
  }

  /** @throws LetheError where something wrote to the file since it was opened */
  refuseChanged(): void {
    const now = fstatSync(this.fd)
    if (now.size === this.#stats.size && now.mtimeMs === this.#stats.mtimeMs) return
    throw new LetheError(
      'input-changed',
      `${this.name} changed while it was read`,
      'start again when nothing writes there any more, or from a copy',
    )
  }

  close(): void {
    closeSync(this.fd)
  }
}

/** Least and largest values of columns are not used, and may be of any length: row_groups[].columns[].meta_data.statistics. */
const STATISTICS: LeftOut = { 4: { 1: { 3: { 12: 'left out' } } } }

const textsOf = ({ key_value_metadata: texts }: FileMetaData): ReadonlyMap<string, string> =>
  new Map(texts?.map(({ key, value }) => [key, value ?? '']))

/** What the footer says beside the schema; undefined where the bytes are no file of Parquet. Throws what reading throws. */
export function footerTexts(bytes: Seekable): ReadonlyMap<string, string> | undefined {
  let failure: { readonly error: unknown } | undefined
  const read: Read = (at, length) => {
    try {
      return bytes.at(at, length)
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  try {
    return textsOf(readFooter(bytes.size, read).metadata)
  } catch {
    if (failure !== undefined) throw failure.error
    return undefined
  }
}

type Read = (at: number, length: number) => Uint8Array<ArrayBuffer>

function readFooter(size: number, read: Read): { metadata: FileMetaData; start: number } {
  const notParquet = (): ParquetFault =>
    new ParquetFault(
      'file-malformed',
      'this is no Parquet file',
      'say --format, or give it the ending of what it is',
    )
  if (size < 12) throw size < 4 ? notParquet() : damaged('it ends early')
  const text = (at: number): string => Buffer.from(read(at, 4)).toString('latin1')
  const head = text(0)
  if (head === ENCRYPTED || text(size - 4) === ENCRYPTED)
    throw new ParquetFault('file-malformed', 'the file is encrypted', 'decrypt it first')
  if (head !== MAGIC) throw notParquet()
  if (text(size - 4) !== MAGIC) throw damaged('it ends without its footer')
  const length = Buffer.from(read(size - 8, 4)).readUInt32LE()
  if (length > size - 12) throw damaged('its footer is longer than the file')
  if (length > MOST_FOOTER_BYTES) throw tooLarge('its footer is longer than 16 MiB')
  const start = size - 8 - length
  const struct = structWithout(read(start, length), MOST_FOOTER_VALUES, STATISTICS)
  if (struct === undefined) throw damaged('its footer is cut short')
  const footer = new Uint8Array(struct.length + 8)
  footer.set(struct)
  new DataView(footer.buffer).setUint32(struct.length, struct.length, true)
  footer.set(Buffer.from(MAGIC, 'latin1'), struct.length + 4)
  return { metadata: parquetMetadata(footer, { geoparquet: false }), start }
}
