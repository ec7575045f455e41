/** Policies to compare: a base, and edits of its text. */
import { stringify } from 'yaml'
import type { Change } from '../../../src/diff/change.ts'
import { comparePolicies } from '../../../src/diff/compare-policies.ts'
import type { Compared } from '../../../src/diff/side.ts'
import { type CompileOptions, compilePolicy } from '../../../src/policy/compile.ts'

export const LISTS: Readonly<Record<string, string>> = {
  'shops.csv': 'S1,north,de,*\nS2,north,de,*\nS3,south,ch,*\n',
  'shops-2.csv': 'S1,north,de,*\nS2,south,ch,*\nS3,south,ch,*\n',
  'copy.csv': 'S1,north,de,*\nS2,north,de,*\nS3,south,ch,*\n',
}

export const BASE = `policy: customer-events
version: 3
purpose: train_ai_system
subject: customer.id
time: { path: occurred_at }
unlisted: reject
suspects: dead-letter
fields:
  customer.id: { use: hash.hmac, domain: customer }
  customer.email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }
  customer.phone: { use: mask.characters, keepLast: 4 }
  customer.birth_date: { use: generalize.date, to: year, format: date, role: quasi-identifier }
  customer.postcode: { use: generalize.prefix, keep: 2, role: quasi-identifier }
  customer.income: { use: generalize.number, width: 10000, role: sensitive }
  customer.country: { use: generalize.category, allow: [DE, FR, US] }
  customer.tax_id:
    - { use: drop, when: { customer.tier: [gold, trial] } }
    - { use: hash.hmac, domain: tax }
  customer.plan: [{ use: hash.hmac, domain: plan, when: { customer.tier: [gold, trial, null] } }]
  customer.tier: keep
  customer.note: { use: mask.pattern, pattern: "[0-9]+", accept: "notes are typed by staff only" }
  customer.shop: { use: generalize.hierarchy, file: shops.csv, delimiter: ",", level: 2 }
  customer.ip: { use: generalize.ip, v4: 16, v6: 32 }
  customer.alias: { use: fake.person, from: customer.login }
  customer.first: { use: fake.person, persona: shopper, locale: en }
  customer.seen: { use: shift.date, maxDays: 60 }
  customer.extra: drop
  amount: { use: noise.number, span: 20, domain: amount, else: drop }
  "items[].sku": keep
  occurred_at: { use: generalize.date, to: month }
  $key: { use: hash.hmac, domain: customer, key: k2 }
retention:
  steps:
    - { after: 180d, fields: { customer.postcode: { use: generalize.prefix, keep: 1 }, customer.phone: drop } }
    - { after: 400d, then: suppress }
  futureTolerance: 5m
input: { delimiter: ";", nulls: ["N/A"] }
columns: { cust_id: customer.id, mail: customer.email }
suppression:
  - { list: erasures, by: customer.id }
  - { list: register, by: customer.email, entries: sha256-hex, normalize: lower }
consent:
  - { from: consent.training, when: { is: [granted, yes] } }
  - { from: "consent.allowed[]", when: { lists: [ads, training] } }
  - { from: consent.gpc, when: { is: false }, default: allow, accept: the signal is rare }
required: [amount]
optional: [customer.note]
`

/** By their texts: most are compared there and back. */
const known = new Map<string, Compared>()

/** Compiles a policy whose lists are `lists`; throws where it has problems. */
export function compiled(
  text: string,
  lists: Readonly<Record<string, string>> = LISTS,
  options: CompileOptions = {},
): Compared {
  if (lists !== LISTS || options.transforms !== undefined) return compile(text, lists, options)
  const compared = known.get(text) ?? compile(text, lists, options)
  known.set(text, compared)
  return compared
}

function compile(text: string, lists: Readonly<Record<string, string>>, options: CompileOptions): Compared {
  const readFile = (name: string): Uint8Array => {
    if (lists[name] === undefined) throw new Error(`no list ${name}`)
    return Buffer.from(lists[name])
  }
  const { plan, policy, problems, sources } = compilePolicy({ file: 'policy.yaml', text, readFile }, options)
  if (plan === undefined || policy === undefined) throw new Error(JSON.stringify(problems, null, 1))
  return { plan, policy, sources }
}

/** `BASE` with each text replaced by another one. Throws where one is not there once. */
export function edited(...edits: readonly (readonly [string, string])[]): string {
  return edits.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`not there once: ${from}`)
    return text.replace(from, () => to)
  }, BASE)
}

export function changesOf(before: string, after: string): readonly Change[] {
  return comparePolicies(compiled(before), compiled(after))
}

/** A policy of one field, `x`. */
export function policyOf(rule: object, more: object = {}): string {
  const head = { policy: 'p', version: 1, purpose: 'train_ai_system', subject: 's', time: 't' }
  return stringify({ ...head, fields: { s: 'drop', x: rule }, ...more })
}
