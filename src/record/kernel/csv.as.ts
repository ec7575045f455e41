/**
 * Scans the rows of a CSV chunk and writes the rows of its output, 64 bytes at a time. AssemblyScript:
 * test/kernels.mjs compiles it into csv.wasm.ts.
 *
 * It knows well-formed rows only. At the first that is anything else (a fault, a blank line, too few columns, a
 * row too long, a comment, quotes of another dialect) it stops before that row: the walker in TypeScript says what it is. So nothing here decides that a
 * record fails, and every row that it takes is one that the walker takes alike.
 *
 * The host lays out the memory and says in the header where things stand; see csv-layout.ts and csv-kernel.ts.
 *
 * AssemblyScript takes decorators before functions, which TypeScript refuses: hence each `@ts-ignore`.
 */

import { CsvHeader, HEADER, ResultKind, SlotKind } from './csv-layout.as'

const QUOTE: u8 = 0x22
const CR: u8 = 0x0d
const LF: u8 = 0x0a

/** A copy may write so many bytes behind its end. */
const SLACK: usize = 64

const header = changetype<CsvHeader>(HEADER)

// @ts-ignore: decorator
@inline function marksOf16(at: usize, marked: v128): u64 {
  const bytes = v128.load(at)
  return <u64>i8x16.bitmask(v128.or(
    v128.or(i8x16.eq(bytes, marked), i8x16.eq(bytes, i8x16.splat(<i8>QUOTE))),
    v128.or(i8x16.eq(bytes, i8x16.splat(<i8>CR)), i8x16.eq(bytes, i8x16.splat(<i8>LF))),
  ))
}

/** Which of the 64 bytes from `at` end or change a field: one bit each, the first byte lowest. */
// @ts-ignore: decorator
@inline function marksOf(at: usize, marked: v128): u64 {
  return marksOf16(at, marked) | (marksOf16(at + 16, marked) << 16) |
    (marksOf16(at + 32, marked) << 32) | (marksOf16(at + 48, marked) << 48)
}

/**
 * Notes rows of the chunk, from byte `from` on, until `most` are noted or one is not common. Gives how many rows it
 * noted; the first is record `record`, and starts in line `firstLine`.
 */
export function scan(from: usize, firstLine: i32, record: i32, most: i32): i32 {
  const base = header.input
  const limit = base + header.length
  const maxBytes = header.maxBytes
  const delimiter = <u8>header.delimiter
  const marked = i8x16.splat(<i8>header.delimiter)
  const quotes = header.quotes
  const comment = header.comment
  const columns = <usize>header.columns
  const copies = header.copies
  const starts = header.starts
  const ends = header.ends
  const kinds = header.kinds
  const records = header.records
  const lines = header.lines
  let window = base + from
  let marks = marksOf(window, marked)
  let row = window
  let rows: i32 = 0
  let out: usize = 0
  let here = firstLine
  while (rows < most && row < limit && <i32>load<u8>(row) != comment) {
    let field = row
    let column: usize = 0
    let slot = out
    let within: i32 = 0
    let ended = false
    for (;;) {
      while (marks == 0) {
        if (window > limit) break
        window += 64
        marks = marksOf(window, marked)
      }
      if (marks == 0) break
      let at = window + <usize>ctz(marks)
      marks &= marks - 1
      let byte = load<u8>(at)
      let from = field
      let to = at
      let kind = from == to ? SlotKind.nothing : SlotKind.text
      if (byte == QUOTE) {
        if (at != field || !quotes) break
        // To the closing quote.
        from = at + 1
        to = 0
        for (;;) {
          while (marks == 0) {
            if (window > limit) break
            window += 64
            marks = marksOf(window, marked)
          }
          if (marks == 0) break
          at = window + <usize>ctz(marks)
          marks &= marks - 1
          if (at >= limit) break
          byte = load<u8>(at)
          if (byte == LF) within++
          else if (byte == QUOTE) {
            // The byte behind it, if it is one that counts, is the next mark.
            if (load<u8>(at + 1) != QUOTE) {
              to = at
              break
            }
            if (marks == 0) {
              window += 64
              marks = marksOf(window, marked)
            }
            marks &= marks - 1
          }
        }
        if (to == 0) break
        kind = from == to ? SlotKind.nothing : SlotKind.escaped
        at = to + 1
        if (marks == 0) {
          window += 64
          marks = marksOf(window, marked)
        }
        // What stands behind a closing quote is a mark, or the row is malformed.
        if (marks == 0 || window + <usize>ctz(marks) != at) break
        marks &= marks - 1
        byte = load<u8>(at)
      }
      if (column >= columns) break
      for (let n = load<i32>(copies + (column << 2)); n > 0; n--) {
        store<i32>(starts + slot, <i32>(from - base))
        store<i32>(ends + slot, <i32>(to - base))
        store<i32>(kinds + slot, kind)
        store<i32>(records + slot, record + rows)
        slot += 4
      }
      column++
      if (byte == delimiter) {
        field = at + 1
        continue
      }
      if (byte == CR) {
        if (load<u8>(at + 1) != LF || at + 1 >= limit) break
        if (marks == 0) {
          window += 64
          marks = marksOf(window, marked)
        }
        marks &= marks - 1
      } else if (byte != LF) break
      ended = column == columns && at - row <= maxBytes && (at > row || columns == 1)
      field = at + (byte == CR ? 2 : 1)
      break
    }
    if (!ended) break
    store<i32>(lines + (<usize>rows << 2), here)
    here += within + 1
    rows++
    out = slot
    row = field
  }
  header.next = row - base
  header.line = here
  return rows
}

/** Copies a span; up to `SLACK` bytes behind it are overwritten too. */
// @ts-ignore: decorator
@inline function copy(to: usize, from: usize, length: usize): void {
  if (length > 64) memory.copy(to, from, length)
  else {
    v128.store(to, v128.load(from))
    for (let at: usize = 16; at < length; at += 16) v128.store(to + at, v128.load(from + at))
  }
}

/**
 * Writes rows `[row, rows)` of those at `firsts`, each of the `width` cells at `offsets`, to `output`. Stops where the
 * next row would not fit in front of `limit`; gives the row to go on with.
 */
export function write(row: i32, rows: i32): i32 {
  const firsts = header.firsts
  const offsets = header.offsets
  const width = header.width
  const resultKinds = header.resultKinds
  const resultStarts = header.resultStarts
  const resultEnds = header.resultEnds
  const input = header.input
  const arena = header.arena
  const output = header.output
  const limit = header.limit
  let at = output
  let began = at
  for (; row < rows; row++) {
    const first = load<i32>(firsts + (<usize>row << 2))
    for (let column: i32 = 0; column < width; column++) {
      const slot = <usize>(first + load<i32>(offsets + (<usize>column << 2))) << 2
      const kind = load<i32>(resultKinds + slot)
      if (column > 0) store<u8>(at++, <u8>header.delimiter)
      if (kind != ResultKind.dropped) {
        const from = <usize>load<i32>(resultStarts + slot)
        const length = <usize>load<i32>(resultEnds + slot) - from
        if (at + length + SLACK > limit) {
          header.written = began - output
          return row
        }
        copy(at, (kind == ResultKind.source ? input : arena) + from, length)
        at += length
      } else if (at + SLACK > limit) {
        header.written = began - output
        return row
      }
    }
    // A lone empty cell would read as a blank line.
    if (at == began) {
      store<u16>(at, 0x2222)
      at += 2
    }
    if (header.crlf) store<u8>(at++, CR)
    store<u8>(at++, LF)
    began = at
  }
  header.written = at - output
  return row
}
