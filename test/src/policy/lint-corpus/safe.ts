/** Policies that are safe, beside those that are not: what may be told, and where; and what is accepted in writing. */
import { ANY, type Case, IDENTIFYING, policy, sideBySide, sideBySideLater, step } from './places.ts'
import { NEARLY, WEAK } from './unsafe.ts'

/** What anything may be told by, direct identifiers too. */
const HIDING: readonly string[] = [
  'hash.hmac, domain: d',
  'hash.uuid, domain: d',
  'hash.email, domain: d',
  'fake.person',
  'fake.phone',
  'fake.email',
  'fake.address, part: city',
  'mask.replace, with: gone',
  'mask.characters',
  'mask.characters, keepFirst: 1, length: 5',
  'mask.characters, keepLast: 4',
  'mask.pattern, pattern: ".+"',
  'mask.pattern, pattern: "^[0-9 +]+$"',
  'mask.pattern, pattern: "^.{2}(.+)$", masks: groups',
  'mask.card',
  'mask.email',
  'generalize.prefix, keep: 3',
  'generalize.number, width: 1000',
  'generalize.category, allow: [a, b]',
  'generalize.hierarchy, file: h.csv, level: 1',
  'noise.number, span: 1000',
]

/** What values may be told by of which nobody says that they are people's. */
const COARSE: readonly string[] = [
  'keep',
  'mask.null',
  'mask.pattern, pattern: "-"',
  'generalize.date, to: hour',
  'generalize.number, width: 5',
  'generalize.age',
  'generalize.birth-year, asOfYear: 2030',
  'generalize.ip',
  'generalize.geo, axis: both',
  'generalize.url, keepPath: 1',
  'generalize.url, keepParams: [ref, utm_*]',
  'generalize.zip3',
  'noise.number, span: 10',
  'shift.date',
]

const SETS: readonly (readonly string[])[] = [
  ['hash.hmac, domain: d', 'hash.hmac, domain: d, key: k2'],
  ['hash.hmac, domain: d', 'hash.uuid, domain: e'],
  ['fake.person', 'hash.hmac, domain: d'],
  ['noise.number, span: 100, domain: d', 'noise.number, span: 100, domain: d'],
  ['shift.date', 'shift.date'],
  ['hash.hmac, domain: d', 'mask.characters'],
  ['hash.hmac, domain: d', 'mask.null'],
  ['generalize.prefix, keep: 3', 'generalize.prefix, keep: 1'],
  ['generalize.zip3', 'generalize.prefix, keep: 2'],
  ['generalize.date, to: year', 'generalize.age'],
  ['generalize.date, to: hour', 'generalize.date, to: month'],
  ['generalize.number, width: 10', 'generalize.number, width: 100'],
  ['generalize.category, allow: [a]', 'generalize.hierarchy, file: h.csv, level: 1'],
  ['mask.characters, keepFirst: 2', 'mask.characters, keepLast: 2'],
  ['generalize.geo, axis: both, cell: 1', 'generalize.geo, axis: both, cell: 0.5'],
  ['keep', 'generalize.prefix, keep: 2'],
  ['keep', 'keep'],
]

const COARSER_STEPS: readonly (readonly [before: string, after: string])[] = [
  ['keep', 'generalize.prefix, keep: 3'],
  ['keep', 'hash.hmac, domain: d'],
  ['keep', 'noise.number, span: 100'],
  ['hash.hmac, domain: d', 'drop'],
  ['hash.hmac, domain: d', 'mask.null'],
  ['hash.hmac, domain: d', 'mask.replace, with: gone'],
  ['shift.date', 'mask.characters, length: 4'],
  ['generalize.prefix, keep: 4', 'generalize.zip3'],
  ['generalize.prefix, keep: 3', 'generalize.prefix, keep: 1'],
  ['generalize.date, to: hour', 'generalize.date, to: day'],
  ['generalize.date, to: day', 'generalize.date, to: week'],
  ['generalize.date, to: month', 'generalize.date, to: quarter'],
  ['generalize.number, width: 10', 'generalize.number, width: 20'],
  ['generalize.number, width: 10', 'generalize.number, edges: [10, 50]'],
  ['generalize.age', 'generalize.age, edges: [30, 60]'],
  ['generalize.birth-year, asOfYear: 2030', 'generalize.birth-year, asOfYear: 2030, topCode: 80'],
  ['generalize.ip', 'generalize.ip, v4: 16, v6: 32'],
  ['generalize.geo, axis: latitude', 'generalize.geo, axis: latitude, cell: 1'],
  ['generalize.url, keepPath: 1', 'generalize.url'],
  ['generalize.url, keepParams: [utm_*]', 'generalize.url, keepParams: [utm_source, utm_m*]'],
  ['generalize.ip, endpoint: allow', 'generalize.ip, v4: 16, v6: 32'],
  ['generalize.category, allow: [a, b]', 'generalize.category, allow: [a]'],
  ['generalize.hierarchy, file: h.csv, level: 1', 'generalize.hierarchy, file: h.csv, level: 2'],
  ['mask.characters, keepLast: 4', 'mask.characters, keepLast: 2'],
  ['mask.card', 'mask.card, keepLast: 0'],
  ['mask.email, keepFirst: 1', 'mask.email, domain: mask'],
]

const REASON = 'accept: the reason is here'

const cases: Case[] = []
for (const rule of WEAK)
  cases.push({ title: `accepted: ${rule}`, text: policy([`x: { use: ${rule}, ${REASON} }`]) })
for (const rule of NEARLY)
  for (const { title, write } of IDENTIFYING.slice(-3))
    cases.push({ title: `${title}, accepted: ${rule}`, text: write(`${rule}, ${REASON}`) })
for (const rule of HIDING)
  for (const { title, write } of IDENTIFYING) cases.push({ title: `${title}: ${rule}`, text: write(rule) })
for (const rule of [...HIDING, ...COARSE])
  for (const { title, write } of ANY.slice(0, 3))
    cases.push({ title: `${title}, any: ${rule}`, text: write(rule) })
for (const rules of SETS) {
  cases.push({ title: `side by side: ${rules.join(' | ')}`, text: sideBySide(rules) })
  cases.push({ title: `side by side from a step on: ${rules.join(' | ')}`, text: sideBySideLater(rules) })
}
for (const [before, after] of COARSER_STEPS)
  cases.push({ title: `a step from ${before} to ${after}`, text: step(before, after) })
for (const to of ['hour', 'day', 'month', 'year'])
  cases.push({
    title: `the timestamp to the ${to}`,
    text: policy([`$timestamp: { use: generalize.date, to: ${to} }`]),
  })
for (const rule of [
  'generalize.date, to: year',
  'generalize.number, width: 10',
  'generalize.prefix, keep: 2',
])
  cases.push({
    title: `a quasi-identifier beside a token: ${rule}`,
    text: policy(['a: { use: hash.hmac, domain: d }', `x: { use: ${rule}, role: quasi-identifier }`]),
  })
cases.push({ title: 'a reserved header dropped', text: policy(['$headers.lethe-policy: drop']) })
cases.push({
  title: 'parts under conditions that exclude each other',
  text: policy([
    'a: [{ from: i, when: { c: [x] }, use: mask.characters, keepFirst: 3 }, { use: mask.characters, keepLast: 3 }]',
    'b: { from: i, when: { d: [y] }, use: mask.characters, keepFirst: 1 }',
  ]),
})

export const SAFE: readonly Case[] = cases
