/**
 * The rules by which `lethe init` proposes: the first that applies decides. Each looks at the words of a name and
 * at counts of what the values look like. Where evidence is thin the answer is `undecided`, and people decide.
 */
import type { Detector } from './detect.ts'
import type { Facts } from './facts.ts'
import { direct, MOST, type Proposal, quasi, type Rule, undecided } from './proposal.ts'
import {
  age,
  birth,
  category,
  identifier,
  measure,
  mixed,
  personName,
  phone,
  position,
  postcode,
  prose,
  when,
} from './shapes.ts'

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
