/**
 * The rules by which `lethe init` proposes: the first that applies decides. Each looks at the words of a name and
 * at counts of what the values look like. Where evidence is thin the answer is `undecided`, and people decide.
 */
import type { Role } from '../../policy/plan.ts'
import type { Detector } from './detect.ts'
import type { Facts } from './facts.ts'

export interface Proposal {
  readonly use: string
  readonly options?: Readonly<Record<string, string | number>>
  readonly category?: string
  readonly role?: Role
  /** Why, and what else could be done; for the comment above the field. */
  readonly note?: string
}

/** What the draft as a whole has decided, for rules that depend on it. */
export interface Setting {
  readonly hasTime: boolean
  /** The calendar year of today. */
  readonly year: number
}

type Rule = (facts: Facts, setting: Setting) => Proposal | undefined

const MOST = 0.9
const direct = 'direct-identifier'
const quasi = 'quasi-identifier'

const PERSON =
  /_(?:customer|cust|user|usr|member|patient|client|person|people|subscriber|employee|player|guest|owner|contact|account|acct|buyer|seller|driver|passenger|student)_/
const isId = (facts: Facts) =>
  /_(?:id|ids|uid|uuid|guid|key|no|nr|num|number|ref|reference|identifier)_$/.test(facts.own)

const undecided = (note: string, more: Omit<Proposal, 'use' | 'note'> = {}): Proposal => ({
  use: 'undecided',
  ...more,
  note,
})

/** The field's name says it: `words` is matched on the name, its words joined by underscores. */
const named =
  (words: RegExp, proposal: Proposal): Rule =>
  (facts) =>
    words.test(facts.own) ? proposal : undefined

/** Nearly all values look like it. */
const looks =
  (detector: Detector, proposal: Proposal): Rule =>
  (facts) =>
    facts.share(detector) >= MOST ? proposal : undefined

const birth: Rule = (facts, { hasTime, year }) => {
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
  return undecided('a birth date by its name, in a notation that no transform reads', more)
}

const when: Rule = (facts) => {
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
    return undecided('a date in a notation that no transform reads; write it as YYYY-MM-DD before')
  return undefined
}

const age: Rule = (facts) =>
  /_(?:age|alter)_/.test(facts.own) && facts.share('integer') >= MOST && facts.profile.longest <= 3
    ? {
        use: 'generalize.number',
        options: { width: 10, top: 90 },
        category: 'user.demographic.age_range',
        role: quasi,
      }
    : undefined

