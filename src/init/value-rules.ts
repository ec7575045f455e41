/** Rules of `lethe init` that weigh what values look like against the words of a name. */
import { knownWords } from '../identify/known-words.ts'
import { isClosedSet } from './closed-sets.ts'
import type { ValueForm } from './detect.ts'
import type { Facts } from './facts.ts'
import { direct, MOST, quasi, type Rule, undecided } from './proposal.ts'

export const birth: Rule = (facts, { hasTime, year }) => {
  if (!facts.speaksOf('user.demographic.date_of_birth')) return undefined
  const more = { category: 'user.demographic.date_of_birth', role: quasi } as const
  if (facts.share('date', 'rfc3339', 'date-time') >= MOST && hasTime)
    return { use: 'generalize.age', ...more, note: 'bands of ten years at the time of the event, 90+ as one' }
  if (facts.share('date', 'rfc3339', 'integer') >= MOST && facts.profile.longest >= 4)
    return facts.share('integer') >= MOST && facts.profile.longest > 4
      ? undecided('a birth date in a notation that no transform reads', more)
      : { use: 'generalize.birth-year', options: { asOfYear: year + 1 }, ...more, note: 'the oldest are one' }
  return undecided(
    'a birth date by its name, in a notation that no transform reads; write it as 1985-03-12 before',
    more,
  )
}

export const when: Rule = (facts) => {
  if (facts.suspicion?.certain) return undefined
  const named = /_(?:time|timestamp|ts|date|day|at|on|created|updated|occurred|datetime|since|until)_/.test(
    facts.own,
  )
  const to = 'hour'
  const time = 'a moment; where hours single out, use day'
  if (facts.share('rfc3339') >= MOST) return { use: 'generalize.date', options: { to }, note: time }
  if (facts.share('date-time') >= MOST)
    return {
      use: 'generalize.date',
      options: { to, format: 'date-time', zone: 'UTC' },
      note: `${time}; is UTC its clock?`,
    }
  if (facts.share('date') >= MOST) return { use: 'generalize.date', options: { to: 'month' }, note: 'a date' }
  for (const format of ['epoch-seconds', 'epoch-milliseconds'] as const) {
    if (facts.share(format) >= MOST && named && !facts.isId)
      return { use: 'generalize.date', options: { to, format }, note: time }
  }
  const { matches } = facts.profile
  const strange = (matches.get('other-date') ?? 0) >= MOST * facts.profile.values && facts.profile.values > 0
  if (strange && (named || facts.share('integer') < MOST))
    return undecided(
      'a date in a notation that no transform reads; write it as 2024-07-15 or 2024-07-15T13:45:00 before',
    )
  return undefined
}

export const age: Rule = (facts) =>
  facts.speaksOf('user.demographic.age_range') && facts.share('integer') >= MOST && facts.profile.longest <= 3
    ? {
        use: 'generalize.number',
        options: { width: 10, top: 90 },
        category: 'user.demographic.age_range',
        role: quasi,
      }
    : undefined

export const phone: Rule = (facts) => {
  const word = facts.speaksOf('user.contact.phone_number', 'user.contact.fax_number')
  const strong = facts.share('phone') >= MOST
  if (!strong && !(word && facts.share('phone', 'integer') > 0)) return undefined
  return {
    use: 'mask.characters',
    options: { keepLast: 4 },
    category: 'user.contact.phone_number',
    role: direct,
    note: 'to join by it, use hash.hmac with normalize: phone',
  }
}

const LATITUDES = new Set([
  'lat',
  'latitude',
  'breitengrad',
  'latitud',
  'latitudine',
  'широта',
  '緯度',
  '纬度',
])
const LONGITUDES = new Set([
  ...['lon', 'lng', 'long', 'longitude', 'langengrad', 'longitud', 'longitudine', 'долгота', '経度', '经度'],
])

export const position: Rule = (facts) => {
  if (!facts.speaksOf('user.location.precise')) return undefined
  const words = knownWords(facts.own)
  const axis = words.some((word) => LATITUDES.has(word))
    ? 'latitude'
    : words.some((word) => LONGITUDES.has(word))
      ? 'longitude'
      : undefined
  const numeric = Math.max(facts.share('decimal'), facts.share('integer')) > 0.5
  return axis !== undefined && numeric
    ? {
        use: 'generalize.geo',
        options: { axis },
        category: 'user.location.precise',
        role: quasi,
        note: 'a grid of a tenth of a degree, 11 km',
      }
    : undecided('a precise place by its name', { category: 'user.location.precise', role: direct })
}

