/** What leaves readable something that may not be: alone, and together with other outputs of one input. */
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'

const HEAD = 'policy: p\nversion: 1\npurpose: train_ai_system\n'

function problems(fields: string, head = ''): string[] {
  const text = `${HEAD}${head}fields:\n${fields
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('')}`
  const readFile = () => Buffer.from('a;b\nc;b\n')
  return compilePolicy({ file: 'p.yaml', text, readFile }).problems.map(
    ({ line, code }) => `${line - text.slice(0, text.lastIndexOf('fields:\n')).split('\n').length} ${code}`,
  )
}

const SUBJECT = 'subject: s\n'
const TIMED = 'subject: s\ntime: t\n'

describe('a direct identifier', () => {
  it.each([
    '{ use: generalize.number, width: 2, as: midpoint }',
    '{ use: generalize.number, width: 1.0001 }',
    '{ use: generalize.number, width: 10 }',
    '{ use: generalize.number, edges: [0, 5000, 5002] }',
    '{ use: generalize.url, keepPath: 1 }',
    '{ use: mask.pattern, pattern: "-" }',
    '{ use: mask.pattern, pattern: "^." }',
    '{ use: mask.pattern, pattern: "^.{4}", replacement: x }',
    '{ use: mask.pattern, pattern: "[0-9]+" }',
    '{ use: mask.pattern, pattern: "^(.).+$", masks: groups }',
    '{ use: mask.pattern, pattern: "a|.+" }',
    '{ use: noise.number, span: 5 }',
    '{ use: noise.number, ratio: 0.1 }',
    '{ use: noise.number, span: "0.00001", decimals: 5, accept: x }'.replace(', accept: x', ''),
    '{ use: generalize.date, to: day }',
  ])(
    'is not told nearly by %s: as the subject, an email, the record key, a header, the names of a map',
    (rule) => {
      expect(problems(`s: ${rule}`, SUBJECT)).toContain('1 kept-direct-identifier')
      const categorized = rule.replace(' }', ', category: user.contact.email }')
      expect(problems(`x: ${categorized}\ns: drop`, SUBJECT)).toContain('1 kept-direct-identifier')
      expect(problems(`s: drop\n$key: ${rule}`, SUBJECT)).toContain('2 kept-record-key')
      expect(problems(`s: drop\n$headers.h: ${rule}`, SUBJECT)).toContain('2 kept-header')
      expect(problems(`s: drop\nm.*: mask.null\nm.$names: ${rule}`, SUBJECT)).toContain('3 kept-map-names')
      const elsewhere = rule.replace(' }', ', from: i }')
      expect(problems(`i: { use: drop, category: user.name }\no: ${elsewhere}\ns: drop`, SUBJECT)).toContain(
        '2 kept-direct-identifier',
      )
      expect(problems(`s: ${rule.replace(' }', ', accept: the reason is here }')}`, SUBJECT)).toEqual([])
    },
  )

  it.each([
    '{ use: mask.pattern, pattern: "@", replacement: " at " }',
    '{ use: mask.pattern, pattern: "^(.+)@", masks: groups }',
  ])('is an email under %s', (rule) => {
    expect(problems(`x: ${rule.replace(' }', ', category: user.contact.email }')}`)).toEqual([
      '1 kept-direct-identifier',
    ])
  })

  it.each([
    'mask.null',
    '{ use: mask.replace, with: x }',
    '{ use: hash.hmac, domain: d }',
    'fake.person',
    'fake.phone',
    '{ use: mask.characters, keepLast: 4 }',
    '{ use: mask.pattern, pattern: ".+" }',
    '{ use: mask.pattern, pattern: "(?s).+", replacement: gone }',
    '{ use: mask.pattern, pattern: "^[0-9 +]+$" }',
    '{ use: mask.pattern, pattern: "^.{2}(.+)$", masks: groups }',
    '{ use: generalize.prefix, keep: 2 }',
    '{ use: generalize.number, width: 1000 }',
    '{ use: generalize.category, allow: [a, b] }',
    'generalize.url',
    '{ use: generalize.hierarchy, file: h.csv, level: 1 }',
    '{ use: noise.number, span: 1000 }',
    '{ use: noise.number, ratio: 0.1, min: 10000 }',
    'mask.email',
    'generalize.ip',
    '{ use: generalize.geo, axis: both }',
  ])('may be told by %s', (rule) => {
    const categorized = (rule.startsWith('{') ? rule : `{ use: ${rule} }`).replace(
      ' }',
      ', category: user.contact.email }',
    )
    expect(problems(`x: ${categorized}\ns: drop`, SUBJECT)).toEqual([])
    expect(problems(`s: drop\n$key: ${rule}`, SUBJECT)).toEqual([])
    expect(problems(`s: drop\n$headers.h: ${rule}`, SUBJECT)).toEqual([])
  })

  it('is told nearly by a list of more than a thousand labels', () => {
    const values = Array.from({ length: 1001 }, (_, i) => `v${i}`)
    const listed = `{ use: generalize.category, allow: [${values}] }`
    expect(problems(`s: ${listed}`, SUBJECT)).toEqual(['1 kept-direct-identifier'])
    expect(problems(`s: drop\n$key: ${listed}`, SUBJECT)).toEqual(['2 kept-record-key'])
    expect(problems(`s: drop\nx: ${listed}`, SUBJECT)).toEqual([])
    const few = `{ use: generalize.category, map: { ${values.map((value) => `${value}: a`)} } }`
    expect(problems(`s: ${few}`, SUBJECT)).toEqual([])
  })

  it('is kept by no header of our own, and by no timestamp', () => {
    for (const name of ['lethe-policy', 'Lethe-Source', 'LETHE-X'])
      for (const rule of [
        'keep',
        '{ use: keep, accept: the reason is here }',
        '{ use: hash.hmac, domain: d }',
      ])
        expect(problems(`$headers.${name}: ${rule}\na: keep`)).toContain('1 reserved-header')
    expect(problems('$headers.lethe-policy: drop\na: keep')).toEqual([])
    expect(problems('$headers.lethe: { use: hash.hmac, domain: d }\na: keep')).toEqual([])
    expect(problems('a: keep\n$timestamp: keep')).toContain('2 kept-timestamp')
    for (const rule of ['{ use: generalize.number, width: 1 }', '{ use: mask.pattern, pattern: "0" }'])
      expect(problems(`a: keep\n$timestamp: ${rule}`)).toContain('2 bad-timestamp-rule')
    const otherwise = (constant: string): string[] =>
      problems(`a: keep\n$timestamp: { use: generalize.date, to: day, else: { constant: ${constant} } }`)
    for (const constant of ['unknown', '"2026-13-01"', 'true'])
      expect(otherwise(constant)).toEqual(['2 bad-timestamp-rule'])
    expect(otherwise('"2026-01-01"')).toEqual([])
    for (const to of ['hour', 'day', 'year'])
      expect(problems(`a: keep\n$timestamp: { use: generalize.date, to: ${to} }`)).toEqual([])
    expect(problems('a: keep\n$timestamp: { use: keep, accept: the reason is here }')).toEqual([])
  })
})

