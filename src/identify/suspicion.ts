/** What the parts of `category-of.ts` share: an answer, the words around a name, and what takes a word back. */
import { type Role, roleOfCategory } from './categories.ts'
import type { Kind } from './kind.ts'
import { fullOf, ROLES, SUBJECTS, TAKEN_BACK, takenBackInFront } from './lexicon.ts'

/** What a name speaks of. */
export interface Suspicion {
  /** A key of Fideslang. */
  readonly category: string
  /** The role that the category gives. */
  readonly role: Role
  /** What the name speaks of, in words: `an email address`. */
  readonly why: string
  /** Not so sure of a name that is as often one of a thing: `country`, `title`, `note`. */
  readonly certain: boolean
  /** What the name holds: a word for the value (`email`), for an identifier of a person, or only for a person. */
  readonly of: 'value' | 'identifier' | 'person'
}

export type NameWords = readonly string[]

/** What stands around the field's own words, outermost first, without what only wraps. */
export interface Around {
  readonly containers: readonly NameWords[]
  /** The next one out; empty at the top. */
  readonly next: NameWords
  /** The field's own words as they are spelt: `nm`, where it has `name`. */
  readonly spelt: NameWords
  /** Whether the next one out, though it only wraps, says that its members are of a person: `traits`. */
  readonly ofPerson: boolean
}

export const isPerson = (word: string | undefined): boolean =>
  word !== undefined && (SUBJECTS.has(word) || ROLES.has(word))

type Said = Pick<Kind, 'category' | 'is'> & { readonly of?: Suspicion['of'] }

const ofCategory = (category: string): Suspicion['of'] =>
  category === 'user.unique_id' ? 'identifier' : 'value'

export const suspect = ({ category, is, of = ofCategory(category) }: Said, certain = true): Suspicion => ({
  category,
  role: roleOfCategory(category),
  why: is,
  certain,
  of,
})

export const IDENTIFIER = {
  category: 'user.unique_id',
  is: 'the identifier of a person',
  of: 'identifier',
} as const
export const SUBJECT = { category: 'user.unique_id', is: 'a person', of: 'person' } as const
export const PART = { category: 'user.name', is: 'a person by what they do here', of: 'person' } as const

/** Whether words in front or behind make something else of what stands at `from` to `to`. */
export function isTakenBack(own: NameWords, from: number, to: number, kept: readonly string[] = []): boolean {
  const takes = (word: string) => TAKEN_BACK.has(word) && !kept.includes(word)
  if (own.slice(to).some((word) => takes(word) || takes(fullOf(word)))) return true
  return takenBackInFront().some(
    (phrase) =>
      phrase.length <= from &&
      own
        .slice(0, from)
        .some((_, i) => phrase.every((word, j) => own[i + j] === word && !kept.includes(word))),
  )
}

export function indexOf(own: NameWords, phrase: NameWords): number {
  for (let at = own.length - phrase.length; at >= 0; at--)
    if (phrase.every((word, i) => own[at + i] === word)) return at
  return -1
}
