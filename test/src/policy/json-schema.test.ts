import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { policyJsonSchema } from '../../../src/policy/json-schema.ts'
import { transforms } from '../../../transforms/index.ts'

type Schema = Record<string, unknown>

/** The keywords of draft-07 that the schema uses; any other one is an error, so that none is overlooked. */
const KNOWN = new Set(
  '$schema $ref title description definitions default type const enum properties required additionalProperties propertyNames items minItems maxItems anyOf oneOf allOf if then pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf format'.split(
    ' ',
  ),
)

/** Whether `value` fits `schema`, as draft-07 says for those keywords. */
function fits(value: unknown, schema: Schema | boolean, root: Schema): boolean {
  if (typeof schema === 'boolean') return schema
  for (const keyword of Object.keys(schema)) expect([keyword, KNOWN.has(keyword)]).toEqual([keyword, true])
  if (schema['$ref'] !== undefined) {
    const name = String(schema['$ref']).replace('#/definitions/', '')
    return fits(value, (root['definitions'] as Record<string, Schema>)[name]!, root)
  }
  const every = (list: unknown, check: (item: Schema) => boolean) => ((list as Schema[]) ?? []).every(check)
  const count = (list: unknown) => (list as Schema[]).filter((item) => fits(value, item, root)).length
  if (schema['type'] !== undefined && ![schema['type']].flat().some((type) => isOf(value, String(type))))
    return false
  if ('const' in schema && schema['const'] !== value) return false
  if (schema['enum'] !== undefined && !(schema['enum'] as unknown[]).includes(value)) return false
  if (schema['anyOf'] !== undefined && count(schema['anyOf']) === 0) return false
  if (schema['oneOf'] !== undefined && count(schema['oneOf']) !== 1) return false
  if (!every(schema['allOf'], (item) => fits(value, item, root))) return false
  if (schema['if'] !== undefined && fits(value, schema['if'] as Schema, root))
    if (!fits(value, schema['then'] as Schema, root)) return false
  if (typeof value === 'string') {
    if (schema['pattern'] !== undefined && !new RegExp(String(schema['pattern']), 'u').test(value))
      return false
    if (value.length < Number(schema['minLength'] ?? 0)) return false
  }
  if (typeof value === 'number') {
    if (value < Number(schema['minimum'] ?? -Infinity) || value > Number(schema['maximum'] ?? Infinity))
      return false
  }
  if (Array.isArray(value)) {
    if (value.length < Number(schema['minItems'] ?? 0)) return false
    return schema['items'] === undefined || value.every((item) => fits(item, schema['items'] as Schema, root))
  }
  if (!isOf(value, 'object')) return true
  const members = value as Record<string, unknown>
  if (!((schema['required'] as string[]) ?? []).every((name) => name in members)) return false
  const properties = (schema['properties'] as Record<string, Schema>) ?? {}
  return Object.entries(members).every(([name, member]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties']
    return own === undefined || fits(member, own as Schema, root)
  })
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

const schema = policyJsonSchema() as Schema
const head = 'policy: p\nversion: 1\npurpose: train_ai_system\n'
const check = (text: string) => fits(parse(head + text), schema, schema)

describe('the JSON Schema of a policy', () => {
  it('is draft-07 and the same every time', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#')
    expect(JSON.stringify(policyJsonSchema())).toBe(JSON.stringify(schema))
  })

  it.each([
    'fields: { a: keep }',
    'fields: { a: generalize.zip3 }',
    'fields: { a: { use: hash.hmac, domain: d, key: k1, category: user.contact.email, role: direct-identifier } }',
    'fields: { a: { use: keep.subtree, accept: because it is right } }',
    'fields: { a: [{ when: { b: [1, null, x], c: true }, use: keep }, { use: drop }] }',
    'fields: { a: { use: generalize.prefix, keep: 3, else: { constant: 1 } }, b: { from: a, use: keep } }',
    'subject: a\ntime: { path: b, format: date-time, zone: UTC }\nunlisted: reject\nfields: { a: keep }\ncolumns: { x: a }',
    'time: b\nfields: { a: keep }\nretention: { steps: [{ after: 1d, fields: { a: { use: generalize.prefix, keep: 1 } } }, { after: 2d, then: suppress }] }',
  ])('takes %s', (text) => {
    expect(check(text)).toBe(true)
  })

  it.each([
    'feilds: { a: keep }',
    'fields: { a: 1 }',
    'fields: { a: hash.hmac }',
    'fields: { a: keeep }',
    'fields: { a: { use: hash.hmac } }',
    'fields: { a: { use: hash.hmac, domain: d, bits: many } }',
    'fields: { a: { use: hash.hmac, domian: d } }',
    'fields: { a: { use: keep, else: null } }',
    'fields: { a: { use: keep.subtree } }',
    'fields: { a: { use: generalize.zip3, key: k1 } }',
    'fields: { a: { use: keep, role: none } }',
    'fields: { a: [] }',
    'unlisted: keep\nfields: { a: keep }',
    'fields: { a: keep }\nretention: { steps: [{ after: 1d, fields: { a: { use: drop, when: { b: [c] } } } }] }',
    'fields: { a: keep }\nretention: { steps: [{ after: soon, then: suppress }] }',
  ])('refuses %s', (text) => {
    expect(check(text)).toBe(false)
  })

  it('describes every word, every transform and every option', () => {
    const { rule } = schema['definitions'] as Record<
      string,
      { properties: Record<string, Schema>; allOf: Schema[] }
    >
    for (const [word, { description }] of Object.entries(rule!.properties))
      expect([word, description]).toEqual([word, expect.any(String)])
    for (const transform of transforms) {
      const branch = rule!.allOf.find((one) => JSON.stringify(one['if']).includes(`"${transform.name}"`))
      const { properties } = branch!['then'] as { properties: Record<string, Schema> }
      for (const option of Object.keys(transform.options.shape))
        expect([transform.name, option, properties[option]?.['description']]).toEqual([
          transform.name,
          option,
          expect.any(String),
        ])
    }
  })
})