/** Rules of one input; the fault stands at the last of them. */
const SETS: readonly (readonly [code: string, ...rules: string[]])[] = [
  ['parts-tell-all', 'generalize.prefix, keep: 4', 'mask.pattern, pattern: "^.{4}"'],
  ['parts-tell-all', 'mask.pattern, pattern: ".{4}$"', 'mask.characters, keepLast: 4'],
  ['parts-tell-all', 'mask.card, keepFirst: 6, keepLast: 0', 'mask.card'],
  ['parts-tell-all', 'mask.characters, keepFirst: 3', 'mask.characters, keepLast: 3'],
  ['parts-tell-all', 'generalize.number, width: 1000', 'mask.characters, keepLast: 3'],
  ['parts-tell-all', 'generalize.number, width: 10', 'generalize.number, width: 10, origin: 1'],
  ['parts-tell-all', 'generalize.date, to: year', 'mask.characters, keepLast: 5'],
  ['parts-tell-all', 'generalize.date, to: year', 'mask.pattern, pattern: "^[0-9]{4}"'],
  ['parts-tell-all', 'generalize.ip', 'mask.characters, keepLast: 2'],
  ['parts-tell-all', 'mask.email', 'mask.characters, keepFirst: 4'],
  ['token-beside-part', 'hash.hmac, domain: d', 'mask.characters, keepLast: 4'],
  ['token-beside-part', 'generalize.prefix, keep: 2', 'hash.hmac, domain: d'],
  ['token-beside-part', 'fake.phone', 'generalize.date, to: year'],
  ['token-beside-part', 'fake.person', 'generalize.category, allow: [a]'],
  ['kept-beside-keyed', 'keep', 'hash.hmac, domain: d'],
  ['kept-beside-keyed', 'hash.hmac, domain: d', 'mask.pattern, pattern: "-"'],
  ['kept-beside-keyed', 'noise.number, span: 100', 'keep'],
  ['noise-beside-part', 'noise.number, span: 100', 'generalize.number, width: 50'],
  ['noise-beside-part', 'shift.date', 'mask.characters, keepLast: 5'],
  ['noise-beside-part', 'generalize.date, to: month', 'shift.date'],
  ['noise-beside-part', 'hash.hmac, domain: d', 'noise.number, span: 100'],
  ['several-noises', 'noise.number, span: 100', 'noise.number, span: 100'],
  ['several-noises', 'noise.number, span: 100, domain: d', 'noise.number, span: 200, domain: d'],
  ['several-noises', 'shift.date', 'shift.date, maxDays: 60'],
  ['several-noises', 'shift.date', 'shift.date, key: k1'],
]

