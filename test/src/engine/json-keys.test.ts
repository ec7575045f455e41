/** Record keys that are JSON: rules for their members, and what becomes of keys that are none. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Message } from '../../../src/engine/message.ts'
import type { MessageEngine } from '../../../src/engine/message-engine.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, createKeyset } from '../../../src/keys/keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { keyRules } from '../../../src/policy/key-rules.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { type FlatOutcome, rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 0, 1)
const keys = Keyring.fromKeyset(addKey(createKeyset(new Date(NOW)), new Date(NOW)))

const compiled = (fields: string, more = '') => {
  const source = policyFileOf(
    'p.yaml',
    `policy: p\nversion: 1\npurpose: train_ai_system\n${more}fields:\n${fields}`,
  )
  const { plan, policy, problems } = compilePolicy(source, { keys })
  if (plan === undefined || policy === undefined) throw new Error(JSON.stringify(problems))
  return { plan, rules: keyRules(policy, source, keys) }
}

const engineFor = ({ plan, rules }: ReturnType<typeof compiled>, compacted = false): MessageEngine =>
  messageEngine(plan, { now: NOW, compacted, keyRules: rules })

const engineOf = (fields: string, { compacted = false, more = '' } = {}): MessageEngine =>
  engineFor(compiled(fields, more), compacted)

const message = (key: string | Uint8Array | null, value: unknown = {}): Message => ({
  key: key === null ? null : Buffer.from(key as string),
  value: value === null ? null : Buffer.from(JSON.stringify(value)),
  headers: undefined,
  timestamp: NOW,
})
const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()
const keyOf = (engine: MessageEngine, key: string | null, value: unknown = {}): string | null => {
  const [outcome] = rewrite(engine, [message(key, value)])
  expect(outcome).toMatchObject({ kind: 'publish' })
  return text(outcome!.key)
}
const codesOf = (outcomes: readonly FlatOutcome[]) => outcomes.map(({ kind, code }) => code ?? kind)

const HMAC = '{ use: hash.hmac, domain: c }'
/** What is told of a key needs a reason that a field does not need. */
const REASON = ', accept: keys of this test'
const TENS = `{ use: generalize.number, width: 10${REASON} }`

