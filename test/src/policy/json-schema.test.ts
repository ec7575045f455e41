import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { policyJsonSchema } from '../../../src/policy/json-schema.ts'
import { transforms } from '../../../transforms/index.ts'
import { fits, type Schema } from '../draft-07.ts'

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
    'transforms: [./acme.mjs]\nfields: { a: acme.reverse, b: { use: acme.reverse, salt: 1, else: null }, c: [{ when: { b: [1] }, use: acme.other }, { use: drop }] }',
    'transforms: [./acme.mjs]\ntime: b\nfields: { a: keep }\nretention: { steps: [{ after: 1d, fields: { a: { use: acme.reverse, salt: 1 } } }] }',
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
    'fields: { a: { use: drop, else: null } }',
    'fields: { a: { use: keep.subtree } }',
    'fields: { a: { use: generalize.zip3, key: k1 } }',
    'fields: { a: { use: keep, role: none } }',
    'fields: { a: [] }',
    'unlisted: keep\nfields: { a: keep }',
    'fields: { a: keep }\nretention: { steps: [{ after: 1d, fields: { a: { use: drop, when: { b: [c] } } } }] }',
    'fields: { a: keep }\nretention: { steps: [{ after: soon, then: suppress }] }',
    'fields: { a: acme.reverse }',
    'fields: { a: { use: acme.reverse, salt: 1 } }',
    'transforms: []\nfields: { a: keep }',
    'transforms: [./acme.mjs]\nfields: { a: reverse }',
    'transforms: [./acme.mjs]\nfields: { a: { use: acme.reverse, role: none } }',
    'transforms: [./acme.mjs]\nfields: { a: { use: hash.hmac, domian: d } }',
    'transforms: [./acme.mjs]\nfields: { a: hash.hmac }',
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
