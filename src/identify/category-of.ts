/** What the name of a field says of its values: which personal category, if any. Looks at no value. */
import { type Role, roleOfCategory } from './categories.ts'
import { type Kind, listed } from './kind.ts'
import { knownWords } from './known-words.ts'
import {
  ACTING,
  AROUND,
  BY,
  COUNTS,
  DELIVERED,
  DELIVERED_AS,
  FAINT,
  fullOf,
  GENERIC,
  ID_ONLY,
  IDS,
  KIN,
  NOT_BY,
  NUMBERED,
  OFTEN_PROGRAMS,
  OWN_IDS,
  type Phrase,
  peopleFrom,
  phrasesFrom,
  REFERRED,
  ROLES,
  SUBJECTS,
  TAKEN_BACK,
  THINGS,
  takenBackInFront,
  VAGUE_PEOPLE,
  WITHIN_IDS,
  WRAPPERS,
  WRAPPING,
} from './lexicon.ts'

export interface Suspicion {
  /** A key of Fideslang. */
  readonly category: string
  /** The role that the category gives. */
  readonly role: Role
  /** What the name speaks of, in words: `an email address`. */
  readonly why: string
  /** Not so sure of a name that is as often one of a thing: `country`, `title`, `note`. */
  readonly certain: boolean
  /** What the name holds: a word for the value (`email`), for an identifier of somebody, or only for somebody. */
  readonly of: 'value' | 'identifier' | 'person'
}

/** Which text the path leads to: a value, the values of a map, or the names of a map. */
export type Place = 'value' | 'members' | 'names'

type Words = readonly string[]

/** What stands around the field's own words, outermost first, without what only wraps. */
interface Around {
  readonly containers: readonly Words[]
  /** The next one out; empty at the top. */
  readonly next: Words
  /** The field's own words as they are spelt: `nm`, where it has `name`. */
  readonly spelt: Words
}

const isPerson = (word: string | undefined): boolean =>
  word !== undefined && (SUBJECTS.has(word) || ROLES.has(word))

type Said = Pick<Kind, 'category' | 'is'> & { readonly of?: Suspicion['of'] }

const ofCategory = (category: string): Suspicion['of'] =>
  category === 'user.unique_id' ? 'identifier' : 'value'

const suspect = ({ category, is, of = ofCategory(category) }: Said, certain = true): Suspicion => ({
  category,
  role: roleOfCategory(category),
  why: is,
  certain,
  of,
})

const IDENTIFIER = { category: 'user.unique_id', is: 'the identifier of a person', of: 'identifier' } as const
const SUBJECT = { category: 'user.unique_id', is: 'a person', of: 'person' } as const
const PART = { category: 'user.name', is: 'a person by what they do here', of: 'person' } as const

/**
 * `path` is a name, or the names of a path from the outermost on (elements and members of maps have none). The answer is
 * undefined where the name says nothing of a person.
 */
export function categoryOf(path: string | readonly string[], place: Place = 'value'): Suspicion | undefined {
  const names = typeof path === 'string' ? [path] : path
  const spelt = names.map(knownWords).filter((list) => list.length > 0)
  const plain = read(spelt, spelt, place)
  if (plain?.certain === true) return plain
  const full = spelt.map((words) => words.map(fullOf))
  if (full.every((words, i) => words.every((word, j) => word === spelt[i]![j]))) return plain
  const other = read(full, spelt, place)
  return other?.certain === true ? other : (plain ?? other)
}

function read(full: readonly Words[], asSpelt: readonly Words[], place: Place): Suspicion | undefined {
  const words = [...full]
  let own = words.pop()
  if (own === undefined) return undefined
  let referred = false
  // A member that is its container's value: `email.value`.
  while (words.length > 0 && GENERIC.has(own.join(' '))) {
    referred = true
    own = words.pop()!
  }
  let spelt = asSpelt[words.length]!
  if (own.length > 1 && (own[0] === 'by' || own[0] === 'per')) {
    if (place === 'members') return undefined
    own = own.slice(1)
    spelt = spelt.slice(1)
  }
  const containers = words.filter((list) => !WRAPPERS.has(list.join(' '))).map(unwrapped)
  const around = { containers, next: containers.at(-1) ?? [], spelt }
  const found = [
    byPart(own, around),
    byKind(own, around),
    byId(own, around, referred),
    byOwnId(own, around),
    byPeople(own, around, referred),
  ]
  return found.find((one) => one?.certain === true) ?? found.find((one) => one !== undefined)
}

