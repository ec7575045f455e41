/**
 * `read: json`: whatever stands in a text comes out as it would if it were no text, byte for byte, as a text again. Over
 * JSON and CSV, files and messages.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cell, compiled, type Ended, inCsv, inMessages, inNdjson } from './in-text.ts'

const accept = 'it is only a test'

/** The members of a JSON object or the elements of an array as they are written: `[name, value]`. */
function parts(json: string): [string, string][] {
  const found: [string, string][] = []
  let [depth, from, name] = [0, 1, '']
  for (let i = 0; i < json.length; i++) {
    const sign = json[i]!
    if (sign === '"') for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++
    if ('{['.includes(sign)) depth++
    if ('}]'.includes(sign)) depth--
    if (depth === 1 && sign === ':') {
      name = json.slice(from, i)
      from = i + 1
    }
    if ((depth === 1 && sign === ',') || depth === 0) {
      if (i > from) found.push([name, json.slice(from, i)])
      ;[from, name] = [i + 1, '']
    }
  }
  return found
}

// Records

const scalar = fc.oneof(
  fc.constantFrom('', 'NULL', ' a "b" \\ \n c', 'é\u2028\u{1f600}', 'lena@x.example', '2026-03-10T10:00:00Z'),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const inner = fc.record(
  {
    id: scalar,
    email: scalar,
    kind: fc.constantFrom('a', 'b', 'a'),
    at: fc.constantFrom('2026-03-10T10:00:00Z', '2025-01-01T00:00:00Z', 'x', null),
    n: scalar,
    tags: fc.oneof(fc.array(scalar, { maxLength: 3 }), scalar),
    sub: fc.oneof(fc.constant({ x: [1, 'y'] }), scalar),
    map: fc.dictionary(fc.constantFrom('k', 'l'), scalar),
    more: fc.oneof(scalar, fc.constant([{ email: 'deep@x.example' }])),
  },
  { requiredKeys: [] },
)
const object = fc.oneof({ weight: 9, arbitrary: inner }, { weight: 1, arbitrary: scalar })
const list = fc.oneof(fc.array(object, { maxLength: 3 }), object)
const record = fc.record(
  { id: fc.constantFrom('C-1', '', 'q"\\'), owner: object, list },
  { requiredKeys: ['id'] },
)

/** Written with white space and escapes that a parser takes. */
const spelled = fc
  .tuple(record, fc.boolean(), fc.boolean())
  .map(([one, isWide, isEscaped]): [typeof one, (value: unknown) => string] => [
    one,
    (value) => {
      const text = JSON.stringify(value, undefined, isWide ? ' ' : undefined).replace(/\n */g, ' ')
      return isEscaped
        ? text.replace(/[é\u2028]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
        : text
    },
  ])

// Policies

const token = { use: 'hash.hmac', domain: 'd' }
const FIELDS: Readonly<Record<string, unknown>> = {
  id: 'keep',
  'owner.id': token,
  'owner.email': [
    { ...token, normalize: 'email', else: { constant: 'no"ne' }, when: { 'owner.kind': ['a'] } },
    { use: 'drop' },
  ],
  'owner.n': { use: 'generalize.number', width: 10, else: 'drop' },
  'owner.at': { use: 'generalize.date', to: 'day', else: 'null' },
  'owner.tags[]': { use: 'mask.characters', keepLast: 1, length: 4, read: 'trim' },
  'owner.sub': { use: 'keep.subtree', accept },
  'owner.map.*': 'keep',
  'owner.map.$names': { use: 'keep', accept },
  'list[].email': token,
  'list[].kind': 'keep',
  'list[].tags[]': 'keep',
  '**.email': token,
  flat: { use: 'keep', from: 'owner.kind' },
  'owner.whose': { use: 'keep', from: 'id' },
  'owner.made.of': { ...token, from: 'owner.id' },
  'list[].again': { ...token, from: 'list[].n' },
}
const TOPS: readonly object[] = [
  {},
  { unlisted: 'reject' },
  { shape: { 'owner.tags': 'either', list: 'either', 'list[].tags': 'either' } },
  { subject: 'owner.id', required: ['owner.email'] },
  { input: { nulls: ['NULL'] } },
  {
    time: { path: 'owner.at' },
    retention: { steps: [{ after: '30d', fields: { 'owner.id': 'mask.null' } }] },
  },
  { suspects: 'dead-letter' },
]

const CARRIERS = { owner: ['json'], list: ['json'] }
const chosen = fc
  .tuple(fc.subarray(Object.keys(FIELDS), { minLength: 4 }), fc.constantFrom(...TOPS))
  .map(([names, top]) => {
    const wanted = new Set([...names, 'id', 'owner.id', 'owner.email', 'owner.tags[]', 'list[].kind'])
    if (JSON.stringify(top).includes('shape')) wanted.add('list[].tags[]')
    if ('time' in top) wanted.add('owner.at')
    if (wanted.has('owner.map.*')) wanted.add('owner.map.$names')
    else wanted.delete('owner.map.$names')
    // A pattern may not lead into what is kept whole, nor into a map.
    if (wanted.has('**.email'))
      for (const path of ['owner.sub', 'owner.map.*', 'owner.map.$names']) wanted.delete(path)
    return { ...top, fields: Object.fromEntries(Object.entries(FIELDS).filter(([path]) => wanted.has(path))) }
  })

/** What a record leaves as where it held objects, with those that stood in texts as texts. */
function asTexts(real: string, given: Readonly<Record<string, unknown>>): string {
  if (!real.startsWith('{')) return real
  const members = parts(real).map(([name, value]) => {
    const isText =
      Object.hasOwn(CARRIERS, JSON.parse(name)) &&
      !(value === 'null' && given[JSON.parse(name)] === undefined)
    return `${name}:${isText ? JSON.stringify(value) : value}`
  })
  return `{${members.join(',')}}`
}

/** A scalar where the policy reads JSON is a text of JSON too, but null and empty, which say that nothing is there. */
const textsOf = ([one, write]: [Readonly<Record<string, unknown>>, (value: unknown) => string]): string =>
  write(
    Object.fromEntries(
      Object.entries(one).map(([name, value]) => [
        name,
        Object.hasOwn(CARRIERS, name) ? write(value) : value,
      ]),
    ),
  )

/** As producers write it that escape all that is not ASCII. */
const inAscii = (json: string): string =>
  json.replace(/[\x80-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Compiled once, as that takes longer than many records. */
const POLICIES = fc.sample(chosen, 24).map((policy) => ({
  policy,
  real: compiled(policy),
  texts: compiled({ ...policy, read: CARRIERS }),
}))
const policies = fc.constantFrom(...POLICIES.keys())
const given = fc.tuple(policies, fc.array(spelled, { minLength: 1, maxLength: 12 }))

const counted = ({ counts, unlisted }: Ended) => ({ counts, unlisted })

/** A scalar as a cell. */
function scalarCell(json: string | undefined): string {
  const value: unknown = json === undefined ? null : JSON.parse(json)
  return typeof value === 'string' ? value : value === null ? '' : json!
}

const HEADER = ['id', 'owner', 'list'] as const

/** The row that a record is as CSV, where it leaves as `real` as JSON. */
function asRow(real: string, hasFlat: boolean): string {
  if (!real.startsWith('{')) return real
  const members = new Map(parts(real).map(([name, value]) => [JSON.parse(name) as string, value]))
  const cells = [
    scalarCell(members.get('id')),
    members.get('owner') ?? '',
    members.get('list') ?? '',
    ...(hasFlat ? [scalarCell(members.get('flat'))] : []),
  ]
  return cells.map(cell).join(',')
}

describe('JSON in a text', () => {
  it('leaves as it would without the text: files and messages of JSON', () => {
    let published = 0
    fc.assert(
      fc.property(given, ([at, records]) => {
        const { policy, real, texts } = POLICIES[at]!
        const expected = inNdjson(
          real,
          records.map(([one, write]) => write(one)),
        )
        const lines = records.map(textsOf)
        const found = inNdjson(texts, lines)
        const wanted = expected.map(({ text }, at) => asTexts(text, records[at]![0]))
        expect(
          found.map(({ text }) => text),
          JSON.stringify(policy),
        ).toEqual(wanted)
        expect(found.map(counted)).toEqual(expected.map(counted))
        expect(inMessages(texts, lines).map(({ text }) => text)).toEqual(wanted)
        expect(inMessages(texts, lines.map(inAscii)).map(({ text }) => text)).toEqual(wanted)
        published += wanted.filter((text) => text.startsWith('{')).length
      }),
      { numRuns: 15 },
    )
    expect(published).toBeGreaterThan(0)
  })

  it('leaves as it would without the text: cells of CSV', () => {
    let published = 0
    fc.assert(
      fc.property(given, ([at, records]) => {
        const { policy, real, texts } = POLICIES[at]!
        const expected = inNdjson(
          real,
          records.map(([one, write]) => write(one)),
        )
        const rows = records.map(([one, write]) =>
          HEADER.map((name) =>
            one[name] === undefined ? '' : cell(name === 'id' ? String(one.id) : write(one[name])),
          ).join(','),
        )
        const found = inCsv(texts, HEADER, rows)
        const wanted = expected.map(({ text }) => asRow(text, 'flat' in policy.fields))
        expect(
          found.map(({ text }) => text),
          JSON.stringify(policy),
        ).toEqual(wanted)
        expect(found.map(counted)).toEqual(expected.map(counted))
        published += wanted.filter((text) => text.includes(',')).length
      }),
      { numRuns: 15 },
    )
    expect(published).toBeGreaterThan(0)
  })
})
