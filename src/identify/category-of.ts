/** The personal category that the name of a field suggests, if any. Looks at no value. */
import { byId, byOwnId, byPeople } from './by-people.ts'
import { type Kind, listed } from './kind.ts'
import { knownWords } from './known-words.ts'
import {
  AROUND,
  BY,
  DELIVERED,
  DELIVERED_AS,
  FAINT,
  fullOf,
  GENERIC,
  ID_ONLY,
  KIN,
  NUMBERED,
  OF_A_PERSON,
  type Phrase,
  phrasesFrom,
  THINGS,
  WRAPPERS,
  WRAPPING,
} from './lexicon.ts'
import {
  type Around,
  indexOf,
  isPerson,
  isTakenBack,
  type NameWords,
  type Suspicion,
  suspect,
} from './suspicion.ts'

/** Which text the path leads to: a value, the values of a map, or the names of a map. */
export type Place = 'value' | 'members' | 'names'

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

function read(
  full: readonly NameWords[],
  asSpelt: readonly NameWords[],
  place: Place,
): Suspicion | undefined {
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
  const ofPerson = OF_A_PERSON.has(words.at(-1)?.join(' ') ?? '')
  const around = { containers, next: containers.at(-1) ?? [], spelt, ofPerson }
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
function unwrapped(container: NameWords): NameWords {
  let end = container.length
  while (end > 1 && WRAPPING.has(container[end - 1]!)) end--
  return container.slice(0, end)
}

/** A container of a person: `customer`, `billing_details`. */
function isOfPerson(container: NameWords): boolean {
  if (isPerson(container.at(-1)) || (isPerson(container[0]) && container.length === 1)) return true
  return (
    container.some((word) => DELIVERED.has(word)) &&
    container.every((word) => DELIVERED.has(word) || DELIVERED_AS.has(word))
  )
}

const isThing = (container: NameWords): boolean => THINGS.has(container.at(-1) ?? '')

function byKind(own: NameWords, around: Around): Suspicion | undefined {
  let vague: Suspicion | undefined
  for (const phrase of phrasesFrom(own)) {
    const at = indexOf(own, phrase.words)
    if (at < 0 || listed(phrase.kind.but).some((other) => indexOf(own, other.split(' ')) >= 0)) continue
    const found =
      phrase.strength === 'strong' ? strong(own, at, phrase, around) : weak(own, at, phrase, around)
    if (found?.certain) return found
    vague ??= found
  }
  return vague
}

const ofThing = ({ category }: Kind): boolean =>
  category === 'user.name' || category === 'user.content.private'

function strong(own: NameWords, at: number, phrase: Phrase, around: Around): Suspicion | undefined {
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
const isShort = ({ words }: Phrase, at: number, own: NameWords, spelt: NameWords): boolean =>
  words.length === 1 && spelt[at] !== own[at]

function weak(own: NameWords, at: number, phrase: Phrase, around: Around): Suspicion | undefined {
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
    const ofPerson =
      own.length === 1 && (around.next.length === 0 || around.ofPerson || isOfPerson(around.next))
    return ofPerson || beside ? suspect(kind) : undefined
  }
  const isFaint = isShort(phrase, at, own, around.spelt) && FAINT.has(around.spelt[at]!)
  if (strength !== 'vague' && !isFaint) return suspect(kind)
  return suspect(kind, beside || around.containers.some(isOfPerson))
}

/** A member of something personal: `address.line1`, `device.id`. */
function byPart(own: NameWords, { containers, next }: Around): Suspicion | undefined {
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
    const around = { containers: outer, next: outer.at(-1) ?? [], spelt: next, ofPerson: false }
    const found =
      phrase.strength === 'strong' ? strong(next, at, phrase, around) : weak(next, at, phrase, around)
    if (found?.certain) return found
  }
  return undefined
}
