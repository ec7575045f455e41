/**
 * Writes a Parquet file from frames of columns, a row group at a time: what is held of a file does not grow with it. The caller
 * gives what the bytes go to, and says when the file ends.
 */
import { ByteWriter } from 'hyparquet-writer'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
import { readFrames } from '../../record/columns/column-frame.ts'
import { type GroupColumn, leavesOfTree } from '../../record/columns/column-tree.ts'
import { schemaElements, type WrittenFooter, type WrittenGroup } from './column-types.ts'
import { GatheredColumn, type PackedChunk } from './gathered-column.ts'
import type { Packer } from './packers.ts'

/** A row group ends at so many bytes before they are packed, or so many rows. */
export const ROW_GROUP_BYTES: number = 32 << 20
const ROW_GROUP_ROWS = 1 << 20

const MAGIC = Buffer.from('PAR1', 'latin1')

export interface ParquetForm {
  readonly tree: GroupColumn
  readonly packer: Packer
  /** Of the footer. */
  readonly metadata: Readonly<Record<string, string>>
  /** Which program wrote it, `name version n`. */
  readonly createdBy: string
}

export class ParquetWriter {
  readonly #form: ParquetForm
  readonly #append: (bytes: Uint8Array) => Promise<void>
  readonly #columns: readonly GatheredColumn[]
  readonly #reps: readonly number[]
  readonly #groups: WrittenGroup[] = []
  readonly #packed: PackedChunk[] = []
  #offset = 0
  /** Of the row group at hand. */
  #rows = 0
  /** Of the file so far. */
  rows = 0

  constructor(form: ParquetForm, append: (bytes: Uint8Array) => Promise<void>) {
    this.#form = form
    this.#append = append
    this.#columns = leavesOfTree(form.tree).map((leaf) => new GatheredColumn(leaf))
    this.#reps = this.#columns.map(({ leaf }) => leaf.rep)
  }

  /** Bytes that wait for their row group to end. */
  get held(): number {
    return this.#columns.reduce((all, column) => all + column.held, 0)
  }

  /** Takes frames of columns of the tree, one behind the other. */
  async add(frames: Uint8Array): Promise<void> {
    for (const { rows, columns } of readFrames(frames, this.#reps)) {
      for (const [at, column] of columns.entries()) this.#columns[at]!.append(column)
      this.#rows += rows
      this.rows += rows
      if (this.#rows >= ROW_GROUP_ROWS || this.held >= ROW_GROUP_BYTES) await this.endRowGroup()
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length
    await this.#append(bytes)
  }

  async #begin(): Promise<void> {
    if (this.#offset === 0) await this.#write(MAGIC)
  }

  /** Writes what is held as a row group. */
  async endRowGroup(): Promise<void> {
    if (this.#rows === 0) return
    await this.#begin()
    const start = this.#offset
    const chunks: PackedChunk[] = []
    for (const column of this.#columns) {
      const { bytes, ...packed } = column.pack(this.#form.packer, this.#offset)
      chunks.push(packed)
      await this.#write(bytes)
    }
    this.#packed.push(...chunks)
    const sizeOf = (key: 'total_uncompressed_size' | 'total_compressed_size'): bigint =>
      chunks.reduce((all, { chunk }) => all + chunk.meta_data![key], 0n)
    this.#groups.push({
      columns: chunks.map(({ chunk }) => chunk),
      total_byte_size: sizeOf('total_uncompressed_size'),
      total_compressed_size: sizeOf('total_compressed_size'),
      num_rows: BigInt(this.#rows),
      file_offset: BigInt(start),
    })
    this.#rows = 0
  }

  /** Gives back the memory of the row groups before. */
  free(): void {
    for (const column of this.#columns) column.free()
  }

  /** Writes the last row group, the indexes of pages and the footer. */
  async finish(): Promise<void> {
    await this.endRowGroup()
    await this.#begin()
    await this.#indexes()
    const { tree, metadata, createdBy } = this.#form
    const footer: WrittenFooter = {
      version: 2,
      schema: schemaElements(tree),
      num_rows: BigInt(this.rows),
      row_groups: this.#groups,
      key_value_metadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      created_by: createdBy,
      metadata_length: 0,
    }
    const writer = new ByteWriter()
    writeMetadata(writer, footer)
    writer.appendBytes(MAGIC)
    await this.#write(writer.getBytes())
  }

  /** First the bounds of pages, then their places (PageIndex.md of the format). */
  async #indexes(): Promise<void> {
    for (const { chunk, columnIndex } of this.#packed) {
      if (columnIndex === undefined) continue
      const { null_pages, min_values, max_values, null_counts } = columnIndex
      const bytes = structOf({
        field_1: null_pages,
        field_2: min_values,
        field_3: max_values,
        field_4: 0,
        field_5: null_counts,
      })
      chunk.column_index_offset = BigInt(this.#offset)
      chunk.column_index_length = bytes.length
      await this.#write(bytes)
    }
    for (const { chunk, offsetIndex } of this.#packed) {
      const bytes = structOf({
        field_1: offsetIndex.page_locations.map(({ offset, compressed_page_size, first_row_index }) => ({
          field_1: offset,
          field_2: compressed_page_size,
          field_3: first_row_index,
        })),
      })
      chunk.offset_index_offset = BigInt(this.#offset)
      chunk.offset_index_length = bytes.length
      await this.#write(bytes)
    }
  }
}

function structOf(fields: Readonly<Record<`field_${number}`, unknown>>): Uint8Array {
  const writer = new ByteWriter()
  serializeTCompactProtocol(writer, fields)
  return writer.getBytes()
}
