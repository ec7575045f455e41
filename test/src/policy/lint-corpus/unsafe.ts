/** Policies that are unsafe in one way each, from tables: what is unsafe, and where it can stand. */
import { ANY, type Case, IDENTIFYING, policy, sideBySide, sideBySideLater, step } from './places.ts'

/** Tells a direct identifier nearly, and is no weak choice of its own: other values may be told so. */
export const NEARLY: readonly string[] = [
  'keep',
  'generalize.number, width: 2',
  'generalize.number, width: 1.0001',
  'generalize.number, width: 999',
  'generalize.number, edges: [0, 5000, 5002]',
  'mask.pattern, pattern: "@", replacement: " at "',
  'mask.pattern, pattern: "-"',
  'mask.pattern, pattern: "^."',
  'mask.pattern, pattern: "[0-9]+"',
  'mask.pattern, pattern: "^.(.+)", masks: groups',
  'noise.number, span: 5',
  'noise.number, span: 999',
  'noise.number, ratio: 0.1',
  'generalize.date, to: hour',
  'generalize.date, to: day',
  'generalize.date, to: week',
  'generalize.url, keepParams: [utm_*]',
]

/** Weak wherever it stands. */
export const WEAK: readonly string[] = [
  'hash.hmac, domain: d, bits: 64',
  'hash.integer, domain: d, max: 1000000',
  'hash.sha256',
  'mask.card, keepFirst: 6',
  'mask.characters, keepFirst: 4, keepLast: 3',
  'generalize.prefix, keep: 5',
  'generalize.date, to: day, format: date',
  'generalize.age, topCode: 95',
  'generalize.birth-year, asOfYear: 2030, topCode: 95',
  'generalize.url, keepPath: 2',
  'generalize.url, keepParams: [u*]',
  'generalize.ip, v4: 25',
  'generalize.ip, v6: 56',
  'generalize.geo, axis: both, cell: 0.01',
  'generalize.number, width: 1',
  'generalize.number, edges: [1, 2, 3]',
  'noise.number, span: 4',
  'noise.number, ratio: 0.001',
  'noise.number, ratio: 0.1, min: 0, max: 5',
  'shift.date, maxDays: 3',
  'shift.date, maxDays: 21, multipleOf: 7',
]

export const SETS: readonly (readonly [code: string, ...rules: string[]])[] = [
  ['parts-tell-all', 'generalize.prefix, keep: 4', 'mask.pattern, pattern: "^.{4}"'],
  ['parts-tell-all', 'mask.pattern, pattern: ".{4}$"', 'mask.characters, keepLast: 4'],
  ['parts-tell-all', 'mask.card, keepFirst: 6, keepLast: 0', 'mask.card'],
  ['parts-tell-all', 'mask.characters, keepFirst: 3', 'mask.characters, keepLast: 3'],
  ['parts-tell-all', 'generalize.zip3', 'mask.characters, keepLast: 2'],
  ['parts-tell-all', 'generalize.number, width: 1000', 'mask.characters, keepLast: 3'],
  ['parts-tell-all', 'generalize.number, width: 10', 'generalize.number, width: 10, origin: 1'],
  ['parts-tell-all', 'generalize.date, to: year', 'mask.characters, keepLast: 5'],
  ['parts-tell-all', 'generalize.date, to: year', 'mask.pattern, pattern: "^[0-9]{4}"'],
  ['parts-tell-all', 'generalize.ip', 'mask.characters, keepLast: 2'],
  ['parts-tell-all', 'generalize.geo, axis: both', 'mask.characters, keepLast: 4'],
  ['parts-tell-all', 'generalize.url', 'mask.characters, keepLast: 6'],
  ['parts-tell-all', 'mask.email', 'mask.characters, keepFirst: 4'],
  ['token-beside-part', 'hash.hmac, domain: d', 'mask.characters, keepLast: 4'],
  ['token-beside-part', 'generalize.prefix, keep: 2', 'hash.uuid, domain: d'],
  ['token-beside-part', 'mask.email', 'hash.email, domain: d'],
  ['token-beside-part', 'fake.phone', 'generalize.date, to: year'],
  ['token-beside-part', 'fake.person', 'generalize.category, allow: [a]'],
  ['token-beside-part', 'fake.email', 'generalize.hierarchy, file: h.csv, level: 1'],
  ['token-beside-part', 'fake.address', 'generalize.number, width: 5000'],
  ['kept-beside-keyed', 'keep', 'hash.hmac, domain: d'],
  ['kept-beside-keyed', 'hash.hmac, domain: d', 'mask.pattern, pattern: "-"'],
  ['kept-beside-keyed', 'noise.number, span: 100', 'keep'],
  ['kept-beside-keyed', 'shift.date', 'generalize.date, to: day'],
  ['noise-beside-part', 'noise.number, span: 100', 'generalize.number, width: 50'],
  ['noise-beside-part', 'shift.date', 'mask.characters, keepLast: 5'],
  ['noise-beside-part', 'generalize.date, to: month', 'shift.date'],
  ['noise-beside-part', 'hash.hmac, domain: d', 'noise.number, span: 100'],
  ['several-noises', 'noise.number, span: 100, domain: d', 'noise.number, span: 100, domain: e'],
  ['several-noises', 'noise.number, span: 100, domain: d', 'noise.number, span: 200, domain: d'],
  ['several-noises', 'shift.date', 'shift.date, maxDays: 60'],
  ['several-noises', 'shift.date', 'shift.date, domain: e'],
]

