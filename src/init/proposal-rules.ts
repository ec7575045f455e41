/**
 * The rules by which `lethe init` proposes: the first that applies decides. Each looks at what the dictionary says of a
 * name and at counts of what the values look like. What may be personal is never kept: where evidence is thin the answer
 * is `undecided`, and people decide.
 */
import type { ValueForm } from './detect.ts'
import type { Facts } from './facts.ts'
import { named } from './named.ts'
import { direct, MOST, type Proposal, quasi, type Rule, undecided } from './proposal.ts'
import {
  address,
  age,
  birth,
  category,
  identifier,
  json,
  measure,
  mixed,
  phone,
  position,
  postcode,
  prose,
  truth,
  when,
} from './value-rules.ts'

/** Nearly all values look like it. */
const looks =
  (detector: ValueForm, proposal: Proposal): Rule =>
  (facts) =>
    facts.share(detector) >= MOST ? proposal : undefined

const secret: Rule = (facts) =>
  facts.speaksOf('user.authorization') && facts.suspicion?.certain
    ? { use: 'drop', category: 'user.authorization.credentials', role: direct }
    : undefined

/** One whole number in ten has the check digits of some national id, so that a number needs the name too. */
const nationalId: Rule = (facts) =>
  facts.share('national-id') >= MOST && (facts.share('integer') < 0.5 || facts.speaksOf('user.government_id'))
    ? { use: 'drop', category: 'user.government_id.national_identification_number', role: direct }
    : undefined

/** In order; the first that applies decides. */
export const RULES: readonly Rule[] = [
  secret,
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
  looks('secret', { use: 'drop', category: 'user.authorization.credentials', role: direct }),
  address,
  looks('mac', {
    use: 'hash.hmac',
    options: { domain: 'device', normalize: 'lower' },
    category: 'user.device.device_id',
    role: direct,
  }),
  nationalId,
  birth,
  age,
  position,
  phone,
  when,
  looks('url', { use: 'generalize.url', category: 'user.behavior.browsing_history', role: quasi }),
  postcode,
  named,
  identifier,
  json,
  mixed,
  prose,
  truth,
  measure,
  category,
]

/** For what no rule knows. */
export function unknown(facts: Facts): Proposal {
  const { profile } = facts
  if (profile.values === 0) return undecided('no value in the sample')
  if (profile.values < 50) return undecided('too few values to judge by')
  if (facts.share('opaque') >= MOST) return undecided('looks like an identifier or a secret')
  if (facts.share('name-like') > 0) return undecided('some values look like names')
  if (facts.share('street', 'plate') > 0) return undecided('some values look like streets or number plates')
  if (facts.together('rfc3339', 'moment', 'date-time', 'date') >= 0.5)
    return undecided(
      'most values are dates or times, and some are written otherwise: generalize.date with `formats: [auto, …]`, which lists all forms, and `time:` where retention goes by it',
    )
  const bands = bandsOf(facts)
  if (profile.isPerSubject)
    return undecided('one value for each data subject, and another one for each: it points to them')
  if (profile.distinct * 2 > profile.values)
    return undecided(`most values differ from one another: they may single people out${bands}`)
  if (facts.isUncountedText)
    return undecided(
      'no data subject was found to count by, so these may be values of single people; keep them only where they are a closed set of codes',
    )
  return undecided(`nothing says what this is${bands}`)
}

/** Of numbers, what makes bands of them. */
function bandsOf(facts: Facts): string {
  const numbers = facts.together('integer', 'decimal', 'grouped-comma', 'grouped-point')
  if (numbers < MOST) return ''
  const notation =
    facts.share('grouped-comma', 'decimal-comma') > 0
      ? ', with `decimal: ","` and `grouping: "."`,'
      : facts.share('grouped-point') > 0
        ? ', with `grouping: ","`,'
        : ''
  return `; generalize.number${notation} makes bands of them`
}
