/**
 * The dictionary's data: which words it knows, and which phrases begin with a word. The data stands folded, and is read
 * only for the words that are asked about: `lethe batch` asks about few names, and starts often.
 */
import { FAINT as FAINT_FORMS, SHORT_FORMS } from './data/abbreviations.ts'
import { CONTACT } from './data/contact.ts'
import * as people from './data/people.ts'
import { PERSON } from './data/person.ts'
import { SECRETS } from './data/secrets.ts'
import { type Kind, listed } from './kind.ts'

/** In order of weight: of two that a name speaks of, the first counts. */
export const KINDS: readonly Kind[] = [...SECRETS, ...CONTACT, ...PERSON]

/** How sure a phrase makes: whatever stands before it; only with words that fit; only beside a person. */
export type Strength = 'strong' | 'weak' | 'vague'

export interface Phrase {
  readonly kind: Kind
  readonly words: readonly string[]
  readonly strength: Strength
  /** Its place in the order of weight: kind, length, strength, place in the list. */
  readonly order: readonly number[]
}

/** A list of words, read when the first is asked for. */
class WordList implements Iterable<string> {
  readonly #text: string
  #words: ReadonlySet<string> | undefined

  constructor(text: string) {
    this.#text = text
  }

  get #set(): ReadonlySet<string> {
    this.#words ??= new Set(listed(this.#text))
    return this.#words
  }

  has(word: string): boolean {
    return this.#set.has(word)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#set[Symbol.iterator]()
  }
}

export const SUBJECTS: WordList = new WordList(people.SUBJECTS)
export const ROLES: WordList = new WordList(people.ROLES)
export const OFTEN_PROGRAMS: WordList = new WordList(people.OFTEN_PROGRAMS)
export const VAGUE_PEOPLE: WordList = new WordList(people.VAGUE_PEOPLE)
export const REFERRED: WordList = new WordList(people.REFERRED)
export const BY: WordList = new WordList(people.BY)
export const NOT_BY: WordList = new WordList(people.NOT_BY)
export const AROUND: WordList = new WordList(people.AROUND)
export const IDS: WordList = new WordList(people.IDS)
export const WITHIN_IDS: WordList = new WordList(people.WITHIN_IDS)
export const WRAPPERS: WordList = new WordList(people.WRAPPERS)
export const OF_A_PERSON: WordList = new WordList(people.OF_A_PERSON)
export const WRAPPING: WordList = new WordList(people.WRAPPING)
export const GENERIC: WordList = new WordList(people.GENERIC)
export const TAKEN_BACK: WordList = new WordList(people.TAKEN_BACK)
export const KIN: WordList = new WordList(people.KIN)
export const NUMBERED: WordList = new WordList(people.NUMBERED)
export const COUNTS: WordList = new WordList(people.COUNTS)
export const ID_ONLY: WordList = new WordList(people.ID_ONLY)
export const OWN_IDS: WordList = new WordList(people.OWN_IDS)
export const ACTING: WordList = new WordList(people.ACTING)
export const FAINT: WordList = new WordList(FAINT_FORMS)
export const THINGS: WordList = new WordList(people.THINGS)
export const DELIVERED: WordList = new WordList(people.DELIVERED)
export const DELIVERED_AS: WordList = new WordList(people.DELIVERED_AS)

const phrased = (texts: Iterable<string>) => [...texts].map((text) => text.split(' '))

let inFull: ReadonlyMap<string, string> | undefined
/** The word that `word` is a short form of, or itself. */
export function fullOf(word: string): string {
  inFull ??= new Map(
    Object.entries(SHORT_FORMS).flatMap(([full, forms]) => listed(forms).map((form) => [form, full])),
  )
  return inFull.get(word) ?? word
}

let inFront: readonly (readonly string[])[] | undefined
/** Phrases that take back what stands behind them. */
export function takenBackInFront(): readonly (readonly string[])[] {
  inFront ??= phrased(listed(people.TAKEN_BACK_IN_FRONT))
  return inFront
}

const STRENGTHS = ['strong', 'weak', 'vague'] as const

/** The lists of one kind, as they stand in the text of all. */
interface Part {
  readonly kind: Kind
  readonly strength: Strength
  readonly end: number
  /** Place of the kind, place of the strength. */
  readonly order: readonly [number, number]
}

