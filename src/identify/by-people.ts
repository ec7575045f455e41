/** Names that speak of people themselves: by an identifier, by what they do here. */
import {
  ACTING,
  AROUND,
  BY,
  COUNTS,
  IDS,
  NOT_BY,
  OFTEN_PROGRAMS,
  OWN_IDS,
  peopleFrom,
  REFERRED,
  SUBJECTS,
  THINGS,
  VAGUE_PEOPLE,
  WITHIN_IDS,
} from './lexicon.ts'
import {
  type Around,
  IDENTIFIER,
  indexOf,
  isPerson,
  isTakenBack,
  type NameWords,
  PART,
  SUBJECT,
  type Suspicion,
  suspect,
} from './suspicion.ts'

/** `customer_id`, `numero_cliente`, `customer.id`. */
export function byId(own: NameWords, { next }: Around, referred: boolean): Suspicion | undefined {
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
    // The account of a merchant is not a person's.
    const ofThing = VAGUE_PEOPLE.has(own[before] ?? '') && THINGS.has(own[before - 1] ?? '')
    if (isPerson(own[before]) && !ofThing && !isTakenBack(own, before, i + 1)) return suspect(IDENTIFIER)
    const behind = own.slice(i + 1).find((other) => !/^(?:de|del|di|do|da|du|of|la|le|el)$/.test(other))
    const isCount = COUNTS.has(word) && /s$/.test(behind ?? '')
    if (isPerson(behind) && !isCount && !isTakenBack(own, i, own.length)) return suspect(IDENTIFIER)
  }
  return referred && REFERRED.has(own.at(-1)!) ? suspect(PART) : undefined
}

/** `uid`, `external_uid`, `auth.uid`; not sure below anything else: `metadata.uid`. */
export function byOwnId(own: NameWords, { next }: Around): Suspicion | undefined {
  const at = own.findIndex((word) => OWN_IDS.has(word))
  const fits = (word: string) => IDS.has(word) || WITHIN_IDS.has(word) || AROUND.has(word) || ACTING.has(word)
  if (at < 0 || !own.every(fits)) return undefined
  return suspect(IDENTIFIER, next.length === 0 || next.every((word) => ACTING.has(word) || isPerson(word)))
}

/** `assignee`, `contact_owner`, `created_by`. */
export function byPeople(own: NameWords, { next, spelt }: Around, referred: boolean): Suspicion | undefined {
  const by = own.findIndex((word, i) => BY.has(word) && (i > 0 || next.length > 0))
  if (by >= 0) {
    const verb = by > 0 ? own[by - 1]! : next.at(-1)!
    const behind = own.slice(by + 1)
    const whole = behind.every((word) => IDS.has(word) || word === 'name' || word === 'display')
    if (whole && !NOT_BY.has(verb) && !isTakenBack(own, Math.max(by - 1, 0), own.length))
      return suspect(behind.some((word) => IDS.has(word)) ? IDENTIFIER : PART)
  }
  let best: { phrase: NameWords; at: number; end: number } | undefined
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
