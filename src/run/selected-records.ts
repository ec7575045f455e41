/** Of the records of an input only those that a list of dead letters names, by line or by ordinal. */
import { LetheError } from '../errors.ts'
import { PADDING } from '../record/codec.ts'
import { CsvWalker } from '../record/csv/csv-walker.ts'
import type { Chunk } from './chunk.ts'
import type { Batch, CutLines, Picked } from './input-batch.ts'

const LF = 0x0a

/**
 * Passes on the records that were picked; everything else of the input is left out unread.
 * @throws LetheError (usage) at its end, where one of them is not there
 */
export async function* selectedRecords(
  batches: AsyncIterable<Batch>,
  { by, numbers }: Picked,
  input: string,
): AsyncGenerator<Batch> {
  const missing = new Set(numbers)
  yield* by === 'line' ? atLines(batches, missing) : ofOrdinals(batches, missing)
  for (const one of missing)
    throw new LetheError(
      'replay-refused',
      by === 'line'
        ? `${input}, line ${one}: a dead letter is listed there, and no record begins at that line; no output was left`
        : `${input}, record ${one}: a dead letter is listed there, and the file has fewer records; no output was left`,
      'name the list and the summary of one run, and the files that it read',
    )
}

/** What begins at the lines of `missing`; these are taken out of it. */
async function* atLines(batches: AsyncIterable<Batch>, missing: Set<number>): AsyncGenerator<Batch> {
  let line = 1
  // Lines that were passed over, and told with no batch yet.
  let passed = 0
  for await (const batch of batches) {
    line += batch.headerLines
    passed += batch.headerLines
    if ('rejected' in batch) {
      if (missing.delete(line)) {
        yield { ...batch, headerLines: passed }
        passed = 0
      } else passed += batch.rejected.lines
      line += batch.rejected.lines
      continue
    }
    const { length, cut } = cutChunk(batch.chunk, line, missing)
    if (length > 0) {
      yield { input: batch.input, headerLines: passed, chunk: { ...batch.chunk, length }, cut }
      passed = 0
    } else passed += cut.total
    line += cut.total
  }
}

/** Of JSON that is not one record a line, the records of these ordinals; its chunks hold a record a line. */
async function* ofOrdinals(batches: AsyncIterable<Batch>, missing: Set<number>): AsyncGenerator<Batch> {
  let before = 0
  for await (const batch of batches) {
    if ('rejected' in batch) {
      before += batch.rejected.records
      if (missing.delete(before)) yield { ...batch, ordinals: [before] }
      continue
    }
    const { chunk, recordLines } = batch
    const ordinals: number[] = []
    let records = 0
    let kept = 0
    for (let at = 0; at < chunk.length; records++) {
      const end = Math.min(lineEnd(chunk.bytes, at, chunk.length), chunk.length)
      if (missing.delete(before + records + 1)) {
        ordinals.push(before + records + 1)
        chunk.bytes.copyWithin(kept, at, end)
        kept += end - at
      }
      at = end
    }
    chunk.bytes.fill(LF, kept, kept + PADDING)
    if (kept > 0)
      yield {
        ...batch,
        chunk: { ...chunk, length: kept },
        recordLines: Float64Array.from(ordinals, (ordinal) => recordLines![ordinal - before - 1]!),
        ordinals,
      }
    before += records
  }
}

/** Leaves of a chunk, in place, the records that begin at the lines of `missing`, and takes these out of it. */
function cutChunk(
  { bytes, length, layout }: Chunk,
  first: number,
  missing: Set<number>,
): { readonly length: number; readonly cut: CutLines } {
  const walker = layout.format === 'csv' ? new CsvWalker(layout.style) : undefined
  /** From a line of what is left to that of the chunk. */
  const origins = new Map<number, number>()
  let total = 0
  let kept = 0
  let left = 0
  for (let at = 0; at < length; ) {
    const end = Math.min(walker?.row(bytes, at, length) ?? lineEnd(bytes, at, length), length)
    const rows = walker?.lines ?? 1
    if (missing.delete(first + total)) {
      origins.set(left, total)
      bytes.copyWithin(kept, at, end)
      kept += end - at
      left += rows
    }
    total += rows
    at = end
  }
  bytes.fill(LF, kept, kept + PADDING)
  return { length: kept, cut: { total, of: (line) => origins.get(line) ?? line } }
}

const lineEnd = (bytes: Uint8Array, at: number, length: number): number => {
  const end = bytes.indexOf(LF, at)
  return end < 0 ? length : end + 1
}
