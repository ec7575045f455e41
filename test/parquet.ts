/** Parquet files for tests: of columns, and of bytes that no writer would write. */

import type { SchemaElement } from 'hyparquet'
import { ByteWriter, type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'

export type Column = ColumnSource

/** A file of these columns. */
export const parquetOf = (columnData: Column[], rowGroupSize = 1000): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }))

export interface RawColumn {
  readonly element: SchemaElement
  /** Thrift headers of pages as numbered fields, and the bytes behind each. */
  readonly pages: readonly { readonly header: Record<string, unknown>; readonly body: Uint8Array }[]
  /** What the footer says of it, where that is not what stands there. */
  readonly says?: Partial<{
    values: number
    codec: 'UNCOMPRESSED' | 'ZSTD' | 'SNAPPY' | 'GZIP'
    bytes: number
    start: number
  }>
}

/** A file whose pages, counts and lengths are as they are told to be. */
export function rawParquet(
  rows: number,
  columns: readonly RawColumn[],
  schema?: readonly SchemaElement[],
  groups: number = 1,
): Uint8Array {
  const writer = new ByteWriter()
  writer.appendUint32(0x31524150)
  const chunks = columns.map(({ element, pages, says = {} }) => {
    const start = writer.offset
    for (const { header, body } of pages) {
      serializeTCompactProtocol(writer, header as never)
      writer.appendBytes(body)
    }
    return {
      file_offset: BigInt(start),
      meta_data: {
        type: element.type!,
        encodings: ['PLAIN' as const],
        path_in_schema: [element.name],
        codec: says.codec ?? ('UNCOMPRESSED' as const),
        num_values: BigInt(says.values ?? rows),
        total_uncompressed_size: 100n,
        total_compressed_size: BigInt(says.bytes ?? writer.offset - start),
        data_page_offset: BigInt(says.start ?? start),
      },
    }
  })
  writeMetadata(writer, {
    version: 2,
    created_by: 'test',
    schema: [
      ...(schema ?? [
        { name: 'root', num_children: columns.length },
        ...columns.map(({ element }) => element),
      ]),
    ],
    num_rows: BigInt(rows * groups),
    row_groups: Array.from({ length: groups }, () => ({
      columns: chunks,
      total_byte_size: 0n,
      num_rows: BigInt(rows),
    })),
  } as never)
  writer.appendUint32(0x31524150)
  return new Uint8Array(writer.getBuffer())
}

/** A file of a footer alone, whose Thrift is these numbered fields, or these bytes. */
export function footerAlone(footer: Uint8Array | Record<string, unknown>): Uint8Array {
  const writer = new ByteWriter()
  writer.appendUint32(0x31524150)
  if (footer instanceof Uint8Array) writer.appendBytes(footer)
  else serializeTCompactProtocol(writer, footer as never)
  writer.appendUint32(writer.offset - 4)
  writer.appendUint32(0x31524150)
  return new Uint8Array(writer.getBuffer())
}

/** The header of a data page, and of a dictionary. */
export const dataPage = (
  values: number,
  size: number,
  packed: number = size,
  encoding = 0,
): Record<string, unknown> => ({
  field_1: 0,
  field_2: size,
  field_3: packed,
  field_5: { field_1: values, field_2: encoding, field_3: 3, field_4: 3 },
})
export const dictionaryPage = (
  values: number,
  size: number,
  packed: number = size,
): Record<string, unknown> => ({
  field_1: 2,
  field_2: size,
  field_3: packed,
  field_7: { field_1: values, field_2: 0 },
})
