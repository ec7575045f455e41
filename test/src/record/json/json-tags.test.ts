/** Rules by tag over JSON in frames: where a JSON Schema has tags, and what records that break it can do. */
import { describe, expect, it } from 'vitest'
import { SchemaFault, type SchemaText } from '../../../../src/record/schema-text.ts'
import { PLAIN_FORM } from '../../../../src/record/wire-form.ts'
import { checkTags } from '../../../../src/run/check-tags.ts'
import { messageEngine } from '../../../../src/run/engines.ts'
import { framed, outcomesOf, planOf } from '../avro/avro-world.ts'

const TAGS = `tags:
  PII.email: { use: mask.replace, with: EMAIL }
  PII: { use: mask.replace, with: PII }
  SECRET: drop
  OWNER: ignore
`
const KEEP = 'in: { use: keep.subtree, accept: "wanted in this test" }'
const FORM = {
  ...PLAIN_FORM,
  value: { format: 'json', framing: 'confluent', inner: 'none' },
  checksFrames: true,
} as const
const PII = { 'confluent:tags': ['PII'] }
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })

function outcomes(
  fields: string,
  schema: unknown,
  values: readonly unknown[],
  more: Partial<SchemaText> = {},
  tags = TAGS,
): unknown[] {
  const engine = messageEngine(planOf(fields, tags), { now: 0, compacted: false, keyRules: [] }, FORM)
  const text = { text: JSON.stringify(schema), references: [], ...more }
  engine.learn({ known: [{ id: 1, part: 'value', schema: text }], forgotten: [] })
  const bytes = values.map((value) =>
    framed(1, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))),
  )
  return outcomesOf(engine, bytes).map((one) => ('value' in one ? one.value : one.code))
}

function fault(fields: string, schema: unknown, more: Partial<SchemaText> = {}, tags = 'tags: {}\n'): string {
  try {
    checkTags(
      planOf(fields, tags),
      { text: JSON.stringify(schema), references: [], ...more },
      'value',
      'json',
    )
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    return error.code === 'tagged-without-rule' ? error.message : error.code
  }
  return 'none'
}

