/**
 * Columns on their way from the thread that made them to the file. A frame: how many rows, then of each column how many levels,
 * values and bytes, as whole numbers of 32 bits; then its repetition levels, where a list is around it, its definition levels,
 * and its values as files have them. Frames stand one behind the other.
 */
import type { ByteSink } from '../byte-sink.ts'
import type { ColumnValues } from './column-values.ts'

export interface FrameColumn {
  readonly reps: Uint8Array | undefined
  readonly defs: Uint8Array
  readonly values: number
  readonly bytes: Uint8Array
}

export interface ColumnFrame {
  readonly rows: number
  readonly columns: readonly FrameColumn[]
}

const header = new Int32Array(3)
const headerBytes = new Uint8Array(header.buffer)

/** Appends a frame of what the columns hold, and empties them. */
export function writeFrame(columns: readonly ColumnValues[], rows: number, sink: ByteSink): void {
  header[0] = rows
  sink.copy(headerBytes, 0, 4)
  for (const { count, values, bytes } of columns) {
    header.set([count, values, bytes.length])
    sink.copy(headerBytes, 0, 12)
  }
  for (const column of columns) {
    const { reps, defs, count, bytes } = column
    if (reps !== undefined) sink.copy(reps, 0, count)
    sink.copy(defs, 0, count)
    sink.copy(bytes.bytes, 0, bytes.length)
    column.clear()
  }
}

/** Reads frames. `reps`: of each column how deep lists are around it. What is given are views of `bytes`. */
export function* readFrames(bytes: Uint8Array, reps: readonly number[]): Generator<ColumnFrame> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const part = (length: number): Uint8Array => {
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const rows = view.getInt32(at, true)
    let head = at + 4
    at = head + 12 * reps.length
    const columns: FrameColumn[] = []
    for (const rep of reps) {
      const count = view.getInt32(head, true)
      const values = view.getInt32(head + 4, true)
      const repeated = rep > 0 ? part(count) : undefined
      const defs = part(count)
      columns.push({ reps: repeated, defs, values, bytes: part(view.getInt32(head + 8, true)) })
      head += 12
    }
    yield { rows, columns }
  }
}