/** A quasi-identifier as good as kept. */
const FINE: readonly string[] = [
  'keep',
  'generalize.number, width: 2',
  'mask.pattern, pattern: "-"',
  'generalize.date, to: week',
  'generalize.date, to: day',
]
const TOKENS: readonly string[] = ['hash.hmac, domain: d', 'fake.phone', 'fake.person']

const FINER_STEPS: readonly (readonly [before: string, after: string])[] = [
  ['drop', 'hash.hmac, domain: d'],
  ['mask.null', 'generalize.prefix, keep: 1'],
  ['mask.replace, with: gone', 'generalize.prefix, keep: 1'],
  ['hash.hmac, domain: d', 'generalize.prefix, keep: 1'],
  ['hash.hmac, domain: d', 'hash.hmac, domain: e'],
  ['hash.hmac, domain: d', 'hash.hmac, domain: d, key: k2'],
  ['fake.person', 'fake.email'],
  ['generalize.prefix, keep: 2', 'generalize.prefix, keep: 3'],
  ['generalize.prefix, keep: 2', 'generalize.zip3'],
  ['generalize.zip3', 'generalize.prefix, keep: 3'],
  ['generalize.date, to: month', 'generalize.date, to: day'],
  ['generalize.date, to: week', 'generalize.date, to: month'],
  ['generalize.date, to: day', 'generalize.date, to: month, zone: Asia/Tokyo'],
  ['generalize.number, width: 10', 'generalize.number, width: 15'],
  ['generalize.number, width: 10, top: 50', 'generalize.number, width: 20'],
  ['generalize.age', 'generalize.age, width: 15'],
  ['generalize.birth-year, asOfYear: 2030, topCode: 80', 'generalize.birth-year, asOfYear: 2030'],
  ['generalize.ip, v4: 16', 'generalize.ip'],
  ['generalize.geo, axis: both, cell: 1', 'generalize.geo, axis: both, cell: 1.5'],
  ['generalize.url', 'generalize.url, keepPath: 1'],
  ['generalize.url, keepParams: [utm_source]', 'generalize.url, keepParams: [utm_*]'],
  ['generalize.ip, list: first', 'generalize.ip, list: last, v4: 16, v6: 32'],
  ["generalize.number, width: 10, decimal: ','", 'generalize.number, width: 100'],
  ['generalize.category, allow: [a]', 'generalize.category, allow: [a, b]'],
  ['generalize.hierarchy, file: h.csv, level: 2', 'generalize.hierarchy, file: h.csv, level: 1'],
  ['mask.characters, keepLast: 2', 'mask.characters, keepLast: 4'],
  ['mask.characters, keepLast: 4', 'mask.characters, keepFirst: 4'],
  ['mask.card', 'mask.card, luhn: ignore'],
  ['mask.email, domain: mask', 'mask.email'],
  ['mask.pattern, pattern: "-"', 'mask.pattern, pattern: "[0-9]"'],
  ['noise.number, span: 100', 'noise.number, span: 1000'],
  ['shift.date', 'shift.date, maxDays: 60'],
]

const cases: Case[] = []
for (const rule of NEARLY)
  for (const { title, code, write } of IDENTIFYING)
    cases.push({ title: `${title}: ${rule}`, code, text: write(rule) })
for (const rule of WEAK)
  for (const { title, write } of ANY)
    cases.push({ title: `${title}, weak: ${rule}`, code: 'weak-choice', text: write(rule) })
for (const [code, ...rules] of SETS) {
  cases.push({ title: `side by side: ${rules.join(' | ')}`, code, text: sideBySide(rules) })
  cases.push({
    title: `side by side, the other way: ${rules.join(' | ')}`,
    code,
    text: sideBySide(rules.toReversed()),
  })
  cases.push({
    title: `side by side from a step on: ${rules.join(' | ')}`,
    code,
    text: sideBySideLater(rules),
  })
}
for (const token of TOKENS)
  for (const rule of FINE)
    cases.push({
      title: `a quasi-identifier beside a token, ${token}: ${rule}`,
      code: 'token-beside-quasi-identifiers',
      text: policy([`a: { use: ${token} }`, `x: { use: ${rule}, role: quasi-identifier }`]),
    })
for (const [before, after] of FINER_STEPS)
  cases.push({
    title: `a step from ${before} to ${after}`,
    code: 'step-not-coarser',
    text: step(before, after),
  })
for (const name of ['lethe-policy', 'lethe-source', 'Lethe-Policy', 'LETHE-NEW'])
  for (const rule of ['keep', 'hash.hmac, domain: d', 'mask.null'])
    cases.push({
      title: `a reserved header ${name}: ${rule}`,
      code: 'reserved-header',
      text: policy([
        `$headers.${name}: { use: ${rule}${rule === 'keep' ? ', accept: the reason is here' : ''} }`,
      ]),
    })
for (const [rule, code] of [
  ['keep', 'kept-timestamp'],
  ['hash.hmac, domain: d', 'bad-timestamp-rule'],
  ['generalize.number, width: 2', 'bad-timestamp-rule'],
  ['mask.pattern, pattern: "-"', 'bad-timestamp-rule'],
  ['noise.number, span: 500', 'bad-timestamp-rule'],
] as const)
  cases.push({
    title: `the timestamp: ${rule}`,
    code,
    text: policy([`$timestamp: { use: ${rule} }`]),
  })
cases.push({ title: 'a container', code: 'keep-subtree', text: policy(['x: keep.subtree']) })
cases.push({
  title: 'a container in an array',
  code: 'keep-subtree',
  text: policy(['"x[].y": keep.subtree']),
})

export const UNSAFE: readonly Case[] = cases
