/** The first row of a CSV: is it a header at all, and which path does each of its texts stand for? */
import { LetheError } from '../errors.ts'
import { hasKnownWord } from '../identify/known-words.ts'
import { splitName } from '../identify/words.ts'
import { PathError, parsePath, pathOf, type Segment } from '../policy/path.ts'
import { DETECTORS, detect, looksLikeData } from './detect.ts'
import { isWordForNothing } from './nothing.ts'
import type { Sample } from './sample.ts'

export interface Columns {
  /** A path for each column. */
  readonly paths: readonly (readonly Segment[])[]
  /** Header texts that are not themselves paths, and the path each stands for. */
  readonly renamed: ReadonlyMap<string, string>
}

const LONGEST = 64

type Row = readonly string[]

const SOME_ROWS = 3
const isNameLike = (text: string) => detect(text.trim()).includes('name-like')

/**
 * Whether a cell that no word of the dictionary is in is a name, as nearly all below it are: several words, `Anna Schmidt`
 * over `Bert Maier`. One word alone may be a header, where any cell of the row is one for certain.
 */
function looksLikeBelow(
  text: string,
  column: number,
  header: readonly string[],
  rows: readonly Row[],
): boolean {
  if (rows.length < SOME_ROWS || hasKnownWord(text) || !isNameLike(text)) return false
  if (!/\s/.test(text.trim()) && header.some(hasKnownWord)) return false
  const below = rows
    .slice(0, 200)
    .map((row) => row[column]!)
    .filter((cell) => !isWordForNothing(cell))
  const alike = below.filter((cell) => isNameLike(cell) && /\s/.test(cell.trim()) === /\s/.test(text.trim()))
  return below.length >= SOME_ROWS && alike.length >= 0.8 * below.length
}

/** Says why the first row looks like data. Never quotes it. */
function suspicion(header: Row, rows: readonly Row[]): string | undefined {
  for (const [i, text] of header.entries()) {
    if (text.trim() === '') continue
    const column = `column ${i + 1} of the first row`
    const data = looksLikeData(text)
    if (data !== undefined) return `${column} looks like ${DETECTORS[data]}`
    if (text.length > LONGEST) return `${column} is longer than ${LONGEST} characters`
    if (looksLikeBelow(text, i, header, rows)) return `${column} looks like the values below it`
    const again = rows.some((row) => row[i] === text && row.some((cell, j) => cell !== header[j]))
    if (again) return `${column} occurs again below, as a value`
  }
  return undefined
}

/** Whether a cell is a word that headers have, and no value of its column. */
const hasHeaderWord = (header: Row, below: readonly Row[]): boolean =>
  header.some(
    (text, i) =>
      /\p{L}{2}/u.test(text) &&
      looksLikeData(text) === undefined &&
      hasKnownWord(text) &&
      below.every((row) => row[i] !== text),
  )

/**
 * Why the first row is data, and no header; undefined where it may be one. `trusted`: the user says it is one, though it looks
 * like data. Throws `LetheError` where it is empty, or looks like both.
 */
export function headerDoubt(header: Row, below: readonly Row[], trusted: boolean): string | undefined {
  if (header.every((text) => text.trim() === ''))
    throw new LetheError(
      'header-invalid',
      'the first row is no header: it is empty',
      'give the columns names in the first row',
    )
  const why = trusted ? undefined : suspicion(header, below)
  if (why === undefined || !hasHeaderWord(header, below)) return why
  throw new LetheError(
    'header-invalid',
    `the first row is no header: ${why}; and another one is a word that headers have`,
    'if it is one, say --trust-header; if the file has none, name its columns with --header',
  )
}

/** Whether a row is a header beyond doubt: words that headers have, or text above what is data. */
export function isPlainlyHeader(header: Row, below: readonly Row[]): boolean {
  const some = below.slice(0, 200)
  return (
    hasHeaderWord(header, below) ||
    header.some((_, i) => {
      const cells = some.map((row) => row[i]!).filter((cell) => !isWordForNothing(cell))
      return cells.length > 0 && cells.every((cell) => looksLikeData(cell) !== undefined)
    })
  )
}

/** The columns that a policy can name, under the names by which it does: `Comment[2]` is the second of that name. */
export function nameable(sample: Sample): Sample {
  if (sample.format !== 'csv') return sample
  const trimmed = sample.header.map((text) => text.trim())
  const kept = trimmed.flatMap((text, i) => (text === '' ? [] : [i]))
  const count = new Map<string, number>()
  const names = trimmed.map((text) => {
    const number = (count.get(text) ?? 0) + 1
    count.set(text, number)
    return `${text}[${number}]`
  })
  const rows = sample.records as readonly Row[]
  return {
    ...sample,
    header: kept.map((i) => (count.get(trimmed[i]!) === 1 ? trimmed[i]! : names[i]!)),
    records: kept.length === trimmed.length ? rows : rows.map((row) => kept.map((i) => row[i]!)),
  }
}

function bareName(text: string, i: number): string {
  const name = splitName(text).join('_')
  return name === '' ? `column_${i + 1}` : name
}

/** The path that `text` is, where it is one of names only and written canonically. */
function asPath(text: string): readonly Segment[] | undefined {
  try {
    const path = parsePath(text)
    const plain =
      path.envelope === undefined &&
      !path.isColumn &&
      path.segments.every((segment) => segment.kind === 'name')
    return plain && path.text === text && !text.includes('"') ? path.segments : undefined
  } catch (error) {
    if (error instanceof PathError) return undefined
    throw error
  }
}

/** A path for every column; where a header is not a path, or lies inside another one, a new name. */
export function columnsOf(header: readonly string[]): Columns {
  const taken = new Set<string>()
  const renamed = new Map<string, string>()
  const isInside = (text: string) => header.some((other) => other !== text && other.startsWith(`${text}.`))
  for (const text of header) if (asPath(text) !== undefined && !isInside(text)) taken.add(text)
  const paths = header.map((text, i): readonly Segment[] => {
    if (taken.has(text)) return asPath(text)!
    const base = bareName(text, i)
    let name = base
    for (let n = 2; taken.has(name) || header.includes(name) || isInside(name); n++) name = `${base}_${n}`
    taken.add(name)
    const segments: Segment[] = [{ kind: 'name', name }]
    renamed.set(text, pathOf(segments).text)
    return segments
  })
  return { paths, renamed }
}
