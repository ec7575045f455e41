/** Rules of `lethe init` that weigh what values look like against the words of a name. */
import type { Detector } from './detect.ts'
import type { Facts } from './facts.ts'
import { direct, MOST, quasi, type Rule, undecided } from './proposal.ts'

const PERSON =
  /_(?:customer|cust|user|usr|member|patient|client|person|people|subscriber|employee|player|guest|owner|contact|account|acct|buyer|seller|driver|passenger|student)_/
const isId = (facts: Facts) =>
  /_(?:id|ids|uid|uuid|guid|key|no|nr|num|number|ref|reference|identifier)_$/.test(facts.own)

export const birth: Rule = (facts, { hasTime, year }) => {
  if (
    !/_(?:birth|dob|birthday|birthdate|born|geburtsdatum|geburtstag|naissance|nacimiento|yob)_/.test(
      facts.own,
    )
  )
    return undefined
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
    if (facts.share(format) >= MOST && named && !isId(facts))
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
  /_(?:age|alter)_/.test(facts.own) && facts.share('integer') >= MOST && facts.profile.longest <= 3
    ? {
        use: 'generalize.number',
        options: { width: 10, top: 90 },
        category: 'user.demographic.age_range',
        role: quasi,
      }
    : undefined

export const phone: Rule = (facts) => {
  const word =
    /_(?:phone|tel|telephone|mobile|cell|cellphone|msisdn|fax|telefon|handy|telefono|whatsapp)_/.test(
      facts.own,
    )
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

export const position: Rule = (facts) => {
  const axis = /_(?:lat|latitude)_/.test(facts.own)
    ? 'latitude'
    : /_(?:lon|lng|long|longitude)_/.test(facts.own)
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
    : undefined
}

export const postcode: Rule = (facts) => {
  if (!/_(?:zip|zipcode|postcode|postal|plz|cep|pincode|postleitzahl|cap|eircode)_/.test(facts.own))
    return undefined
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

export const personName: Rule = (facts) => {
  const certain =
    /_(?:first|last|full|given|family|middle|maiden|display|legal)_name_|_(?:firstname|lastname|fullname|surname|forename|givenname|familyname|vorname|nachname|prenom|apellido|apellidos|nombre|initials)_/
  const plain = /_name_$/.test(facts.own) && (PERSON.test(facts.all) || facts.own === '_name_')
  if (!certain.test(facts.own) && !(plain && facts.share('name-like') >= 0.5)) return undefined
  return {
    use: 'drop',
    category: 'user.name',
    role: direct,
    note: 'a name of a person; fake.person puts a made-up one',
  }
}

export const identifier: Rule = (facts) => {
  const uuid = facts.share('uuid') >= MOST
  if (!isId(facts) && !uuid) return undefined
  const domain = facts.entity
  const device =
    /_(?:device|cookie|session|visitor|anonymous|advertising|idfa|gaid|imei|browser|installation)_/
  if (device.test(facts.all))
    return { use: 'hash.hmac', options: { domain }, category: 'user.device.device_id', role: direct }
  if (PERSON.test(facts.all) || facts.own === '_uid_')
    return { use: 'hash.hmac', options: { domain }, category: 'user.unique_id', role: direct }
  if (
    !uuid &&
    facts.share('integer') >= MOST &&
    /_(?:no|nr|num|number)_$/.test(facts.own) &&
    facts.isCategory
  )
    return undefined
  return { use: 'hash.hmac', options: { domain }, note: 'an identifier by its name or form' }
}

const PERSONAL: readonly Detector[] = ['email', 'iban', 'card', 'ip', 'mac', 'phone', 'uuid', 'url']

/** Some values look personal and the others do not: nobody but a person can say what this is. */
export const mixed: Rule = (facts) => {
  const some = PERSONAL.filter((detector) => {
    // One whole number in ten passes Luhn by chance.
    const chance = detector === 'card' ? 0.2 : 0
    return facts.share(detector) > chance
  })
  return some.length > 0 ? undecided('only some values look personal') : undefined
}

export const prose: Rule = (facts) => {
  const word =
    /_(?:comment|comments|note|notes|message|msg|text|body|description|review|feedback|remark|remarks|memo|bio|transcript|reason)_/
  return facts.share('prose') >= 0.3 || (word.test(facts.own) && !facts.isCategory)
    ? { use: 'drop', category: 'user.content.private', role: direct, note: 'free text can hold anything' }
    : undefined
}

export const measure: Rule = (facts) => {
  const word =
    /_(?:amount|price|total|subtotal|quantity|qty|count|score|duration|size|rating|tax|discount|weight|width|height|length|percent|percentage|rate|cost|fee|points|stars|visits|clicks|views|ms|seconds|bytes|version|units)_/
  return word.test(facts.own) &&
    Math.max(facts.share('integer'), facts.share('decimal')) >= 0.5 &&
    facts.profile.values >= 50
    ? { use: 'keep', role: 'other', note: 'a measure; where exact ones single out, use generalize.number' }
    : undefined
}

export const category: Rule = (facts) =>
  facts.isCategory && facts.profile.longest <= 40
    ? { use: 'keep', role: 'other', note: `every value occurs ${facts.profile.rarest} times or more` }
    : undefined