describe('rules by tag over JSON', () => {
  it('take what carries the tag, by whichever of its schemas', () => {
    const contact = object({ mail: { type: 'string', 'confluent:tags': ['PII.email'] }, kind: {} })
    const schema = object(
      {
        id: { type: 'integer' },
        mail: { type: ['string', 'null'], 'confluent:tags': ['PII.email'] },
        contacts: { type: 'array', items: { $ref: '#/$defs/contact' } },
        main: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/contact' }] },
        codes: { type: 'array', items: { type: 'string' }, 'confluent:tags': ['PII.code'] },
        labels: { type: 'object', additionalProperties: { type: 'string' }, ...PII },
        anything: PII,
        pin: { allOf: [{ type: 'integer' }, { 'confluent:tags': ['SECRET'] }] },
        owned: { type: 'string', 'confluent:tags': ['OWNER'] },
        next: { $ref: '#' },
      },
      { $defs: { contact } },
    )
    const value = {
      id: 7,
      mail: 'a@x',
      contacts: [{ mail: 'b@x', kind: 'k' }],
      main: { mail: 'c@x' },
      codes: ['q', 'r'],
      labels: { a: 'b' },
      anything: { x: ['y', 1, null] },
      pin: 5,
      owned: 'w',
      undeclared: 'u',
      next: { mail: 'd@x', id: 8 },
    }
    const first = {
      id: 7,
      mail: 'EMAIL',
      contacts: [{ mail: 'EMAIL' }],
      main: { mail: 'EMAIL' },
      codes: ['PII', 'PII'],
      labels: { PII: 'PII' },
      anything: { PII: ['PII', 'PII', null] },
      next: { mail: 'EMAIL' },
    }
    const others = [
      { mail: null, main: 's', anything: 'x', codes: [] },
      { main: ['a'], 'ma\u0069l': 'a' },
    ]
    expect(outcomes('id: keep', schema, [value, ...others, '{"\\u006dail":"a@x"}'])).toEqual([
      first,
      { mail: null, anything: 'PII', codes: [] },
      { mail: 'EMAIL' },
      { mail: 'EMAIL' },
    ])
  })

  it('hold in what is kept as a subtree, whose rest stays as it is', () => {
    const inner = object({
      mail: { type: 'string', 'confluent:tags': ['PII.email'] },
      list: { type: 'array', items: object({ s: { 'confluent:tags': ['SECRET'] }, t: {} }) },
      plain: { type: 'object' },
      deep: object({ n: object({ p: PII }) }, { additionalProperties: false }),
    })
    const value = {
      mail: 'a@x',
      list: [{ s: 'secret', t: 't', new: 'stays' }],
      plain: { p: ['q'] },
      deep: { n: { p: 'p', q: 'q' }, undeclared: 'u' },
      other: { mail: 'not tagged' },
    }
    expect(outcomes(KEEP, object({ in: inner }), [{ in: value }, { in: null }])).toEqual([
      {
        in: {
          mail: 'EMAIL',
          list: [{ t: 't', new: 'stays' }],
          plain: { p: ['q'] },
          deep: { n: { p: 'PII', q: 'q' } },
          other: { mail: 'not tagged' },
        },
      },
      { in: null },
    ])
  })

  it('let nothing tagged leave of records that break their schema', () => {
    const schema = object({
      in: object({ mail: { type: 'string', 'confluent:tags': ['PII.email'] } }),
      list: { type: 'array', items: object({ x: PII }) },
      map: { type: 'string', ...PII },
      copy: { type: 'string' },
      duo: { type: ['string', 'object'], ...PII },
    })
    const rules = `${KEEP}\n"list[].y": keep\n"duo[].y": keep\n"map.*": keep\nmap.$names: { use: keep, accept: "wanted in this test" }
      from: { from: copy, use: keep }`
    const values = [
      { in: [{ mail: 'ZqCanary' }] },
      { in: 'ZqCanary' },
      { in: { mail: { x: 'ZqCanary' } } },
      { in: { mail: ['ZqCanary'] } },
      { list: { x: 'ZqCanary' } },
      { map: { ZqCanary: 'ZqCanary' } },
      [{ in: { mail: 'ZqCanary' } }],
      { copy: { a: 'ZqCanary' } },
      { duo: [{ y: 'ZqCanary' }] },
    ]
    const found = outcomes(rules, schema, values)
    expect(JSON.stringify(found)).not.toContain('ZqCanary')
    expect(found.filter((one) => typeof one === 'string')).toHaveLength(values.length)
  })

  it('go with derived members, maps and patterns', () => {
    const schema = object({
      a: object({ b: { type: 'string' }, mail: { type: 'string', 'confluent:tags': ['PII.email'] } }),
      labels: object({ one: PII, two: {} }, { additionalProperties: { 'confluent:tags': ['PII.email'] } }),
      fee_x: PII,
      fee_y: {},
    })
    const rules = `a.b: keep\na.c: { from: a.b, use: mask.replace, with: C }\nn.c: { from: a.b, use: keep }
      "labels.*": { use: mask.replace, with: L }\nlabels.$names: { use: mask.replace, with: N, else: drop }
      fee_*: { use: keep, accept: "wanted in this test" }`
    const value = { a: { mail: 'm', b: 'b' }, labels: { one: 1 }, fee_x: 'x', fee_y: 'y' }
    expect(outcomes(rules, schema, [value, { labels: { one: 1, two: 2 } }])).toEqual([
      {
        a: { mail: 'EMAIL', b: 'b', c: 'C' },
        labels: { N: 'L' },
        fee_x: 'PII',
        fee_y: 'y',
        n: { c: 'b' },
      },
      'map-name-collision',
    ])
  })
})

it('a name that a pattern keeps, and that may be tagged, keeps its record back', () => {
  const schema = object({ map: { type: 'object', additionalProperties: PII } })
  const rules = '"**.x": { use: keep, accept: "wanted in this test" }'
  const values = [{ map: { y: 1 } }, { map: { x: 1 } }]
  expect(outcomes(rules, schema, values, {}, 'tags: {}\n')).toEqual([{}, 'tagged-without-rule'])
})

