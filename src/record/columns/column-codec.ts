/** Writes the records of another codec as columns: what leaves a chunk are frames of them, which a file of columns takes. */
import type { Block } from '../block.ts'
import { ByteSink } from '../byte-sink.ts'
import type { Codec } from '../codec.ts'
import { codecAround } from '../codec-around.ts'
import { writeFrame } from './column-frame.ts'
import type { ColumnValues } from './column-values.ts'

/** What takes the records apart that the codec writes. */
export interface Shredder {
  readonly columns: readonly ColumnValues[]
  /** Takes the record at `start`; false, and nothing added, where it does not fit. */
  add(bytes: Uint8Array, start: number): boolean
  /** Where the record ended, in front of its line break. */
  readonly end: number
}

const SCRATCH = 1 << 16

/** `lineBreak`: how many bytes end a record of `inner`. */
export function columnCodec(inner: Codec, shredder: Shredder, lineBreak: number): Codec {
  const text = new ByteSink(SCRATCH)
  let block!: Block
  /** Since the last frame. */
  let rows = 0
  return codecAround(inner, {
    open(opened, bytes, length, utf8) {
      block = opened
      inner.open(opened, bytes, length, utf8)
    },
    write(passing, count) {
      text.length = 0
      inner.write(passing, count, text)
      let at = 0
      for (let index = 0; index < count; index++) {
        const record = passing[index]!
        if (record < 0) continue
        if (shredder.add(text.bytes, at)) rows++
        else {
          block.fail(record, 'output-unwritable', -1)
          passing[index] = -1
        }
        at = shredder.end + lineBreak
      }
    },
    /** The chunk ends: what was taken of it becomes a frame. */
    flush(sink) {
      if (rows === 0) return
      writeFrame(shredder.columns, rows, sink)
      rows = 0
    },
  })
}
