/**
 * Scans the rows of a CSV chunk and writes the rows of its output, 64 bytes at a time. AssemblyScript:
 * test/kernels.mjs compiles it into csv.wasm.ts.
 *
 * It knows well-formed rows only. At the first that is anything else (a fault, a blank line, too few columns, a
 * row too long) it stops before that row: the walker in TypeScript says what it is. So nothing here decides that a
 * record fails, and every row that it takes is one that the walker takes alike.
 *
 * The host lays out the memory and says where things stand; see csv-kernel.ts. All places are bytes.
 *
 * AssemblyScript takes decorators before functions, which TypeScript refuses: hence each `@ts-ignore`.
 */

const QUOTE: u8 = 0x22
const CR: u8 = 0x0d
const LF: u8 = 0x0a

/** As SlotKind in block.ts. */
const TEXT: i32 = 0
const ESCAPED: i32 = 1
const NOTHING: i32 = 4

/** As ResultKind in block.ts. */
const SOURCE: i32 = 0
const DROPPED: i32 = 3

/** A copy may write so many bytes behind its end. */
const SLACK: usize = 64

let delimiter: u8 = 0
let marked: v128 = i8x16.splat(0)
/** Columns of a row. */
let columns: i32 = 0
/** For each column how many slots it takes: i32. */
let copies: usize = 0
/** For each slot: where it starts and ends in the chunk, its kind, its record: i32 each. */
let starts: usize = 0
let ends: usize = 0
let kinds: usize = 0
let records: usize = 0
/** For each row the physical line that it starts in: i32. */
let lines: usize = 0

/** Where `scan` stopped, and in which line. */
export let next: usize = 0
export let line: i32 = 0
/** How many bytes `write` wrote. */
export let written: usize = 0

export function setup(
  delimiterByte: i32, columnCount: i32,
  copiesAt: usize, startsAt: usize, endsAt: usize, kindsAt: usize, recordsAt: usize, linesAt: usize,
): void {
  delimiter = <u8>delimiterByte
  marked = i8x16.splat(<i8>delimiterByte)
  columns = columnCount
  copies = copiesAt
  starts = startsAt
  ends = endsAt
  kinds = kindsAt
  records = recordsAt
  lines = linesAt
}

// @ts-ignore: decorator
@inline function marksOf16(at: usize): u64 {
  const bytes = v128.load(at)
  return <u64>i8x16.bitmask(v128.or(
    v128.or(i8x16.eq(bytes, marked), i8x16.eq(bytes, i8x16.splat(<i8>QUOTE))),
    v128.or(i8x16.eq(bytes, i8x16.splat(<i8>CR)), i8x16.eq(bytes, i8x16.splat(<i8>LF))),
  ))
}

/** Which of the 64 bytes from `at` end or change a field: one bit each, the first byte lowest. */
// @ts-ignore: decorator
@inline function marksOf(at: usize): u64 {
  return marksOf16(at) | (marksOf16(at + 16) << 16) | (marksOf16(at + 32) << 32) | (marksOf16(at + 48) << 48)
}

/**
 * Notes rows of the chunk at `base`, from `base + from`, until `most` are noted or one is not common. The byte at
 * `base + length` is a line feed, and 64 more can be read. Gives how many rows it noted; the first is record
 * `record`, and starts in line `firstLine`.
 */
export function scan(
  base: usize, from: usize, length: usize, firstLine: i32, record: i32, most: i32, maxBytes: usize,
): i32 {
  const limit = base + length
  let window = base + from
  let marks = marksOf(window)
  let row = window
  let rows: i32 = 0
  let out: usize = 0
  let here = firstLine
  while (rows < most && row < limit) {
    let field = row
    let column: usize = 0
    let slot = out
    let within: i32 = 0
    let ended = false
    for (;;) {
      while (marks == 0) {
        if (window > limit) break
        window += 64
        marks = marksOf(window)
      }
      if (marks == 0) break
      let at = window + <usize>ctz(marks)
      marks &= marks - 1
      let byte = load<u8>(at)
      let from = field
      let to = at
      let kind = from == to ? NOTHING : TEXT
      if (byte == QUOTE) {
        if (at != field) break
        // To the closing quote.
        from = at + 1
        to = 0
        for (;;) {
          while (marks == 0) {
            if (window > limit) break
            window += 64
            marks = marksOf(window)
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
              marks = marksOf(window)
            }
            marks &= marks - 1
          }
        }
        if (to == 0) break
        kind = from == to ? NOTHING : ESCAPED
        at = to + 1
        if (marks == 0) {
          window += 64
          marks = marksOf(window)
        }
        // What stands behind a closing quote is a mark, or the row is malformed.
        if (marks == 0 || window + <usize>ctz(marks) != at) break
        marks &= marks - 1
        byte = load<u8>(at)
      }
      if (column >= <usize>columns) break
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
          marks = marksOf(window)
        }
        marks &= marks - 1
      } else if (byte != LF) break
      ended = column == <usize>columns && at - row <= maxBytes && (at > row || columns == 1)
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
  next = row - base
  line = here
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
 * Writes rows `[row, rows)`: those whose first slots stand at `firsts`. Of each the slots at `offsets` become the
 * `width` cells, from what `resultKinds`, `resultStarts` and `resultEnds` say of a slot: a span of the chunk at
 * `input`, or of `arena`. Stops where the next row would not fit in front of `limit`; gives the row to go on with.
 */
export function write(
  row: i32, rows: i32, firsts: usize, offsets: usize, width: i32,
  resultKinds: usize, resultStarts: usize, resultEnds: usize,
  input: usize, arena: usize, output: usize, limit: usize, crlf: bool,
): i32 {
  let at = output
  let began = at
  for (; row < rows; row++) {
    const first = load<i32>(firsts + (<usize>row << 2))
    for (let column: i32 = 0; column < width; column++) {
      const slot = <usize>(first + load<i32>(offsets + (<usize>column << 2))) << 2
      const kind = load<i32>(resultKinds + slot)
      if (column > 0) store<u8>(at++, delimiter)
      if (kind != DROPPED) {
        const from = <usize>load<i32>(resultStarts + slot)
        const length = <usize>load<i32>(resultEnds + slot) - from
        if (at + length + SLACK > limit) {
          written = began - output
          return row
        }
        copy(at, (kind == SOURCE ? input : arena) + from, length)
        at += length
      } else if (at + SLACK > limit) {
        written = began - output
        return row
      }
    }
    // A lone empty cell would read as a blank line.
    if (at == began) {
      store<u16>(at, 0x2222)
      at += 2
    }
    if (crlf) store<u8>(at++, CR)
    store<u8>(at++, LF)
    began = at
  }
  written = at - output
  return row
}
