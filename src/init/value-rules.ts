/** Rules of `lethe init` that weigh what values look like against the words of a name. */
import { knownWords } from '../identify/known-words.ts'
import { isClosedSet } from './closed-sets.ts'
import { EPOCH_TIMES, type ValueForm } from './detect.ts'
import type { Facts } from './facts.ts'
import { direct, MOST, type Proposal, quasi, type Rule, undecided } from './proposal.ts'

/** Whether day or month stands first, the values do not say. */
const eitherFirst = ([first, second]: readonly [string, string], more: Omit<Proposal, 'use' | 'note'> = {}) =>
  undecided(
    `a date; its values fit ${first} and ${second} alike: write the one that is right as \`format:\``,
    more,
  )

const BIRTH = { category: 'user.demographic.date_of_birth', role: quasi } as const

export const birth: Rule = (facts, { hasTime, year }) => {
  if (!facts.speaksOf('user.demographic.date_of_birth')) return undefined
  const inYear = (options: Readonly<Record<string, string>>): Proposal => ({
    use: 'generalize.birth-year',
    options: { asOfYear: year + 1, ...options },
    ...BIRTH,
    note: 'the oldest are one',
  })
  const rule = (options: Readonly<Record<string, string>>): Proposal =>
    hasTime
      ? {
          use: 'generalize.age',
          ...(Object.keys(options).length === 0 ? {} : { options }),
          ...BIRTH,
          note: 'bands of ten years at the time of the event, 90+ as one',
        }
      : inYear(options)
  const { profile } = facts
  if (facts.share('year') >= MOST || facts.together('date', 'rfc3339', 'moment', 'year') >= MOST)
    return facts.share('year') > 0 ? inYear({}) : rule({})
  if (facts.share('date-time') >= MOST) return rule({ format: 'date-time' })
  const notation = profile.notations.of(MOST * profile.values)
  if (notation?.kind === 'one') return rule({ format: notation.format })
  if (notation?.kind === 'either') return eitherFirst(notation.formats, BIRTH)
  // Beside four digits, which may be years, there have to be others.
  if (facts.share('days-of-life') >= MOST && facts.share('year') < 0.5 && profile.longest >= 4)
    return rule({ format: 'epoch-days', notBefore: '1900-01-01' })
  return undecided(
    'a birth date by its name; `format:` of generalize.age takes a pattern such as dd.MM.yyyy, or epoch numbers with notBefore: 1900-01-01',
    BIRTH,
  )
}

export const when: Rule = (facts) => {
  if (facts.suspicion?.certain) return undefined
  const named = /_(?:time|timestamp|ts|date|day|at|on|created|updated|occurred|datetime|since|until)_/.test(
    facts.own,
  )
  const to = 'hour'
  const time = 'a moment; where hours single out, use day'
  const local = `${time}; is UTC its clock?`
  const { notations, values } = facts.profile
  if (facts.together('rfc3339', 'moment') >= MOST)
    return { use: 'generalize.date', options: { to }, note: time }
  if (facts.share('date-time') >= MOST)
    return { use: 'generalize.date', options: { to, format: 'date-time', zone: 'UTC' }, note: local }
  if (facts.share('date') >= MOST) return { use: 'generalize.date', options: { to: 'month' }, note: 'a date' }
  for (const format of EPOCH_TIMES) {
    if (facts.share(format) >= MOST && named && !facts.isId)
      return { use: 'generalize.date', options: { to, format }, note: time }
  }
  if (facts.share('epoch-days') >= MOST && saysDay(facts.own) && !facts.isId)
    return { use: 'generalize.date', options: { to: 'month', format: 'epoch-days' }, note: 'a date' }
  // Digits alone need the name too.
  if (!named && facts.share('integer') >= MOST) return undefined
  const notation = notations.of(MOST * values)
  if (notation?.kind === 'either') return eitherFirst(notation.formats)
  if (notation?.kind === 'one') {
    const { format, timed, needsZone } = notation
    if (!timed) return { use: 'generalize.date', options: { to: 'month', format }, note: 'a date' }
    const options = needsZone ? { to, format, zone: 'UTC' } : { to, format }
    return { use: 'generalize.date', options, note: needsZone ? local : time }
  }
  return facts.share('other-date') >= MOST
    ? undecided(
        'a date; `format:` of generalize.date takes a pattern, of years with four digits, or `formats:` several',
      )
    : undefined
}

/** Whether a name speaks of a day: many whole numbers lie where days since 1970 do. */
export const saysDay = (own: string): boolean => /_(?:date|day|on|since|until)_/.test(own)

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
  ...(['email', 'iban', 'card', 'ip', 'ip-endpoint', 'ip-list', 'mac', 'phone', 'uuid', 'url'] as const),
  ...(['national-id', 'secret', 'holding'] as const),
]

/** Plain addresses, or with what servers and proxies write around and beside them. */
export const address: Rule = (facts) => {
  if (facts.together('ip', 'ip-endpoint', 'ip-list') < MOST) return undefined
  const more = { category: 'user.device.ip_address', role: quasi } as const
  if (facts.share('ip-list') > 0)
    return {
      use: 'generalize.ip',
      options: { list: 'first' },
      ...more,
      note: 'of a list the first address, which a client may make up; `list: last` is what the nearest proxy saw',
    }
  const options = facts.share('ip-endpoint') > 0 ? { options: { endpoint: 'allow' } } : {}
  return { use: 'generalize.ip', ...options, ...more }
}

/** Cut-off JSON beside whole: with `read:` the records of the former are dead letters. */
export const json: Rule = (facts) =>
  facts.share('json') >= 0.5
    ? undecided(
        'most values hold JSON; with `read:` at the top fields name what is in it, and records of the other values become dead letters',
      )
    : undefined

/** Some values look personal and the others do not: only a person can say what this is. */
export const mixed: Rule = (facts) => {
  const some = PERSONAL.filter((detector) => {
    // One whole number in ten passes Luhn by chance, and some national id's check digits.
    const chance = detector === 'card' || detector === 'national-id' ? 0.2 : 0
    return facts.share(detector) > chance
  })
  if (some.length === 0) return undefined
  return undecided(
    facts.share('holding') >= MOST
      ? 'values hold an address, number or key of a person within a longer text: drop it, or hide that with mask.pattern'
      : 'only some values look personal',
  )
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
