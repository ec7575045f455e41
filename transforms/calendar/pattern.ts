/**
 * Patterns of dates, `dd/MM/yyyy HH:mm`: how a value is written, letter by letter. A text is read only where the pattern
 * would write it just so: with the same digits, signs and letters, leading zeros among them.
 *
 * - `yyyy` or `y`: year, four digits. `M`, `d`: month, day, without leading zero; `MM`, `dd`: two digits. `MMM`: `Jan`;
 *   `MMMM`: `January`.
 * - `H`, `HH`: hour 0 to 23; `h`, `hh`: hour 1 to 12, with `a`: `AM` or `PM`. `m`, `mm`; `s`, `ss`. `S` to `SSSSSSSSS`: as
 *   many digits of a fraction of a second.
 * - `X`: offset `Z`, `+01` or `+0130`; `XX`: `Z` or `+0100`; `XXX`: `Z` or `+01:00`. `+00` is read as well as `Z`.
 * - `'text'`: itself; `''`: a quote. Other signs stand for themselves; other letters and `[ ] { } #` are refused.
 *
 * A pattern names year, month and day. What is not named of the time is 0.
 */
import type { Form, Written } from './form.ts'
import { DAY_MS, dateOfDay, daysFromCivil, daysInMonth, HOUR_MS, MINUTE_MS, pad2, pad4 } from './gregorian.ts'
import { type Letter, type PatternPiece, piecesOf } from './pattern-pieces.ts'
import {
  digitsAt,
  isDigitAt,
  MONTHS,
  monthAt,
  type OffsetStyle,
  offsetEnd,
  offsetOf,
  SHORT_MONTHS,
} from './words.ts'

/**
 * What the pieces of one text have said so far: `S` in milliseconds, `a` as 0 or 12 hours, `X` in minutes ahead of UTC.
 */
type Said = Record<Letter, number>

/** The least and the most of a number of one or two digits. */
const RANGE: Readonly<Record<string, readonly [number, number]>> = {
  M: [1, 12],
  d: [1, 31],
  H: [0, 23],
  h: [1, 12],
  m: [0, 59],
  s: [0, 59],
}

/** The form that a pattern stands for. Throws `OptionError`, whose `option` is `format`, for what is none. */
export function compilePattern(pattern: string): Form {
  const pieces = piecesOf(pattern)
  const has = (letter: Letter) => pieces.some((piece) => piece.letter === letter)
  const said: Said = { y: 0, M: 0, d: 0, H: 0, h: 0, m: 0, s: 0, S: 0, a: 0, X: 0 }
  const timed = has('H') || has('h')
  const hasOffset = has('X')
  const ends = new Int32Array(pieces.length)

  const scan = (text: string): boolean => {
    let at = 0
    for (let i = 0; i < pieces.length; i++) {
      at = readPiece(pieces[i]!, text, at, said)
      if (at < 0) return false
      ends[i] = at
    }
    return at === text.length && said.d <= daysInMonth(said.y, said.M)
  }

  const read = (text: string): Written | undefined => {
    if (!scan(text)) return undefined
    const days = daysFromCivil(said.y, said.M, said.d)
    if (!timed) return { days, time: undefined, offset: undefined }
    const hour = said.H + (said.h % 12) + said.a
    const time = ((hour * 60 + said.m) * 60 + said.s) * 1000 + said.S
    return { days, time, offset: hasOffset ? said.X : undefined }
  }

  const move = (text: string, { days }: Written, by: number): string | undefined => {
    const date = dateOfDay(days + by)
    if (date === undefined) return undefined
    // For where its pieces end.
    scan(text)
    const values: Partial<Record<string, number>> = { y: date.year, M: date.month, d: date.day }
    return pieces
      .map((piece, i) => {
        const value = values[piece.letter]
        return value === undefined ? text.slice(i === 0 ? 0 : ends[i - 1], ends[i]) : written(piece, value)
      })
      .join('')
  }

  const write = ({ days, time = 0, offset = 0 }: Written): string | undefined => {
    const date = dateOfDay(days)
    if (date === undefined) return undefined
    const hour = Math.floor(time / HOUR_MS)
    const values: Readonly<Record<Letter, number>> = {
      y: date.year,
      M: date.month,
      d: date.day,
      H: hour,
      h: hour % 12 === 0 ? 12 : hour % 12,
      m: Math.floor(time / MINUTE_MS) % 60,
      s: Math.floor(time / 1000) % 60,
      S: time % 1000,
      a: time * 2 < DAY_MS ? 0 : 12,
      X: offset,
    }
    return pieces
      .map((piece) => (piece.letter === '' ? piece.text : written(piece, values[piece.letter as Letter])))
      .join('')
  }

  const zone = !timed ? 'used' : hasOffset ? 'unused' : 'needed'
  return { name: pattern, bare: !timed, zone, counts: false, read, move, write }
}

/** Reads one piece at `at`; behind it, or -1 where it does not stand there. */
function readPiece(piece: PatternPiece, text: string, at: number, said: Said): number {
  const { letter, count } = piece
  switch (letter) {
    case '':
      return text.startsWith(piece.text, at) ? at + piece.text.length : -1
    case 'y':
      said.y = digitsAt(text, at, 4)
      return said.y > 0 ? at + 4 : -1
    case 'S': {
      // Milliseconds count; what follows is cut off.
      const counted = Math.min(count, 3)
      const value = digitsAt(text, at, counted)
      said.S = value * 10 ** (3 - counted)
      return value < 0 || digitsAt(text, at + counted, count - counted) < 0 ? -1 : at + count
    }
    case 'a':
      said.a = text.startsWith('PM', at) ? 12 : 0
      return said.a === 12 || text.startsWith('AM', at) ? at + 2 : -1
    case 'X': {
      const end = offsetEnd(text, at, count as OffsetStyle)
      if (end >= 0) said.X = offsetOf(text, at, end)
      return end
    }
  }
  if (letter === 'M' && count > 2) {
    const names = count === 3 ? SHORT_MONTHS : MONTHS
    said.M = monthAt(text, at, names)
    return said.M === 0 ? -1 : at + names[said.M - 1]!.length
  }
  const length = count === 2 || isDigitAt(text, at + 1) ? 2 : 1
  const value = digitsAt(text, at, length)
  const [least, most] = RANGE[letter]!
  if (value < least || value > most || (count === 1 && length === 2 && value < 10)) return -1
  said[letter as Letter] = value
  return at + length
}

/** How a piece writes a value. */
function written({ letter, count }: PatternPiece, value: number): string {
  switch (letter) {
    case 'y':
      return pad4(value)
    case 'S':
      return String(value).padStart(3, '0').padEnd(9, '0').slice(0, count)
    case 'a':
      return value === 0 ? 'AM' : 'PM'
    case 'X':
      return offsetText(value, count)
  }
  if (letter === 'M' && count > 2) return (count === 3 ? SHORT_MONTHS : MONTHS)[value - 1]!
  return count === 2 ? pad2(value) : String(value)
}

function offsetText(minutes: number, count: number): string {
  if (minutes === 0) return 'Z'
  const size = Math.abs(minutes)
  const hours = `${minutes < 0 ? '-' : '+'}${pad2(Math.floor(size / 60))}`
  if (count === 1) return size % 60 === 0 ? hours : hours + pad2(size % 60)
  return `${hours}${count === 3 ? ':' : ''}${pad2(size % 60)}`
}