describe('a tag of a JSON Schema', () => {
  it.each([
    ['of the member', { in: { type: 'string', ...PII } }, {}],
    ['of one of several schemas', { in: { oneOf: [{ type: 'string' }, { type: 'null', ...PII }] } }, {}],
    ['of a condition', { in: { if: {}, then: PII } }, {}],
    ['of what it refers to', { in: { $ref: '#/definitions/a~1b' } }, { definitions: { 'a/b': PII } }],
    ['beside a reference', { in: { $ref: '#/definitions/x', ...PII } }, { definitions: { x: {} } }],
    ['of an element', { in: { type: 'array', items: [{}, PII] } }, {}],
    ['of a member below', { in: object({ a: object({ b: PII }) }) }, {}],
    ['of names that a pattern matches', {}, { patternProperties: { '^i': PII } }],
    ['of names that a pattern may match', {}, { patternProperties: { '^(i|j)+n?$': PII } }],
    ['of all other members', {}, { additionalProperties: PII }],
    ['of all members, in another schema', { in: {} }, { allOf: [{ additionalProperties: PII }] }],
    ['of names', { in: { type: 'object', propertyNames: PII } }, {}],
    ['in a word that is not known', { in: { 'x-more': { deep: [PII] } } }, {}],
    ['that is none', { in: { 'confluent:tags': 'PII' } }, {}],
    ['that is a number', { in: { 'confluent:tags': [7] } }, {}],
    ['of a schema that is not there', { in: { $ref: 'other.json' } }, {}],
    ['of an anchor', { in: { $ref: '#here' } }, { $defs: { a: { $anchor: 'here', ...PII } } }],
    [
      'of a part with an identifier of its own',
      { in: { $id: 'http://x/y', allOf: [{ $ref: '#/$defs/a' }], $defs: { a: PII } } },
      { $defs: { a: {} } },
    ],
  ])('is found: %s', (_, properties, more) => {
    expect(fault(KEEP, object(properties, more))).toContain('carries')
  })

  it.each([
    ['of another member', { in: {}, other: PII }, {}],
    ['of what nothing refers to', { in: {} }, { definitions: { x: PII } }],
    ['of names that a pattern does not match', { in: {} }, { patternProperties: { '^pii_': PII } }],
    ['in a default', { in: { default: PII } }, {}],
    ['of other members', { in: {} }, { additionalProperties: PII }],
  ])('is none of the member: %s', (_, properties, more) => {
    expect(fault(KEEP, object(properties, more))).toBe('none')
  })

  it('may stand in another document', () => {
    const schema = object({ in: { $ref: 'person.json#/definitions/name' } }, { $id: 'http://x/order.json' })
    const person = { definitions: { name: { $ref: '#/definitions/text' }, text: PII } }
    const more = { references: [JSON.stringify(person)], names: ['person.json'] }
    expect(fault(KEEP, schema, more)).toContain('`PII`')
    expect(fault(KEEP, schema, { ...more, names: ['http://x/person.json'] })).toContain('`PII`')
    expect(fault(KEEP, schema, { ...more, names: ['http://y/person.json'] })).toContain('what is no tag')
    // What the registry tags beside it counts from its own root on.
    const beside = { references: [JSON.stringify({ properties: { mail: {} } })], names: ['person.json'] }
    const whole = object({ in: { $ref: 'person.json' } })
    expect(fault(KEEP, whole, { ...beside, tags: [['$.mail', ['PII']]] })).toContain('`in.mail`')
    expect(fault(KEEP, whole, { ...beside, tags: [['$.other', ['PII']]] })).toBe('none')
    const plain = { ...more, references: [JSON.stringify({ definitions: { name: {} } })] }
    expect(fault(KEEP, schema, plain)).toBe('none')
  })

  it('may be told by the registry beside the schema', () => {
    const schema = object({
      in: object({ list: { type: 'array', items: object({ mail: {} }) }, next: { $ref: '#' } }),
    })
    const told = (pattern: string) => fault(KEEP, schema, { tags: [[pattern, ['PII']]] })
    for (const pattern of ['$.in.list[0].mail', '$.in.list[*].mail', '$.in.list[12].mail', '**.mail', '$.in'])
      expect(told(pattern), pattern).toContain('`PII`')
    expect(told('$.in.next.in.next.in.list')).toContain('carries the tag `PII`')
    for (const pattern of ['$.other', '$.list', 'in', '*.mail', '$.in.*.*.mail'])
      expect(told(pattern), pattern).toBe('none')
  })

  it('is bounded', () => {
    const many = object(
      Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`p${at}`, { $ref: '#' }])),
      { allOf: Array.from({ length: 400 }, (_, at) => ({ properties: { [`q${at}`]: { $ref: '#' } } })) },
    )
    expect(fault('a: drop', many)).toBe('schema-too-large')
    const facets = {
      $defs: Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`d${at}`, { title: `${at}` }])),
    }
    const all = Object.keys(facets.$defs).map((name) => ({ $ref: `#/$defs/${name}` }))
    expect(fault('a: drop', object({ a: { allOf: all } }, facets))).toBe('schema-too-large')
    expect(fault('a: drop', { type: 'array' })).toBe('schema-refused')
  })
})

it('values without a frame, and in other forms, have no tags that are read', () => {
  const plan = planOf('a: keep', TAGS)
  const options = { now: 0, compacted: false, keyRules: [] }
  for (const form of [
    { ...FORM, checksFrames: false },
    { ...FORM, value: { ...FORM.value, inner: 'payload' } },
    { ...FORM, value: { ...FORM.value, framing: 'none' } },
  ] as const)
    expect(() => messageEngine(plan, options, form)).toThrow(/has no schema whose tags are read/)
  expect(outcomes('a: keep', object({}), [{ a: 1 }])).toEqual([{ a: 1 }])
})