export const postcode: Rule = (facts) => {
  if (!facts.speaksOf('user.contact.address.postal_code')) return undefined
  const more = { category: 'user.contact.address.postal_code', role: quasi } as const
  return facts.profile.shortest > 3
    ? {
        use: 'generalize.prefix',
        options: { keep: 3 },
        ...more,
        note: 'for US ZIP codes generalize.zip3 is safer',
      }
    : undecided('some values are too short to keep three characters of them', more)
}

/** A name that ends in a word for an identifier, or values that are UUIDs, and no person named: a token all the same. */
export const identifier: Rule = (facts) => {
  const uuid = facts.share('uuid') >= MOST
  if (!facts.isId && !uuid) return undefined
  if (
    !uuid &&
    facts.share('integer') >= MOST &&
    /_(?:no|nr|num|number)_$/.test(facts.own) &&
    facts.isCategory
  )
    return undefined
  return { use: 'hash.hmac', options: { domain: facts.entity }, note: 'an identifier by its name or form' }
}

const PERSONAL: readonly ValueForm[] = [
  ...(['email', 'iban', 'card', 'ip', 'mac', 'phone', 'uuid', 'url'] as const),
  ...(['national-id', 'secret', 'holding'] as const),
]

/** Some values look personal and the others do not: only a person can say what this is. */
export const mixed: Rule = (facts) => {
  const some = PERSONAL.filter((detector) => {
    // One whole number in ten passes Luhn by chance, and some national id's check digits.
    const chance = detector === 'card' || detector === 'national-id' ? 0.2 : 0
    return facts.share(detector) > chance
  })
  return some.length > 0 ? undecided('only some values look personal') : undefined
}

export const prose: Rule = (facts) => {
  const word = facts.speaksOf('user.content.private') || /_(?:text|reason|review)_/.test(facts.own)
  return facts.share('prose') >= 0.3 || (word && !facts.isCategory)
    ? { use: 'drop', category: 'user.content.private', role: direct, note: 'free text can hold anything' }
    : undefined
}

/** Whether a field may be kept at all: its name speaks of nothing personal, and no value is one person's. */
const isImpersonal = ({ suspicion, profile }: Facts): boolean =>
  suspicion === undefined && !profile.isPerSubject

export const truth: Rule = (facts) =>
  facts.share('boolean') >= MOST && facts.suspicion === undefined ? { use: 'keep', role: 'other' } : undefined

export const measure: Rule = (facts) => {
  const word =
    /_(?:amount|price|total|subtotal|quantity|qty|count|score|duration|size|rating|tax|discount|weight|width|height|length|percent|percentage|rate|cost|fee|points|stars|visits|clicks|views|ms|seconds|bytes|version|units)_/
  return word.test(facts.own) &&
    isImpersonal(facts) &&
    Math.max(facts.share('integer'), facts.share('decimal')) >= 0.5 &&
    facts.profile.values >= 50
    ? { use: 'keep', role: 'other', note: 'a measure; where exact ones single out, use generalize.number' }
    : undefined
}

/**
 * Nothing but numbers and words as programs write them: what looks like a name, a street or a plate is not kept; and
 * where no data subject is known, no text but a closed set.
 */
export const category: Rule = (facts) =>
  facts.isCategory &&
  isImpersonal(facts) &&
  !(facts.isUncountedText && !isClosedSet(facts.name, facts.profile)) &&
  facts.share('street', 'plate') === 0 &&
  (facts.profile.matches.get('word') ?? 0) + (facts.profile.matches.get('integer') ?? 0) ===
    facts.profile.values &&
  facts.profile.longest <= 40
    ? {
        use: 'keep',
        role: 'other',
        note:
          facts.profile.subjects > 0
            ? `every value is met with ${facts.profile.fewest} data subjects or more`
            : `a closed set by its name; every value occurs ${facts.profile.fewest} times or more, and no data subject is known`,
      }
    : undefined
