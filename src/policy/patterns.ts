/**
 * What patterns match, and which of several counts. All patterns of a policy are followed at once: a set of places, each a
 * pattern and how many of its steps are behind, moves on with every name and element on the way down.
 *
 * - A `*` in a name stands for at most 64 characters, possibly none, without `@`, `"`, `\` and control characters.
 * - `**` passes elements, and names that look like names: a letter or `_`, then letters, digits, `_`, `-` and spaces, at
 *   most 64 characters. Others are values of the data, such as ids and addresses, and do not leave as names.
 *
 * Of two patterns that match one path the more specific counts, by the first of these that tells them apart: more
 * characters in the last name (without `*`), fewer `*` in it, more characters in all names, no `**` before one, fewer `*`
 * in all. Where none does, it is a tie, unless both only drop.
 */
import { MAX_SEGMENTS, type Path, type Segment } from './path.ts'

/** Places of patterns: `pattern * STRIDE + steps behind`, ascending. */
export type Places = readonly number[]

const STRIDE = MAX_SEGMENTS + 1

/** What ends at a place. */
export const NONE = -1
export const TIE = -2

export interface Pattern {
  readonly path: Path
  /** All its rules drop. */
  readonly drops: boolean
}

const MOST_UNITS = 64
const IN_STAR = /^[^@"\\\p{Cc}]{0,64}$/u
const PASSED = /^[\p{L}_][\p{L}\p{M}\p{N}_\- ]{0,63}$/u

/** Whether `name` is one that `pieces` with `*` between them stand for. */
export function isLike(name: string, pieces: readonly string[]): boolean {
  const [first, last] = [pieces[0]!, pieces.at(-1)!]
  const most = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (name.length < most || name.length > most + MOST_UNITS * (pieces.length - 1)) return false
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  const end = name.length - last.length
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at)
    if (found < 0 || found + piece.length > end || !IN_STAR.test(name.slice(at, found))) return false
    at = found + piece.length
  }
  return at <= end && IN_STAR.test(name.slice(at, end))
}

const isPassed = (name: string): boolean => name.length <= MOST_UNITS && PASSED.test(name)

const lengthOf = (segment: Segment | undefined): number =>
  segment?.kind === 'name'
    ? segment.name.length
    : segment?.kind === 'like'
      ? segment.pieces.reduce((sum, piece) => sum + piece.length, 0)
      : 0

const starsOf = (segment: Segment | undefined): number =>
  segment?.kind === 'like' ? segment.pieces.length - 1 : segment?.kind === 'member' ? 1 : 0

const total = (segments: readonly Segment[], count: (segment: Segment) => number): number =>
  segments.reduce((sum, segment) => sum + count(segment), 0)

/** Greater is more specific, from the first number on. */
function rankOf({ segments }: Path): readonly number[] {
  const last = segments.findLast(({ kind }) => kind !== 'element')
  return [
    lengthOf(last),
    -starsOf(last),
    total(segments, lengthOf),
    segments.some(({ kind }) => kind === 'any') ? 0 : 1,
    -total(segments, starsOf),
  ]
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, i) => number !== b[i])
  return at < 0 ? 0 : a[at]! - b[at]!
}

export class Patterns {
  readonly #patterns: readonly Pattern[]
  readonly #ranks: readonly (readonly number[])[]
  /** Before the first step of each. */
  readonly start: Places

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns
    this.#ranks = patterns.map(({ path }) => rankOf(path))
    this.start = this.#closed(patterns.map((_, index) => index * STRIDE))
  }

  /** Where the places lead by a name, or by `[]` where there is none. */
  next(places: Places, name?: string): Places {
    const led: number[] = []
    for (const place of places) {
      const segment = this.#segment(place)
      if (segment === undefined) continue
      if (segment.kind === 'any') {
        if (name === undefined || isPassed(name)) led.push(place)
      } else if (name === undefined) {
        if (segment.kind === 'element') led.push(place + 1)
      } else if (
        segment.kind === 'name'
          ? segment.name === name
          : segment.kind === 'like'
            ? isLike(name, segment.pieces)
            : segment.kind === 'member'
      )
        led.push(place + 1)
    }
    return this.#closed(led)
  }

  /** The pattern that counts among those that end here: its number, NONE, or TIE. */
  ending(places: Places): number {
    let best = NONE
    let tied = false
    for (const place of places) {
      if (this.#segment(place) !== undefined) continue
      const pattern = Math.floor(place / STRIDE)
      const order = best < 0 ? 1 : compare(this.#ranks[pattern]!, this.#ranks[best]!)
      if (order > 0) {
        best = pattern
        tied = false
      } else if (order === 0) tied ||= !(this.#patterns[pattern]!.drops && this.#patterns[best]!.drops)
    }
    return tied ? TIE : best
  }

  /** The places that may lead on. */
  open(places: Places): Places {
    return places.filter((place) => this.#segment(place) !== undefined)
  }

  /** Where a path leads: through its names and elements, up to the first step of another kind. */
  along(segments: readonly Segment[]): Places {
    let places = this.start
    for (const segment of segments) {
      if (segment.kind !== 'name' && segment.kind !== 'element') return places
      places = this.next(places, segment.kind === 'name' ? segment.name : undefined)
    }
    return places
  }

  /** Texts of the patterns at these places. */
  texts(places: Places): string[] {
    return [...new Set(places.map((place) => this.#patterns[Math.floor(place / STRIDE)]!.path.text))]
  }

  #segment(place: number): Segment | undefined {
    return this.#patterns[Math.floor(place / STRIDE)]!.path.segments[place % STRIDE]
  }

  /** `**` may stand for nothing. */
  #closed(places: readonly number[]): Places {
    const all = new Set(places)
    for (const place of places) if (this.#segment(place)?.kind === 'any') all.add(place + 1)
    return [...all].sort((a, b) => a - b)
  }
}