/** `customer_details`, `creditCardInfo`: what is wrapped. */
function unwrapped(container: Words): Words {
  let end = container.length
  while (end > 1 && WRAPPING.has(container[end - 1]!)) end--
  return container.slice(0, end)
}

/** Whether words in front or behind make something else of what stands at `from` to `to`. */
function isTakenBack(own: Words, from: number, to: number, kept: readonly string[] = []): boolean {
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

function indexOf(own: Words, phrase: Words): number {
  for (let at = own.length - phrase.length; at >= 0; at--)
    if (phrase.every((word, i) => own[at + i] === word)) return at
  return -1
}

/** A container of a person: `customer`, `billing_details`. */
function isOfPerson(container: Words): boolean {
  if (isPerson(container.at(-1)) || (isPerson(container[0]) && container.length === 1)) return true
  return (
    container.some((word) => DELIVERED.has(word)) &&
    container.every((word) => DELIVERED.has(word) || DELIVERED_AS.has(word))
  )
}

const isThing = (container: Words): boolean => THINGS.has(container.at(-1) ?? '')

function byKind(own: Words, around: Around): Suspicion | undefined {
  let vague: Suspicion | undefined
  for (const phrase of phrasesFrom(own)) {
    const at = indexOf(own, phrase.words)
    if (at < 0) continue
    const found =
      phrase.strength === 'strong' ? strong(own, at, phrase, around) : weak(own, at, phrase, around)
    if (found?.certain) return found
    vague ??= found
  }
  return vague
}

const ofThing = ({ category }: Kind): boolean =>
  category === 'user.name' || category === 'user.content.private'

function strong(own: Words, at: number, phrase: Phrase, around: Around): Suspicion | undefined {
  if (isShort(phrase, at, own, around.spelt)) return weak(own, at, phrase, around)
  const { kind, words } = phrase
  const end = at + words.length
  if (isTakenBack(own, at, end, listed(kind.with))) return undefined
  if (kind.notById && ID_ONLY.has(own[end] ?? '')) return undefined
  if (
    ofThing(kind) &&
    (own.slice(0, at).some((word) => THINGS.has(word)) || (at === 0 && isThing(around.next)))
  )
    return undefined
  return suspect(kind)
}

/** Whether a phrase of one word is met by a short form of it only, which says less. */
const isShort = ({ words }: Phrase, at: number, own: Words, spelt: Words): boolean =>
  words.length === 1 && spelt[at] !== own[at]

function weak(own: Words, at: number, phrase: Phrase, around: Around): Suspicion | undefined {
  const { kind, words, strength } = phrase
  const end = at + words.length
  const before = own.slice(0, at)
  const behind = own.slice(end)
  const fits = (word: string) =>
    AROUND.has(word) || isPerson(word) || KIN.has(word) || listed(kind.with).includes(word)
  if (!before.every((word) => fits(word) && !BY.has(word))) return undefined
  if (!behind.every((word) => fits(word) || (kind.notById ? word === 'name' : NUMBERED.has(word))))
    return undefined
  if (isTakenBack(own, at, end, listed(kind.with))) return undefined
  if (before.length === 0 && isThing(around.next)) return undefined
  const beside = [...before, ...behind].some((word) => isPerson(word) || KIN.has(word) || DELIVERED.has(word))
  if (kind.category === 'user.name') {
    const ofPerson = own.length === 1 && (around.next.length === 0 || isOfPerson(around.next))
    return ofPerson || beside ? suspect(kind) : undefined
  }
  const isFaint = isShort(phrase, at, own, around.spelt) && FAINT.has(around.spelt[at]!)
  if (strength !== 'vague' && !isFaint) return suspect(kind)
  return suspect(kind, beside || around.containers.some(isOfPerson))
}

/** A member of something personal: `address.line1`, `device.id`. */
function byPart(own: Words, { containers, next }: Around): Suspicion | undefined {
  if (next.length === 0) return undefined
  const joined = [...next, ...own]
  for (const { kind, words, strength } of phrasesFrom(next)) {
    const at = joined.length - words.length
    if (strength === 'strong' && words.length > own.length && at >= 0 && at < next.length)
      if (words.every((word, i) => joined[at + i] === word) && !isTakenBack(joined, at, joined.length))
        return suspect(kind)
  }
  const outer = containers.slice(0, -1)
  for (const phrase of phrasesFrom(next)) {
    const parts = listed(phrase.kind.parts)
    if (!own.every((word) => parts.includes(word)) || indexOf(next, phrase.words) < 0) continue
    const at = indexOf(next, phrase.words)
    const around = { containers: outer, next: outer.at(-1) ?? [], spelt: next }
    const found =
      phrase.strength === 'strong' ? strong(next, at, phrase, around) : weak(next, at, phrase, around)
    if (found?.certain) return found
  }
  return undefined
}

/** `customer_id`, `numero_cliente`, `customer.id`. */
function byId(own: Words, { next }: Around, referred: boolean): Suspicion | undefined {
  const isId = (word: string) => IDS.has(word)
  if (own.every((word) => isId(word) || WITHIN_IDS.has(word)) && own.some(isId)) {
    const last = next.at(-1)
    const ofReferred = own.includes('reference') && REFERRED.has(last ?? '')
    return isPerson(last) || ofReferred ? suspect(IDENTIFIER) : undefined
  }
  for (const [i, word] of own.entries()) {
    if (!isId(word)) continue
    let before = i - 1
    while (before >= 0 && WITHIN_IDS.has(own[before]!)) before--
    // The account of a merchant is no person's.
    const ofThing = VAGUE_PEOPLE.has(own[before] ?? '') && THINGS.has(own[before - 1] ?? '')
    if (isPerson(own[before]) && !ofThing && !isTakenBack(own, before, i + 1)) return suspect(IDENTIFIER)
    const behind = own.slice(i + 1).find((other) => !/^(?:de|del|di|do|da|du|of|la|le|el)$/.test(other))
    const isCount = COUNTS.has(word) && /s$/.test(behind ?? '')
    if (isPerson(behind) && !isCount && !isTakenBack(own, i, own.length)) return suspect(IDENTIFIER)
  }
  return referred && REFERRED.has(own.at(-1)!) ? suspect(PART) : undefined
}

/** `uid`, `external_uid`, `auth.uid`; not sure below anything else: `metadata.uid`. */
function byOwnId(own: Words, { next }: Around): Suspicion | undefined {
  const at = own.findIndex((word) => OWN_IDS.has(word))
  const fits = (word: string) => IDS.has(word) || WITHIN_IDS.has(word) || AROUND.has(word) || ACTING.has(word)
  if (at < 0 || !own.every(fits)) return undefined
  return suspect(IDENTIFIER, next.length === 0 || next.every((word) => ACTING.has(word) || isPerson(word)))
}

/** `assignee`, `contact_owner`, `created_by`. */
function byPeople(own: Words, { next, spelt }: Around, referred: boolean): Suspicion | undefined {
  const by = own.findIndex((word, i) => BY.has(word) && (i > 0 || next.length > 0))
  if (by >= 0) {
    const verb = by > 0 ? own[by - 1]! : next.at(-1)!
    const behind = own.slice(by + 1)
    const whole = behind.every((word) => IDS.has(word) || word === 'name' || word === 'display')
    if (whole && !NOT_BY.has(verb) && !isTakenBack(own, Math.max(by - 1, 0), own.length))
      return suspect(behind.some((word) => IDS.has(word)) ? IDENTIFIER : PART)
  }
  let best: { phrase: Words; at: number; end: number } | undefined
  for (const phrase of peopleFrom(own)) {
    const at = indexOf(own, phrase)
    const end = at + phrase.length
    // The word that the others speak of stands last: the owner, of `contact_owner`.
    if (at >= 0 && (best === undefined || end > best.end || (end === best.end && at < best.at)))
      best = { phrase, at, end }
  }
  if (best === undefined) return undefined
  const { at, end } = best
  const fits = (word: string) => AROUND.has(word) || isPerson(word)
  if (!own.slice(end).every(fits) || isTakenBack(own, at, end)) return undefined
  const head = best.phrase.join(' ')
  const alone = own.length === best.phrase.length && next.length === 0 && !referred
  // `emp`, `cust` beside no word for an identifier or a value: most likely, and not for certain.
  if (spelt[at] !== own[at]) return suspect(SUBJECTS.has(head) ? SUBJECT : PART, false)
  const certain = own.slice(0, at).every(fits)
    ? !(alone && VAGUE_PEOPLE.has(head))
    : !OFTEN_PROGRAMS.has(head)
  return suspect(SUBJECTS.has(head) ? SUBJECT : PART, certain)
}