describe('rules for members of a record key', () => {
  it('5. give the token that the same value has in a field of that domain', () => {
    const engine = engineOf(`  after.id: ${HMAC}\n  $key.id: ${HMAC}\n`)
    const [outcome] = rewrite(engine, [message('{"id":1042}', { after: { id: 1042, name: 'n' } })])
    const { id } = JSON.parse(text(outcome!.value)!).after
    expect(id).toMatch(/^k1\./)
    expect(text(outcome!.key)).toBe(`{"id":"${id}"}`)
    const wrapped = engineOf(`  after.id: ${HMAC}\n  $key.payload.id: ${HMAC}\n`)
    const key = '{"schema":{"type":"struct","fields":[]},"payload":{"id":1042}}'
    expect(keyOf(wrapped, key)).toBe(`{"payload":{"id":"${id}"}}`)
    const scalar = engineOf('  $key: { use: hash.hmac, domain: c, format: json }\n')
    expect(keyOf(scalar, ' "1042" ')).toBe(`"${id}"`)
    expect(keyOf(scalar, '1042')).toBe(`"${id}"`)
  })

  it('let nothing leave that they do not name', () => {
    const engine = engineOf(`  $key.id: ${TENS}\n`)
    expect(keyOf(engine, '{"mail":"x@y.example","id":42,"o":{"id":7}}')).toBe('{"id":"[40,50)"}')
    expect(engine.account).toMatchObject({ published: 1, unlisted: 2 })
    expect(keyOf(engine, '{"other":1}')).toBe('{}')
    expect(keyOf(engine, null)).toBe(null)
    const dropped = engineOf('  $key: { use: drop, format: json }\n')
    expect(keyOf(dropped, '{"id":1}')).toBe(null)
  })

  it('may ask for values of the record', () => {
    const engine = engineOf(
      `  kind: { use: generalize.category, allow: [a, b] }\n  $key.id: [{ use: mask.null, when: { kind: a } }, ${HMAC}]\n`,
    )
    expect(keyOf(engine, '{"id":1}', { kind: 'a' })).toBe('{"id":null}')
    expect(keyOf(engine, '{"id":1}', { kind: 'b' })).toMatch(/^\{"id":"k1\./)
  })

  it('make what is no such key a dead letter, and no other record', () => {
    const bad: readonly (readonly [string | Uint8Array, string])[] = [
      ['', 'key-not-json'],
      ['1042', 'key-not-json'],
      ['K-1042', 'key-not-json'],
      ['{"id":1', 'key-not-json'],
      ['{"id":1,"id":2}', 'key-not-json'],
      ['{"id":{}}', 'key-not-json'],
      ['{"id":1}{"id":1}', 'key-not-json'],
      ['{"id":"\\ud800"}', 'key-not-json'],
      ['[{"id":1},{"id":2}]', 'key-not-json'],
      ['{"id":"text"}', 'unparsable'],
      [Buffer.from([0x22, 0xff, 0x22]), 'key-not-utf8'],
    ]
    const engine = engineOf(`  $key.id: ${TENS}\n`)
    const good = message('{"id":42}')
    const outcomes = rewrite(
      engine,
      bad.flatMap(([key]) => [good, message(key), message(key, null)]).concat(good),
    )
    const expected = bad.flatMap(([, code]) => ['publish', code, code]).concat('publish')
    expect(codesOf(outcomes)).toEqual(expected)
    for (const { kind, key } of outcomes) if (kind === 'publish') expect(text(key)).toBe('{"id":"[40,50)"}')
    expect(reconciles(engine.account)).toBe(true)
  })

  it('with format: json take a scalar, and no container', () => {
    const engine = engineOf('  $key: { use: hash.hmac, domain: c, format: json }\n')
    const outcomes = rewrite(
      engine,
      ['{"id":1}', '["a"]', 'a', '"a', '', '"a"'].flatMap((key) => [message(key), message(key, null)]),
    )
    expect(codesOf(outcomes)).toEqual([...Array(10).fill('key-not-json'), 'publish', 'tombstone'])
    expect(outcomes[11]!.tombstones.map(text)).toEqual([text(outcomes[10]!.key)])
  })

  it('with unlisted: reject, and into a compacted topic, take no member that they do not name', () => {
    const key = '{"id":1,"region":"eu"}'
    for (const options of [{ more: 'unlisted: reject\n' }, { compacted: true }]) {
      const engine = engineOf(`  $key.id: ${HMAC}\n`, options)
      expect(codesOf(rewrite(engine, [message(key), message(key, null)]))).toEqual([
        'key-member-unlisted',
        'key-member-unlisted',
      ])
      const named = engineOf(`  $key.id: ${HMAC}\n  $key.region: drop\n`, options)
      expect(codesOf(rewrite(named, [message(key), message(key, null)]))).toEqual(['publish', 'tombstone'])
    }
  })
})

describe('a tombstone under a JSON key', () => {
  const FIELDS = `  $key.id: ${HMAC}\n  $key.shop: { use: hash.hmac, domain: s, key: k1 }\n`
  const key = '{"id":1042,"shop":"a"}'

  it('goes under the key that the record had', () => {
    const [record, tombstone] = rewrite(engineOf(FIELDS), [message(key), message(key, null)])
    expect(tombstone).toMatchObject({ kind: 'tombstone' })
    expect(tombstone!.tombstones.map(text)).toEqual([text(record!.key)])
  })

  it('goes under those of every enabled key into a compacted topic', () => {
    const engine = engineOf(FIELDS, { compacted: true })
    const [record, tombstone] = rewrite(engine, [message(key), message(key, null)])
    const written = tombstone!.tombstones.map((one) => JSON.parse(text(one)!) as Record<string, string>)
    const ids = written.map(({ id, shop }) => `${id!.split('.')[0]} ${shop!.split('.')[0]}`)
    expect(ids.sort()).toEqual(['k1 k1', 'k2 k1', 'k2 k2'])
    expect(tombstone!.tombstones.map(text)).toContain(text(record!.key))
    expect(engine.account).toMatchObject({ records: 2, published: 1, tombstones: 1 })
  })

  it('fits no rule that asks for a value', () => {
    const engine = engineOf(`  kind: keep\n  $key.id: [{ when: { kind: [a] }, use: hash.hmac, domain: c }]\n`)
    expect(codesOf(rewrite(engine, [message('{"id":1}', null)]))).toEqual(['no-rule-matches'])
  })

  it('is none where nothing of its key may leave', () => {
    const engine = engineOf('  $key: { use: mask.null, format: json }\n')
    const [record, tombstone] = rewrite(engine, [message('"a"'), message('"a"', null)])
    expect([record!.kind, record!.key, tombstone!.kind]).toEqual(['publish', null, 'suppress'])
  })
})

describe('a JSON key', () => {
  const rules = (prefix: string) =>
    `  ${prefix}id: ${TENS}\n  ${prefix}o.x: { use: mask.characters, keepLast: 1, length: 4 }\n  ${prefix}o.y: { use: keep${REASON} }\n`
  const anyKey = fc.oneof(
    fc.record(
      {
        id: fc.oneof(fc.integer(), fc.constant(null), fc.constant('x'), fc.constant('')),
        o: fc.oneof(
          {
            weight: 5,
            arbitrary: fc.record(
              { x: fc.string(), y: fc.oneof(fc.string(), fc.integer()) },
              { requiredKeys: [] },
            ),
          },
          fc.constantFrom(null, 1, []),
        ),
        z: fc.jsonValue({ maxDepth: 1 }),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue({ maxDepth: 1 }),
  )
  const anyText = fc
    .tuple(
      anyKey,
      fc.constantFrom(undefined, 1),
      fc.option(fc.tuple(fc.nat(), fc.constantFrom('', ',', '"', 'x'))),
    )
    .map(([key, space, damage]) => {
      const whole = JSON.stringify(key, null, space)
      if (damage === null) return whole
      const at = damage[0] % (whole.length + 1)
      return whole.slice(0, at) + damage[1] + whole.slice(at + 1)
    })

  it.each(['drop', 'reject'])('becomes what a record of the same JSON becomes, unlisted: %s', (unlisted) => {
    const more = `unlisted: ${unlisted}\n`
    const { plan } = compiled(rules('').replaceAll(REASON, ''), more)
    const ofKeys = compiled(rules('$key.'), more)
    const values = createDeidentifier(plan, { format: 'json', now: NOW })
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 8 }), (written) => {
        const engine = engineFor(ofKeys)
        const outcomes = rewrite(
          engine,
          written.flatMap((key) => [message(key), message(key, null)]),
        )
        for (const [at, key] of written.entries()) {
          const alone = values.deidentify(Buffer.from(key))
          const expected = alone.kind === 'publish' ? text(alone.value) : undefined
          const [record, tombstone] = outcomes.slice(at * 2)
          expect([record!.kind, tombstone!.kind]).toEqual(
            alone.kind === 'publish' ? ['publish', 'tombstone'] : ['dead-letter', 'dead-letter'],
          )
          if (expected === undefined) {
            expect(record!.code).toBe(tombstone!.code)
            continue
          }
          expect(text(record!.key)).toBe(expected)
          expect(tombstone!.tombstones.map(text)).toEqual([expected])
        }
        expect(reconciles(engine.account)).toBe(true)
      }),
    )
  })
})