const SAFE_SETS: readonly (readonly string[])[] = [
  ['hash.hmac, domain: d', 'hash.hmac, domain: d, key: k1'],
  ['hash.hmac, domain: d', 'hash.uuid, domain: e'],
  ['fake.person', 'hash.hmac, domain: d'],
  ['noise.number, span: 100, domain: d', 'noise.number, span: 100, domain: d'],
  ['shift.date', 'shift.date'],
  ['hash.hmac, domain: d', 'mask.characters'],
  ['hash.hmac, domain: d', 'mask.characters, length: 4'],
  ['hash.hmac, domain: d', 'mask.null'],
  ['generalize.prefix, keep: 3', 'generalize.prefix, keep: 1'],
  ['generalize.zip3', 'generalize.prefix, keep: 2'],
  ['generalize.date, to: year', 'generalize.age'],
  ['generalize.date, to: hour', 'generalize.date, to: month'],
  ['generalize.number, width: 10', 'generalize.number, width: 100'],
  ['generalize.category, allow: [a]', 'generalize.hierarchy, file: h.csv, level: 1'],
  ['mask.characters, keepFirst: 2', 'mask.characters, keepLast: 2'],
  ['keep', 'generalize.prefix, keep: 2'],
  ['keep', 'keep'],
]

const listed = (rules: readonly string[], more: readonly string[] = []) =>
  rules.map((rule, i) => `o${i}: { from: i, use: ${rule}${more[i] ?? ''} }`).join('\n')

