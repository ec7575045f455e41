/** The bytes of records of a chunk that became dead letters, for sealing. */
import type { DeadLetter } from '../engine/engine.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'
import { MOST_SEALED } from '../sealing/original.ts'
import type { Chunk } from './chunk.ts'

const LF = 0x0a
const CR = 0x0d

/**
 * Of the first 100 dead letters the bytes of their records, each without its line break and in memory of its own. Text that was
 * decoded is in UTF-8; of JSON that is not one record a line, the record stands on one line.
 */
export function originalsOf(
  { bytes, length, layout }: Pick<Chunk, 'bytes' | 'length' | 'layout'>,
  deadLetters: readonly DeadLetter[],
): readonly Uint8Array[] {
  const walker = layout.format === 'csv' ? new CsvWalker(layout.style) : undefined
  const originals: Uint8Array[] = []
  let line = 0
  let at = 0
  for (const letter of deadLetters.slice(0, MOST_SEALED)) {
    for (;;) {
      const end = Math.min(walker?.row(bytes, at, length) ?? lineEnd(bytes, at, length), length)
      const isIt = line >= letter.line
      line += walker?.lines ?? 1
      const start = at
      at = end
      if (isIt) {
        originals.push(bytes.slice(start, withoutBreak(bytes, start, end)))
        break
      }
      if (at >= length) return originals
    }
  }
  return originals
}

const lineEnd = (bytes: Uint8Array, at: number, length: number): number => {
  const end = bytes.indexOf(LF, at)
  return end < 0 ? length : end + 1
}

function withoutBreak(bytes: Uint8Array, start: number, end: number): number {
  let to = end
  if (to > start && bytes[to - 1] === LF) to--
  if (to > start && bytes[to - 1] === CR) to--
  return to
}