const phone: Rule = (facts) => {
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

const position: Rule = (facts) => {
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

const postcode: Rule = (facts) => {
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

const personName: Rule = (facts) => {
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

const identifier: Rule = (facts) => {
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
const mixed: Rule = (facts) => {
  const some = PERSONAL.filter((detector) => {
    // One whole number in ten passes Luhn by chance.
    const chance = detector === 'card' ? 0.2 : 0
    return facts.share(detector) > chance
  })
  return some.length > 0 ? undecided('only some values look personal') : undefined
}

const prose: Rule = (facts) => {
  const word =
    /_(?:comment|comments|note|notes|message|msg|text|body|description|review|feedback|remark|remarks|memo|bio|transcript|reason)_/
  return facts.share('prose') >= 0.3 || (word.test(facts.own) && !facts.isCategory)
    ? { use: 'drop', category: 'user.content.private', role: direct, note: 'free text can hold anything' }
    : undefined
}

const measure: Rule = (facts) => {
  const word =
    /_(?:amount|price|total|subtotal|quantity|qty|count|score|duration|size|rating|tax|discount|weight|width|height|length|percent|percentage|rate|cost|fee|points|stars|visits|clicks|views|ms|seconds|bytes|version|units)_/
  return word.test(facts.own) &&
    Math.max(facts.share('integer'), facts.share('decimal')) >= 0.5 &&
    facts.profile.values >= 50
    ? { use: 'keep', role: 'other', note: 'a measure; where exact ones single out, use generalize.number' }
    : undefined
}

const category: Rule = (facts) =>
  facts.isCategory && facts.profile.longest <= 40
    ? { use: 'keep', role: 'other', note: `every value occurs ${facts.profile.rarest} times or more` }
    : undefined

const QUASI_NOTE =
  'a quasi-identifier: generalize.category with an allow-list, or drop, or keep with a written reason'
const SENSITIVE_NOTE = 'a sensitive attribute: drop it, generalize it, or keep it with a written reason'

/** In order; the first that applies decides. */
export const RULES: readonly Rule[] = [
  named(
    /_(?:password|passwd|pwd|passphrase|pin|cvv|cvc|otp)_|_(?:api|access|private|secret)_key_|_(?:secret|token|credential|credentials)_$/,
    {
      use: 'drop',
      category: 'user.authorization.credentials',
      role: direct,
    },
  ),
  named(
    /_(?:ssn|passport|nin|tin|nino|bsn|cpf|curp|aadhaar)_|_(?:social_security|national_id|tax_id|driver_license|drivers_license|driving_licence|license_plate)_/,
    {
      use: 'drop',
      category: 'user.government_id',
      role: direct,
    },
  ),
  looks('email', {
    use: 'hash.hmac',
    options: { domain: 'email', normalize: 'email' },
    category: 'user.contact.email',
    role: direct,
  }),
  looks('card', { use: 'mask.card', category: 'user.financial.credit_card', role: direct }),
  looks('iban', {
    use: 'mask.characters',
    options: { keepLast: 4 },
    category: 'user.financial.bank_account',
    role: direct,
  }),
  looks('ip', { use: 'generalize.ip', category: 'user.device.ip_address', role: quasi }),
  looks('mac', {
    use: 'hash.hmac',
    options: { domain: 'device', normalize: 'lower' },
    category: 'user.device.device_id',
    role: direct,
  }),
  birth,
  age,
  position,
  phone,
  when,
  looks('url', { use: 'generalize.url', category: 'user.behavior.browsing_history', role: quasi }),
  named(/_(?:user_agent|useragent|ua|fingerprint)_/, { use: 'drop', category: 'user.device', role: direct }),
  postcode,
  named(/_(?:street|strasse|straße|calle|rue|road|house_number|address|addr|address_line|adresse)_/, {
    use: 'drop',
    category: 'user.contact.address.street',
    role: direct,
    note: 'a postal address by its name',
  }),
  personName,
  named(/_(?:username|login|nickname|handle|screen_name|user_name)_/, {
    use: 'hash.hmac',
    options: { domain: 'username' },
    category: 'user.account.username',
    role: direct,
  }),
  named(
    /_(?:country|nationality|citizenship|land)_/,
    undecided(QUASI_NOTE, { category: 'user.contact.address.country', role: quasi }),
  ),
  named(
    /_(?:city|town|municipality|ort|stadt|ville|ciudad)_/,
    undecided(QUASI_NOTE, { category: 'user.contact.address.city', role: quasi }),
  ),
  named(
    /_(?:state|province|region|county|district|bundesland)_/,
    undecided(`${QUASI_NOTE}; or is it no place?`, { role: quasi }),
  ),
  named(
    /_(?:gender|sex|geschlecht)_/,
    undecided(QUASI_NOTE, { category: 'user.demographic.gender', role: quasi }),
  ),
  named(
    /_(?:marital|marriage)_/,
    undecided(QUASI_NOTE, { category: 'user.demographic.marital_status', role: quasi }),
  ),
  named(
    /_(?:language|locale|lang)_/,
    undecided(QUASI_NOTE, { category: 'user.demographic.language', role: quasi }),
  ),
  named(
    /_(?:occupation|job|profession|job_title|title|education|employer|company)_/,
    undecided(QUASI_NOTE, { category: 'user.job_title', role: quasi }),
  ),
  named(
    /_(?:race|ethnicity|ethnic)_/,
    undecided(SENSITIVE_NOTE, { category: 'user.demographic.race_ethnicity', role: 'sensitive' }),
  ),
  named(
    /_(?:religion|religious|church)_/,
    undecided(SENSITIVE_NOTE, { category: 'user.demographic.religious_belief', role: 'sensitive' }),
  ),
  named(
    /_(?:diagnosis|icd|icd10|disease|medication|drug|allergy|blood|health|disability|pregnant|pregnancy|hiv)_/,
    undecided(SENSITIVE_NOTE, { category: 'user.health_and_medical', role: 'sensitive' }),
  ),
  named(
    /_(?:orientation|sexual)_/,
    undecided(SENSITIVE_NOTE, { category: 'user.demographic.sexual_orientation', role: 'sensitive' }),
  ),
  named(
    /_(?:party|political|union|vote)_/,
    undecided(SENSITIVE_NOTE, { category: 'user.demographic.political_opinion', role: 'sensitive' }),
  ),
  named(
    /_(?:income|salary|wage|wealth|debt|balance|credit_score)_/,
    undecided(`${SENSITIVE_NOTE}; generalize.number makes bands`, {
      category: 'user.financial',
      role: 'sensitive',
    }),
  ),
  identifier,
  mixed,
  prose,
  looks('boolean', { use: 'keep', role: 'other' }),
  measure,
  category,
]

/** For what no rule knows. */
export function unknown(facts: Facts): Proposal {
  const { profile } = facts
  if (profile.values === 0) return undecided('no value in the sample')
  if (profile.values < 50) return undecided('too few values to judge by')
  if (facts.share('opaque') >= MOST) return undecided('looks like an identifier or a secret')
  if (profile.distinct * 2 > profile.values)
    return undecided('most values differ from one another: they may single people out')
  return undecided('nothing says what this is')
}
