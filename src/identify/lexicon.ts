/** The dictionary's data, indexed: which words it knows, and which phrases begin with a word. */
import { CONTACT } from './data/contact.ts'
import * as people from './data/people.ts'
import { PERSON } from './data/person.ts'
import { SECRETS } from './data/secrets.ts'
import { type Kind, listed } from './kind.ts'
import { fold, wordsOf } from './words.ts'

/** In order of weight: of two that a name speaks of, the first counts. */
export const KINDS: readonly Kind[] = [...SECRETS, ...CONTACT, ...PERSON]

/** How sure a phrase makes: whatever stands before it; only with words that fit; only beside a person. */
export type Strength = 'strong' | 'weak' | 'vague'

export interface Phrase {
  readonly kind: Kind
  readonly words: readonly string[]
  readonly strength: Strength
}

const folded = (text: string): string[] => fold(text).split(' ')

/** Every phrase of the kinds, those of a heavier kind first, longer ones before shorter ones. */
export const PHRASES: readonly Phrase[] = KINDS.flatMap((kind) =>
  (['strong', 'weak', 'vague'] as const)
    .flatMap((strength) =>
      listed(strength === 'strong' ? kind.words : kind[strength]).map((text) => ({
        kind,
        words: folded(text),
        strength,
      })),
    )
    .sort((a, b) => b.words.length - a.words.length),
)

type Words = ReadonlySet<string>

const setOf = (text: string): Words => new Set(listed(text).map(fold))

export const SUBJECTS: Words = setOf(people.SUBJECTS)
export const ROLES: Words = setOf(people.ROLES)
export const OFTEN_PROGRAMS: Words = setOf(people.OFTEN_PROGRAMS)
export const VAGUE_PEOPLE: Words = setOf(people.VAGUE_PEOPLE)
export const REFERRED: Words = setOf(people.REFERRED)
export const BY: Words = setOf(people.BY)
export const NOT_BY: Words = setOf(people.NOT_BY)
export const AROUND: Words = setOf(people.AROUND)
export const IDS: Words = setOf(people.IDS)
export const WITHIN_IDS: Words = setOf(people.WITHIN_IDS)
export const WRAPPERS: Words = setOf(people.WRAPPERS)
export const WRAPPING: Words = setOf(people.WRAPPING)
export const GENERIC: Words = setOf(people.GENERIC)
export const TAKEN_BACK: Words = setOf(people.TAKEN_BACK)
export const IN_FRONT: readonly (readonly string[])[] = listed(people.TAKEN_BACK_IN_FRONT).map(folded)
export const THINGS: Words = setOf(people.THINGS)
export const DELIVERED: Words = setOf(people.DELIVERED)
export const DELIVERED_AS: Words = setOf(people.DELIVERED_AS)
/** Phrases for people: most are one word. */
export const PEOPLE: readonly (readonly string[])[] = [...SUBJECTS, ...ROLES].map((text) => text.split(' '))

/** Words so short that they stand inside other words by chance. */
const TOO_SHORT = 4
const SHORT_PARTS = new Set(['name', 'mail', 'zip', 'nom', 'nome', 'naam'])

const weakWords = new Set(
  PHRASES.filter(({ strength }) => strength !== 'strong').flatMap(({ words }) => words),
)

/** Every word that the data has. */
const WORDS: ReadonlySet<string> = new Set(
  [
    ...PHRASES.flatMap(({ words }) => words),
    ...PEOPLE.flat(),
    ...[BY, NOT_BY, AROUND, IDS, WITHIN_IDS, WRAPPERS, GENERIC, TAKEN_BACK, THINGS, DELIVERED].flatMap(
      (set) => [...set],
    ),
    ...IN_FRONT.flat(),
  ].flatMap((word) => word.split(' ')),
)

const mayBePart = (part: string, isLast: boolean, isFirst: boolean): boolean => {
  if (!WORDS.has(part)) return false
  if (part.length < 3) return (isLast && /^(?:id|no|nr|by)$/.test(part)) || (isFirst && part === 'ip')
  return part.length > TOO_SHORT || !weakWords.has(part) || SHORT_PARTS.has(part)
}

/** A word that was written without separators, cut into known ones: `owneremail`, `Rechnungsadresse`. */
function cutLatin(word: string): string[] | undefined {
  const best: (string[] | undefined)[] = [[]]
  for (let end = 1; end <= word.length; end++)
    for (let start = 0; start < end; start++) {
      const before = best[start]
      if (before === undefined || before.length > 3) continue
      const part = word.slice(start, end)
      // German joins words by an s or n.
      const joined = start > 0 && end < word.length && /^[sn]$/.test(part)
      if (!joined && !mayBePart(part, end === word.length, start === 0)) continue
      const now = joined ? before : [...before, part]
      if (now.length < (best[end]?.length ?? Number.POSITIVE_INFINITY)) best[end] = now
    }
  const parts = best[word.length]
  return parts !== undefined && parts.length > 1 ? parts : undefined
}

const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u
const UNSPACED_WORDS = [...WORDS].filter((word) => UNSPACED.test(word) && word.length > 1)

/** Chinese, Japanese and Korean write no spaces: the known words within, the longest at each place. */
function cutUnspaced(word: string): string[] | undefined {
  const parts: string[] = []
  let at = 0
  let unknown = ''
  while (at < word.length) {
    let longest = ''
    for (const known of UNSPACED_WORDS)
      if (known.length > longest.length && word.startsWith(known, at)) longest = known
    if (longest === '') unknown += word[at++]
    else {
      if (unknown !== '') parts.push(unknown)
      unknown = ''
      parts.push(longest)
      at += longest.length
    }
  }
  if (unknown !== '') parts.push(unknown)
  return parts.some((part) => WORDS.has(part)) ? parts : undefined
}

/** Whether every word of a name, however it is written, is one that the dictionary has. */
export function isOfKnownWords(name: string): boolean {
  const words = knownWords(name)
  return words.length > 0 && words.every((word) => WORDS.has(word))
}

/** Whether any word of a name is one that the dictionary has. */
export function hasKnownWord(name: string): boolean {
  return knownWords(name).some((word) => WORDS.has(word))
}

const known = new Map<string, readonly string[]>()
const REMEMBERED = 10_000

function meant(word: string): readonly string[] {
  if (WORDS.has(word) || word.length > 64) return [word]
  if (UNSPACED.test(word)) return cutUnspaced(word) ?? [word]
  // German without its marks.
  const bare = word.replace(/([aou])e/g, '$1')
  if (bare !== word && WORDS.has(bare)) return [bare]
  return cutLatin(word) ?? (bare === word ? undefined : cutLatin(bare)) ?? [word]
}

/** The words of `name` as the dictionary has them; digits are left out. */
export function knownWords(name: string): readonly string[] {
  let words = known.get(name)
  if (words === undefined) {
    words = wordsOf(name.slice(0, 256))
      .flatMap(meant)
      .filter((word) => !/^\p{N}+$/u.test(word))
    if (known.size < REMEMBERED) known.set(name, words)
  }
  return words
}
