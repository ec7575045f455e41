/** The letters of a pattern of dates, and which of their orders can be told apart. */
import { OptionError } from '../transform.ts'

export interface PatternPiece {
  /** A letter of a pattern; empty: text that stands for itself. */
  readonly letter: string
  readonly count: number
  readonly text: string
}

export type Letter = 'y' | 'M' | 'd' | 'H' | 'h' | 'm' | 's' | 'S' | 'a' | 'X'

/** How often each letter may stand in a row. */
const COUNTS: Readonly<Record<Letter, readonly number[]>> = {
  y: [1, 4],
  M: [1, 2, 3, 4],
  d: [1, 2],
  H: [1, 2],
  h: [1, 2],
  m: [1, 2],
  s: [1, 2],
  S: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  a: [1],
  X: [1, 2, 3],
}

/** What people may have meant by a letter that is none of ours. */
const MEANT: Readonly<Record<string, string>> = {
  Y: 'write y for the year',
  u: 'write y for the year',
  D: 'write d for the day of the month',
  L: 'write M for the month',
  k: 'write H for the hour',
  K: 'write h for the hour, with a',
  n: 'write S for digits of a fraction',
  E: 'patterns have no weekday; the format rfc1123 has one',
  Z: "write X, XX or XXX for the offset, or 'Z' for the letter itself, with zone: UTC",
  z: "write X, XX or XXX for the offset, or 'UTC' for that word, with zone: UTC",
  x: 'write X, XX or XXX for the offset',
  T: "quote it: 'T'",
}

const WORDS = 'letters are y M d H h m s S a X; everything else in letters is quoted'
const MOST_LENGTH = 100

function refuse(what: string, way: string): OptionError {
  return new OptionError(`the pattern ${what}`, 'format', way)
}

/** The pieces of a pattern, in order. Throws `OptionError`, whose `option` is `format`, for what is none. */
export function piecesOf(pattern: string): PatternPiece[] {
  if (pattern.length > MOST_LENGTH)
    throw refuse(`is longer than ${MOST_LENGTH} characters`, 'write a shorter one')
  const pieces: PatternPiece[] = []
  const addText = (text: string) => {
    const last = pieces.at(-1)
    if (last?.letter === '') pieces[pieces.length - 1] = { ...last, text: last.text + text }
    else pieces.push({ letter: '', count: 0, text })
  }
  for (let at = 0; at < pattern.length; ) {
    const sign = pattern[at]!
    if (sign === "'") {
      const end = pattern.indexOf("'", at + 1)
      if (end < 0) throw refuse('has a quote that never closes', "write '' for a quote itself")
      addText(end === at + 1 ? "'" : pattern.slice(at + 1, end))
      at = end + 1
    } else if (/[A-Za-z]/.test(sign)) {
      let end = at + 1
      while (pattern[end] === sign) end++
      pieces.push(letterPiece(sign, end - at))
      at = end
    } else {
      if ('[]{}#'.includes(sign))
        throw refuse(`has ${sign}`, `quote it where it stands for itself: '${sign}'`)
      addText(sign)
      at++
    }
  }
  check(pieces)
  return pieces
}

function letterPiece(letter: string, count: number): PatternPiece {
  const counts = COUNTS[letter as Letter] as readonly number[] | undefined
  if (counts === undefined) throw refuse(`has the letter ${letter}`, MEANT[letter] ?? WORDS)
  if (letter === 'y' && count === 2)
    throw refuse(
      'has a year of two digits, which does not say its century',
      'write yyyy, and years of four digits',
    )
  if (!counts.includes(count))
    throw refuse(`has ${letter.repeat(count)}`, `write ${counts.map((n) => letter.repeat(n)).join(' or ')}`)
  return { letter, count, text: '' }
}

/** Whether what was written names one moment, and no text could be read in two ways. */
function check(pieces: readonly PatternPiece[]): void {
  const letters = pieces.flatMap(({ letter }) => (letter === '' ? [] : [letter]))
  const twice = letters.find((letter, at) => letters.indexOf(letter) < at)
  if (twice !== undefined) throw refuse(`has ${twice} in two places`, 'name each part once')
  const has = (letter: Letter) => letters.includes(letter)
  if (!has('y') || !has('M') || !has('d'))
    throw refuse('names no full date', 'name year, month and day: yyyy, MM and dd')
  if (has('h') !== has('a')) throw refuse('has h without a, or a without h', 'write HH, or hh and a')
  if (has('h') && has('H')) throw refuse('has two hours, H and h', 'write HH, or hh and a')
  const hour = has('H') || has('h')
  if ((has('m') || has('X')) && !hour) throw refuse('has m or X without an hour', 'add HH')
  if (has('s') && !has('m')) throw refuse('has s without m', 'add mm')
  if (has('S') && !has('s')) throw refuse('has S without s', 'add ss')
  pieces.forEach((piece, i) => {
    const next = pieces[i + 1]
    if (next === undefined || !isOpen(piece)) return
    if (next.letter === '' ? /^[0-9]/.test(next.text) : !startsWithLetter(next))
      throw refuse(
        `has digits right behind ${piece.letter.repeat(piece.count)}, so that its end cannot be told`,
        piece.letter === 'X' ? 'write XX or XXX' : `write ${piece.letter.repeat(2)}`,
      )
  })
}

/** Whether there may be more or fewer digits. */
function isOpen({ letter, count }: PatternPiece): boolean {
  return count === 1 && 'MdHhmsX'.includes(letter)
}

function startsWithLetter({ letter, count }: PatternPiece): boolean {
  return letter === 'a' || letter === 'X' || (letter === 'M' && count > 2)
}
