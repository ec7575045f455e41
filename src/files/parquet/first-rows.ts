/** The first rows of a Parquet file as lines of JSON: all its columns, as `lethe batch` reads them. */
import type { RecordCode } from '../../errors.ts'
import { ParquetFile } from './parquet-file.ts'
import { parquetRows } from './rows.ts'
import { whole } from './selection.ts'

export interface FirstRows {
  readonly text: string
  /** Of those that could not be written: why. */
  readonly rejected: readonly RecordCode[]
}

export interface FirstRowsLimits {
  readonly rows: number
  readonly bytes: number
  readonly rowBytes: number
}

/** `copy`: the file, where it is open already. Ends at the first of the limits. @throws LetheError */
export async function firstRows(
  name: string,
  { rows: most, bytes, rowBytes }: FirstRowsLimits,
  copy?: number,
): Promise<FirstRows> {
  const file = ParquetFile.open(name, copy)
  const rejected: RecordCode[] = []
  let text = ''
  let rows = 0
  try {
    // Of one row no more is made.
    const cut = { chunkBytes: most === 1 ? 1 : 1 << 16, maxRecordBytes: rowBytes, onRead: () => {} }
    for await (const piece of parquetRows(file, whole(file.root), cut)) {
      if (piece.kind === 'rejected') rejected.push(piece.code)
      else {
        text += Buffer.from(piece.bytes.subarray(0, piece.length)).toString()
        rows += piece.recordLines!.length
      }
      if (rows + (most === 1 ? rejected.length : 0) >= most || text.length >= bytes) break
    }
  } finally {
    file.close()
  }
  return { text, rejected }
}
