/** What `lethe init` proposes where the dictionary knows a name and the values have not decided yet. */
import type { Facts } from './facts.ts'
import { direct, MOST, type Proposal, quasi, type Rule, undecided } from './proposal.ts'

const QUASI =
  'a quasi-identifier: generalize.category with an allow-list, or drop, or keep with a written reason'
const AGES =
  'ages, and values that are none: generalize.number with `width: 10, top: 90` makes bands, and `else: null` takes the rest'
const SENSITIVE = 'a sensitive attribute: drop it, generalize it, or keep it with a written reason'

type Answer = Proposal | ((facts: Facts) => Proposal)

const mine = (facts: Facts) => ({ category: facts.suspicion!.category, role: facts.suspicion!.role })

const dropped =
  (note?: string) =>
  (facts: Facts): Proposal => ({ use: 'drop', ...mine(facts), ...(note === undefined ? {} : { note }) })

/** A person, by what their values are: identifiers become tokens; what may be names is for people to decide. */
function person(facts: Facts): Proposal {
  const likeIds = facts.share('uuid', 'integer', 'opaque') >= MOST
  if (facts.suspicion!.of === 'identifier' || likeIds)
    return { use: 'hash.hmac', options: { domain: facts.entity }, category: 'user.unique_id', role: direct }
  return undecided('people by its name: drop it, or hash.hmac, which puts one token for each', mine(facts))
}

/** By category, or one above it; the longest that fits. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  'user.government_id': dropped(),
  'user.financial.bank_account': dropped(),
  'user.financial.credit_card': dropped(),
  'user.financial': (facts) => undecided(`${SENSITIVE}; generalize.number makes bands`, mine(facts)),
  'user.authorization.biometric': dropped(),
  'user.contact.email': (facts) =>
    undecided('an email address by its name; not all values look like one', mine(facts)),
  'user.contact.address.street': dropped('a postal address by its name'),
  'user.contact.address.city': undecided(QUASI, { category: 'user.contact.address.city', role: quasi }),
  'user.contact.address.country': undecided(QUASI, { category: 'user.contact.address.country', role: quasi }),
  'user.contact.address.state': undecided(`${QUASI}; or is it no place?`, { role: quasi }),
  'user.contact.organization': undecided(QUASI, { category: 'user.contact.organization', role: quasi }),
  'user.contact.url': dropped(),
  'user.content.self_image': dropped(),
  'user.device': dropped(),
  'user.device.device_id': (facts) => ({
    use: 'hash.hmac',
    options: { domain: facts.entity },
    ...mine(facts),
  }),
  'user.device.ip_address': (facts) =>
    undecided('an IP address by its name; not all values are one', mine(facts)),
  'user.demographic.age_range': (facts) =>
    undecided(facts.share('integer') >= MOST ? AGES : QUASI, mine(facts)),
  'user.demographic': (facts) =>
    undecided(facts.suspicion!.role === 'sensitive' ? SENSITIVE : QUASI, mine(facts)),
  'user.job_title': undecided(QUASI, { category: 'user.job_title', role: quasi }),
  'user.health_and_medical': (facts) => undecided(SENSITIVE, mine(facts)),
  'user.health_and_medical.record_id': person,
  'user.criminal_history': (facts) => undecided(SENSITIVE, mine(facts)),
  'user.account.username': (facts) => ({
    use: 'hash.hmac',
    options: { domain: 'username' },
    ...mine(facts),
  }),
  'user.name': (facts) =>
    facts.suspicion!.of === 'person'
      ? person(facts)
      : { use: 'drop', ...mine(facts), note: 'a name of a person; fake.person puts a made-up one' },
  'user.unique_id': person,
}

function answerFor(category: string): Answer | undefined {
  for (let key = category; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf('.'))))
    if (Object.hasOwn(ANSWERS, key)) return ANSWERS[key]
  return undefined
}

/** Free text, and what other rules have words for of their own, is not answered here. */
export const named: Rule = (facts) => {
  if (facts.suspicion === undefined) return undefined
  const answer = answerFor(facts.suspicion.category)
  return typeof answer === 'function' ? answer(facts) : answer
}
