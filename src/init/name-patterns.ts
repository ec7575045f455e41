/** Which patterns names suggest: what they begin or end with, and numbers in them. */
import type { Segment } from '../policy/path.ts'

export type Like = Extract<Segment, { kind: 'like' }>

/** A policy takes no more `*` in one name. */
const MOST_STARS = 3
/** Fewer letters say nothing of what a name is about. */
const FEWEST_LETTERS = 2
/** Between words: behind what separates them, before a number, and before a capital behind a small letter. */
const BETWEEN = /(?<=[^\p{L}\p{N}])(?=[\p{L}\p{N}])|(?<=\p{L})(?=\p{N})|(?<=\p{Ll})(?=\p{Lu})/gu
const NUMBERS = /\p{N}+/u

export const lengthOf = ({ pieces }: Like): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

const saysSomething = (pieces: readonly string[]): boolean =>
  pieces.length <= MOST_STARS + 1 &&
  pieces.join('').replaceAll(/[^\p{L}]/gu, '').length >= FEWEST_LETTERS &&
  pieces.every((piece) => !piece.includes('\0'))

/** Patterns that match `name`, each of them once: `address_*` and `*_city` of `address_1_city`, and `address_*_city`. */
export function patternsFor(name: string): readonly Like[] {
  const found = new Map<string, Like>()
  const add = (pieces: readonly string[]): void => {
    if (pieces.length > 1 && saysSomething(pieces)) found.set(pieces.join('\0'), { kind: 'like', pieces })
  }
  add(name.split(NUMBERS))
  for (const { index } of name.matchAll(BETWEEN)) {
    add([name.slice(0, index), ''])
    add(['', name.slice(index)])
  }
  // What separates words belongs to what stands behind it too: `*_city`.
  for (const { index } of name.matchAll(/[^\p{L}\p{N}]+(?=[\p{L}\p{N}])/gu))
    if (index > 0) add(['', name.slice(index)])
  return [...found.values()]
}
