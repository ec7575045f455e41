/** In which dialect of CSV a sample is written, as far as it shows: the reading under which its rows are of one length. */
import type { CsvDialect } from '../record/csv/csv-dialect.ts'
import { rowsOf, type TableText } from './sample-rows.ts'

/** What of the dialect is known already. */
export interface KnownDialect {
  readonly delimiter?: string | undefined
  readonly quote?: 'none' | undefined
  readonly escape?: 'backslash' | undefined
  readonly comment?: string | undefined
  /** Whether the lines above the table are known: then the sample begins with the table. */
  readonly isTrimmed: boolean
}

/** A sample as one dialect reads it. */
export interface DialectReading {
  readonly dialect: CsvDialect
  /** So many cells a row has. */
  readonly width: number
  /** The line, from 0, on which the table begins. */
  readonly line: number
  /** Rows of that width, and lines of rows that are not, from there on. */
  readonly fitting: number
  readonly bad: number
  readonly comments: number
  /** Rows that run over several lines. */
  readonly folded: number
  /** Under `quote: none`, cells that stand in quotes, and others that hold some. */
  readonly enclosed: number
  readonly stray: number
  /** Whether backslashes may be escapes, as they may not be: both readings fit. */
  readonly mayEscape?: boolean
}

const USUAL_DELIMITERS = [',', ';', '\t', '|']
/** Where nothing else splits the rows. */
const RARE_DELIMITERS = ['~', '^', ':']
/** Signs that begin comments in formats people know. */
const USUAL_COMMENTS = ['#', '%', '!', ';']
const COMMENTS = /^[#%!;*/@&$^~=>+_-]/gm
/** So many lines may stand above a table that is found. */
const MOST_LINES = 100
/** One row in so many may not fit. */
const MOST_BAD = 10

const QUOTE = 0x22

type Quoting = Pick<CsvDialect, 'quote' | 'escape'>

function quotings(text: string, known: KnownDialect): readonly Quoting[] {
  const { quote, escape: escapes } = known
  if (quote !== undefined || escapes !== undefined) return [{ quote, escape: escapes }]
  if (!text.includes('"')) return [{}]
  const backslash: Quoting[] = /\\["\\]/.test(text) ? [{ escape: 'backslash' }] : []
  return [{}, ...backslash, { quote: 'none' }]
}

/** What is counted of a sample, whatever the width of its rows. */
interface Counted {
  readonly widths: readonly number[]
  readonly lines: readonly number[]
  readonly heights: readonly number[]
  /** The widths that comments would have as rows, and the lines they are on. */
  readonly comments: readonly { readonly width: number; readonly line: number }[]
  readonly enclosed: number
  readonly stray: number
}

function countRows(table: TableText, dialect: CsvDialect, limit: number): Counted {
  const { bytes } = table
  const counted = {
    widths: [] as number[],
    lines: [] as number[],
    heights: [] as number[],
    comments: [] as { width: number; line: number }[],
    enclosed: 0,
    stray: 0,
  }
  const delimiter = dialect.delimiter.charCodeAt(0)
  for (const { width, line, lines, isComment, walker } of rowsOf(table, dialect)) {
    if (isComment) {
      const text = bytes.subarray(bytes.lastIndexOf(0x0a, walker.end - 1) + 1, walker.end)
      counted.comments.push({ width: 1 + text.filter((byte) => byte === delimiter).length, line })
      continue
    }
    if (counted.widths.length >= limit) break
    counted.widths.push(width)
    counted.lines.push(line)
    counted.heights.push(lines)
    if (dialect.quote !== 'none') continue
    for (let field = 0; field < walker.fields; field++) {
      if (walker.quoted[field] !== 1) continue
      const [start, end] = [walker.starts[field]!, walker.ends[field]!]
      if (isEnclosed(bytes, start, end)) counted.enclosed++
      else counted.stray++
    }
  }
  return counted
}

/** Whether a cell stands in quotes, and each one inside is doubled. */
function isEnclosed(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2 || bytes[start] !== QUOTE || bytes[end - 1] !== QUOTE) return false
  for (let at = start + 1; at < end - 1; at++) {
    if (bytes[at] !== QUOTE) continue
    if (bytes[++at] !== QUOTE || at === end - 1) return false
  }
  return true
}

/** The readings of one dialect: with rows of the most frequent width above one, and with rows of one cell. */
function readingsIn(
  table: TableText,
  dialect: CsvDialect,
  limit: number,
  isTrimmed: boolean,
): DialectReading[] {
  const { widths, lines, heights, comments, enclosed, stray } = countRows(table, dialect, limit)
  const frequency = new Map<number, number>()
  for (const width of widths) frequency.set(width, (frequency.get(width) ?? 0) + 1)
  const [most] = [...frequency].filter(([width]) => width > 1).sort((a, b) => b[1] - a[1])
  return [most?.[0], frequency.has(1) ? 1 : undefined].flatMap((width): DialectReading[] => {
    if (width === undefined) return []
    const first = isTrimmed ? 0 : widths.indexOf(width)
    let [fitting, bad, folded] = [0, 0, 0]
    for (let i = first; i < widths.length; i++) {
      if (widths[i] === width) {
        fitting++
        if (heights[i]! > 1) folded++
      } else bad += widths[i] === 0 ? heights[i]! : 1
    }
    const line = lines[first] ?? 0
    // Below what is skipped, a header has a row at least.
    const least = first === 0 ? 1 : 2
    if (fitting < least || bad * MOST_BAD > fitting + bad || line > MOST_LINES) return []
    const reading = { dialect, width, line: first === 0 ? 0 : line, fitting, bad, folded, enclosed, stray }
    if (!mayBeComments(dialect.comment, comments, reading)) return []
    return [{ ...reading, comments: comments.length }]
  })
}

/** Whether lines that begin so are hardly rows. */
function mayBeComments(
  sign: string | undefined,
  comments: Counted['comments'],
  { width, line }: { readonly width: number; readonly line: number },
): boolean {
  if (sign === undefined) return true
  const fitting = width === 1 ? 0 : comments.filter((comment) => comment.width === width).length
  if (USUAL_COMMENTS.includes(sign)) return comments.length > 0 && fitting * 2 <= comments.length
  // Lines above the table alone are skipped instead.
  return fitting === 0 && width > 1 && comments.some((comment) => comment.line > line)
}

/** What is better comes first. */
function compare(a: DialectReading, b: DialectReading): number {
  const rank = ({ dialect, width, line, bad }: DialectReading): readonly number[] => [
    width === 1 ? 1 : 0,
    bad,
    line,
    dialect.comment === undefined ? 0 : 1,
    dialect.quote === 'none' ? 2 : dialect.escape === undefined ? 0 : 1,
    -width,
  ]
  const [left, right] = [rank(a), rank(b)]
  const at = left.findIndex((one, i) => one !== right[i])
  return at < 0 ? 0 : left[at]! - right[at]!
}

/** The best reading of those that `known` leaves open; undefined where no dialect makes one of it. */
export function likelyReading(
  text: string,
  table: TableText,
  known: KnownDialect,
  limit: number,
): DialectReading | undefined {
  const delimiters = known.delimiter === undefined ? USUAL_DELIMITERS : [known.delimiter]
  const ways = quotings(text, known)
  const read = (given: readonly string[], comment: string | undefined): DialectReading[] =>
    given
      .filter((delimiter) => delimiter !== comment)
      .flatMap((delimiter) =>
        ways.flatMap((way) => readingsIn(table, { ...way, delimiter, comment }, limit, known.isTrimmed)),
      )
      .filter(
        ({ dialect, enclosed, stray }) =>
          known.quote !== undefined || dialect.quote !== 'none' || stray * MOST_BAD > enclosed,
      )
  let readings = read(delimiters, known.comment)
  let best = readings.sort(compare)[0]
  const fits = best !== undefined && best.bad === 0 && best.line === 0
  // A first line that is plainly prose is no header, though its width would allow it.
  const isMarked = /^#\s/.test(text)
  // Quotes that enclose lines may enclose comments as well: see `settled`.
  if (known.comment === undefined && (!fits || best!.width === 1 || best!.folded > 0 || isMarked)) {
    for (const sign of signsIn(text)) readings = [...readings, ...read(delimiters, sign)]
    const marked = fits && isMarked ? readings.filter(({ dialect }) => dialect.comment === '#') : []
    best = (marked.length > 0 ? marked : readings).sort(compare)[0]
  }
  if (known.delimiter === undefined && (best === undefined || best.width === 1)) {
    const rare = read(RARE_DELIMITERS, best?.dialect.comment ?? known.comment)
    const split = rare.filter(({ width, bad, line }) => width > 1 && bad === 0 && line === 0)
    best = split.sort(compare)[0] ?? best
  }
  return best && settled(best, readings)
}

function signsIn(text: string): readonly string[] {
  const counts = new Map<string, number>()
  for (const [sign] of text.matchAll(COMMENTS)) counts.set(sign, (counts.get(sign) ?? 0) + 1)
  const half = text.split('\n', 10_000).length / 2
  return [...counts].filter(([, count]) => count <= half).map(([sign]) => sign)
}

/** Between readings that fit alike. */
function settled(best: DialectReading, readings: readonly DialectReading[]): DialectReading {
  if (best.dialect.quote === 'none') return best
  const { dialect, width, bad, line, folded } = best
  const alike = readings
    .filter((one) => one.dialect.delimiter === dialect.delimiter && one.width === width && one.bad === bad)
    .sort(compare)
  // Rows in quotes that run over lines, each of which is a row of its own, or a comment: the quotes were none.
  const plain = alike.find((one) => one.dialect.quote === 'none' && one.line === line)
  if (folded > 0 && width > 1 && plain !== undefined) return plain
  const mayEscape =
    dialect.escape === undefined &&
    alike.some((one) => one.dialect.escape === 'backslash' && one.dialect.comment === dialect.comment)
  return { ...best, mayEscape }
}