let whole: { readonly text: string; readonly parts: readonly Part[] } | undefined

/** All phrases in one text: a search through it is native and fast, an index costs more than what most runs ask. */
function wholeText() {
  if (whole !== undefined) return whole
  let text = ''
  const parts: Part[] = []
  for (const [k, kind] of KINDS.entries())
    for (const [s, strength] of STRENGTHS.entries()) {
      const list = strength === 'strong' ? kind.words : kind[strength]
      if (list === undefined) continue
      text += `${list}|`
      parts.push({ kind, strength, end: text.length, order: [k, s] })
    }
  whole = { text, parts }
  return whole
}

const isBlank = (code: number) => code === 0x20 || code === 0x0a
const BAR = 0x7c

/** Where `word` begins a phrase of `text`. */
function startsIn(text: string, word: string): number[] {
  const found: number[] = []
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    let before = at - 1
    while (before >= 0 && isBlank(text.charCodeAt(before))) before--
    const after = text.charCodeAt(at + word.length)
    if ((before < 0 || text.charCodeAt(before) === BAR) && (after === BAR || isBlank(after))) found.push(at)
  }
  return found
}

const byFirstWord = new Map<string, readonly Phrase[]>()

function phrasesBy(first: string): readonly Phrase[] {
  let phrases = byFirstWord.get(first)
  if (phrases !== undefined) return phrases
  if (!hasWord(first)) return []
  const { text, parts } = wholeText()
  phrases = startsIn(text, first).map((at) => {
    const { kind, strength, order } = parts.find(({ end }) => at < end)!
    const words = text.slice(at, text.indexOf('|', at)).trim().split(' ')
    return { kind, words, strength, order: [order[0], -words.length, order[1], at] }
  })
  byFirstWord.set(first, phrases)
  return phrases
}

function byOrder(a: Phrase, b: Phrase): number {
  const i = a.order.findIndex((n, i) => n !== b.order[i])
  return i < 0 ? 0 : a.order[i]! - b.order[i]!
}

/** The phrases of the kinds that begin with a word of `words`: heavier kinds first, longer phrases first within a kind. */
export function phrasesFrom(words: readonly string[]): readonly Phrase[] {
  return [...new Set(words)].flatMap(phrasesBy).sort(byOrder)
}

let longPeople: readonly (readonly string[])[] | undefined

/** The phrases for people that begin with a word of `words`. */
export function peopleFrom(words: readonly string[]): readonly (readonly string[])[] {
  longPeople ??= phrased([...SUBJECTS, ...ROLES].filter((text) => text.includes(' ')))
  const single = words.filter((word) => SUBJECTS.has(word) || ROLES.has(word)).map((word) => [word])
  return [...single, ...longPeople.filter(([first]) => words.includes(first!))]
}

const wordsIn = (...texts: readonly string[]): Set<string> => new Set(texts.join('|').split(/[\s|]+/))

let words: ReadonlySet<string> | undefined
let weakWords: ReadonlySet<string> | undefined

/** Every word of the dictionary. */
export function allWords(): ReadonlySet<string> {
  const { SUBJECTS, ROLES, BY, NOT_BY, AROUND, IDS, WITHIN_IDS, WRAPPERS, GENERIC, THINGS, DELIVERED } =
    people
  const { TAKEN_BACK, TAKEN_BACK_IN_FRONT, KIN } = people
  words ??= wordsIn(
    ...[wholeText().text, SUBJECTS, ROLES, BY, NOT_BY, AROUND, IDS, WITHIN_IDS, WRAPPERS, GENERIC, THINGS],
    ...[DELIVERED, TAKEN_BACK, TAKEN_BACK_IN_FRONT, KIN],
  )
  return words
}

/** Whether the dictionary has this word. */
export const hasWord = (word: string): boolean => word !== '' && allWords().has(word)

/** Whether the word stands in a phrase that is not sure by itself. */
export function isWeakWord(word: string): boolean {
  weakWords ??= wordsIn(...KINDS.flatMap(({ weak = '', vague = '' }) => [weak, vague]))
  return weakWords.has(word)
}