describe('several outputs of one input', () => {
  it.each(SETS)('%s: %s, %s', (code, ...rules) => {
    const dropped = `s: drop\nt: drop\n`
    const at = rules.length + 2
    expect(problems(dropped + listed(rules), TIMED)).toEqual([`${at} ${code}`])
    // One reason settles it, at whichever rule.
    for (const i of rules.keys()) {
      const reasons = rules.map((_, k) => (k === i ? ', accept: the reason is here' : ''))
      expect(problems(dropped + listed(rules, reasons), TIMED)).toEqual([])
    }
    // From another input it is no matter.
    const apart = rules.map((rule, i) => `o${i}: { use: ${rule} }`).join('\n')
    expect(problems(dropped + apart, TIMED)).toEqual([])
  })

  it.each(SAFE_SETS.map((set) => [set.join(' and '), set] as const))('are safe: %s', (_, rules) => {
    expect(problems(`s: drop\nt: drop\n${listed(rules)}`, TIMED)).toEqual([])
    const reasons = [', accept: the reason is here']
    expect(problems(`s: drop\nt: drop\n${listed(rules, reasons)}`, TIMED)).toEqual(['3 accept-without-need'])
  })

  it('are judged where their conditions can hold for one record', () => {
    const two = (one: string, other: string) =>
      problems(
        `o: { from: i, use: mask.characters, keepFirst: 3, when: { c: ${one} } }\np: { from: i, use: mask.characters, keepLast: 3, when: { c: ${other} } }`,
      )
    expect(two('[a, b]', '[b, c]')).toEqual(['2 parts-tell-all'])
    expect(two('[a]', '[b]')).toEqual([])
    expect(two('[a, null]', '[b, null]')).toEqual(['2 parts-tell-all'])
    // Alternatives of one field never meet.
    expect(
      problems(
        'o:\n  - { when: { c: a }, use: mask.characters, keepFirst: 3 }\n  - { use: mask.characters, keepLast: 3 }',
      ),
    ).toEqual([])
  })

  it('are judged from each step of retention on', () => {
    const steps = (fields: string, step: string) =>
      problems(
        `t: drop\ns: drop\n${fields}`,
        `${TIMED}retention: { steps: [{ after: 1d, fields: { ${step} } }, { after: 9d, then: suppress }] }\n`,
      )
    const reason = ', accept: the reason is here'
    const token = 'a: { use: hash.hmac, domain: d }'
    expect(steps('a: keep\nb: { from: a, use: keep }', token)).toEqual(['4 kept-beside-keyed'])
    expect(steps(`a: keep\nb: { from: a, use: keep${reason} }`, token)).toEqual([])
    // What is gone by then is not beside it.
    expect(steps(`a: keep\nb: { from: a, use: keep }`, `${token}, b: drop`)).toEqual([])
  })

  it('are judged where there are very many', () => {
    const many = Array.from({ length: 40 }, (_, i) => `generalize.number, width: 100, origin: ${i}`)
    const found = problems(listed(many))
    expect(found.length).toBeGreaterThan(0)
    expect(new Set(found.map((one) => one.split(' ')[1]))).toEqual(new Set(['parts-tell-all']))
    expect(problems(listed(Array.from({ length: 40 }, () => 'generalize.prefix, keep: 2')))).toEqual([])
  })
})

describe('the timestamp of a record', () => {
  const at = (rule: string, timestamp: string, head = TIMED) =>
    problems(`s: drop\nt: { use: ${rule} }\n$timestamp: { use: ${timestamp} }`, head)

  it('is judged with the event time, which it tells nearly', () => {
    expect(at('shift.date', 'generalize.date, to: hour')).toEqual(['3 kept-beside-keyed'])
    expect(at('shift.date', 'generalize.date, to: month')).toEqual(['3 noise-beside-part'])
    expect(at('generalize.date, to: hour', 'shift.date')).toEqual(['3 kept-beside-keyed'])
    expect(at('shift.date, accept: the reason is here', 'generalize.date, to: hour')).toEqual([])
  })

  it('may be told beside it where neither is hidden by the other', () => {
    expect(at('generalize.date, to: hour', 'generalize.date, to: day')).toEqual([])
    expect(at('shift.date', 'shift.date')).toEqual([])
    expect(at('shift.date', 'drop')).toEqual([])
    // Another date of the record is another moment.
    expect(at('shift.date', 'generalize.date, to: hour', SUBJECT)).toEqual([])
  })
})

it('calls a number told nearly where most of its intervals are narrow, whatever a wide one hides', () => {
  const beside = (edges: readonly number[]) =>
    problems(
      `s: { use: hash.hmac, domain: d }\nq: { use: generalize.number, edges: [${edges}], role: quasi-identifier }`,
      SUBJECT,
    )
  const ages = Array.from({ length: 60 }, (_, i) => 2 * i)
  expect(beside([...ages, 1000])).toEqual(['2 token-beside-quasi-identifiers'])
  expect(beside([...ages, 1000, 2000, 3000])).toEqual(['2 token-beside-quasi-identifiers'])
  expect(beside([0, 1, 2, 3, 5, 10, 18, 30, 50, 70, 90])).toEqual([])
})

it('takes a step from a prefix to the allow-list of ZIP codes', () => {
  const step = (rule: string) =>
    problems(
      `z: { use: ${rule} }`,
      'time: t\nretention: { steps: [{ after: 1d, fields: { z: generalize.zip3 } }] }\n',
    )
  expect(step('generalize.prefix, keep: 4')).toEqual([])
  expect(step('generalize.prefix, keep: 2')).toEqual(['-1 step-not-coarser'])
  // It shows fewer characters of a short value.
  expect(step('mask.characters, keepFirst: 4')).toEqual(['-1 step-not-coarser'])
})
