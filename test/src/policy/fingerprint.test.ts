import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { canonicalJson } from '../../../src/policy/fingerprint.ts'
import type { KeySource } from '../../../src/policy/key-source.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { transforms } from '../../../transforms/index.ts'
import { defineTransform, type Transform } from '../../../transforms/transform.ts'

const fake = (version: number, list: string): Transform =>
  defineTransform({
    name: 'test.list',
    summary: 'Uses a list and a file.',
    version,
    options: z.strictObject({ file: z.string(), limit: z.number().default(3) }),
    properties: { ...transforms.find((t) => t.name === 'generalize.prefix')!.properties },
    failures: {},
    doesNotStop: '',
    examples: [],
    compile: ({ file }, context) => {
      context.readText(file)
      context.usesList('words', list)
      context.usesPlatform('unicode')
      return { yields: 'string', apply: (text) => text }
    },
  })

const base = `
policy: p
version: 1
purpose: train_ai_system
time: at
fields:
  id: { use: hash.hmac, domain: d }
  word: { use: test.list, file: words.txt }
  code: [{ when: { at: [x, y] }, use: keep }, { use: drop }]
  one: { from: a, use: keep }
  two: { from: b, use: keep }
retention: { steps: [{ after: 30d, fields: { word: drop } }] }
columns: { ident: id }
`

function planOf(
  text: string,
  {
    content = 'x',
    version = 1,
    list = 'l',
    keys,
  }: { content?: string; version?: number; list?: string; keys?: KeySource } = {},
): Plan {
  const { plan, problems } = compilePolicy(
    { file: 'p.yaml', text, readFile: () => Buffer.from(content) },
    { transforms: [...transforms, fake(version, list)], keys },
  )
  expect(problems).toEqual([])
  return plan!
}

const original = planOf(base)

describe('the fingerprint of a policy', () => {
  it('is a SHA-256', () => {
    expect(original.fingerprint).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each<[string, string]>([
    ['a comment', `# about this\n${base}`],
    ['a description', `${base}description: for people\n`],
    ['quotes', base.replace('domain: d', '"domain": "d"')],
    ['a default written out', base.replace('domain: d', 'domain: d, bits: 128')],
    ['another default written out', `${base}unlisted: drop\n`],
    ['the order of keys of a rule', base.replace('use: hash.hmac, domain: d', 'domain: d, use: hash.hmac')],
    ['the order of keys at the top', base.replace('policy: p\nversion: 1', 'version: 1\npolicy: p')],
    ['the order of values of a condition', base.replace('[x, y]', '[y, x]')],
    ['another way to write a path', base.replace('  word:', '  "\\"word\\"":')],
    ['the order of fields that are not derived', base.replace(/( {2}id:.*\n)( {2}word:.*\n)/, '$2$1')],
    ['JSON', JSON.stringify(parse(base))],
  ])('does not change with %s', (_about, text) => {
    expect(text).not.toBe(base)
    expect(planOf(text).fingerprint).toBe(original.fingerprint)
  })

  it.each<[string, string]>([
    ['the name', base.replace('policy: p', 'policy: q')],
    ['the version', base.replace('version: 1', 'version: 2')],
    ['the purpose', base.replace('train_ai_system', 'analytics')],
    ['unlisted', `${base}unlisted: reject\n`],
    ['the subject', `${base}subject: id\n`],
    ['the time', base.replace('time: at', 'time: { path: at, format: date }')],
    ['an option', base.replace('domain: d', 'domain: e')],
    ['an option with a default', base.replace('domain: d', 'domain: d, bits: 256')],
    ['a path', base.replace('  word:', '  words:').replace('fields: { word', 'fields: { words')],
    ['a category', base.replace('domain: d', 'domain: d, category: user.name')],
    ['a role', base.replace('domain: d', 'domain: d, role: sensitive')],
    ['else', base.replace('domain: d', 'domain: d, else: null')],
    ['the key of a rule', base.replace('domain: d', 'domain: d, key: k1')],
    ['from', base.replace('from: a', 'from: c')],
    ['a condition', base.replace('[x, y]', '[x]')],
    ['null in a condition', base.replace('[x, y]', '[x, y, null]')],
    ['the order of derived fields', base.replace(/( {2}one:.*\n)( {2}two:.*\n)/, '$2$1')],
    ['a period', base.replace('30d', '31d')],
    ['a tolerance', base.replace('retention: {', 'retention: { futureTolerance: 1h,')],
    ['a step', base.replace('{ word: drop }', '{ word: mask.null }')],
    ['a column', base.replace('ident: id', 'identity: id')],
  ])('changes with %s', (_about, text) => {
    expect(text).not.toBe(base)
    expect(planOf(text).fingerprint).not.toBe(original.fingerprint)
  })

  it('changes with a file, a list and a version of a transform', () => {
    expect(planOf(base, { content: 'y' }).fingerprint).not.toBe(original.fingerprint)
    expect(planOf(base, { list: 'm' }).fingerprint).not.toBe(original.fingerprint)
    expect(planOf(base, { version: 2 }).fingerprint).not.toBe(original.fingerprint)
  })

  it('does not depend on keys', () => {
    const keys: KeySource = {
      primaryId: 'k7',
      keyset: { keys: [{ id: 'k7', status: 'enabled' }] },
      key: () => ({ id: 'k7', bytes: new Uint8Array(32).fill(9) }),
    }
    const plan = planOf(base, { keys })
    expect(plan.fingerprint).toBe(original.fingerprint)
    expect(plan.keyIds).toEqual(['k7'])
    expect(plan.runnable).toBe(true)
  })

  it('has a digest of its own for what the platform brings', () => {
    expect(original.platform).toMatch(/^[0-9a-f]{64}$/)
    expect(planOf('policy: p\nversion: 1\npurpose: collect\nfields: { a: keep }\n').platform).toBe('')
  })
})

describe('canonicalJson', () => {
  it('sorts names and leaves undefined members out', () => {
    expect(canonicalJson({ b: [1, null], a: { d: undefined, c: 'é' } })).toBe('{"a":{"c":"é"},"b":[1,null]}')
  })
})
