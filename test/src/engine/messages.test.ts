/** What becomes of uncommon messages, and of those for compacted topics. */

import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Message } from '../../../src/engine/message.ts'
import type { MessageEngine } from '../../../src/engine/message-engine.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, createKeyset } from '../../../src/keys/keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { keyRules } from '../../../src/policy/key-rules.ts'
import { messageEngine } from '../../../src/run/engines.ts'
import { rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const OLD = '2020-01-01T00:00:00Z'
const FRESH = '2026-01-01T11:59:00Z'

const keys = Keyring.fromKeyset(addKey(createKeyset(new Date(NOW)), new Date(NOW)))

function rewriterFor(
  fields: string,
  { compacted = false, more = '', time = 'time: at\n' } = {},
): MessageEngine {
  const source = {
    file: 'p.yaml',
    text: `policy: p\nversion: 1\npurpose: train_ai_system\n${time}fields:\n${fields}\n${more}`,
    readFile: () => {
      throw new Error('no file')
    },
  }
  const { plan, policy, problems } = compilePolicy(source, { keys })
  if (plan === undefined || policy === undefined) throw new Error(JSON.stringify(problems))
  const rules = keyRules(policy, source, keys)
  return messageEngine(plan, { now: NOW, compacted, keyRules: rules, maxRecordBytes: 1000 })
}

const message = (value: unknown, more: Partial<Message> = {}): Message => ({
  key: Buffer.from('K-1'),
  value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers: undefined,
  timestamp: Date.UTC(2026, 0, 1, 11, 58, 59),
  ...more,
})

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()
const FIELDS = '  at: { use: generalize.date, to: hour }\n  id: { use: hash.hmac, domain: c }\n'
const KEY = '  $key: { use: hash.hmac, domain: c }\n'
const RETENTION = 'retention: { steps: [ { after: 400d, then: suppress } ] }'

describe('a message', () => {
  it('leaves without its key, headers and timestamp unless the policy names them', () => {
    const rewriter = rewriterFor('  n: keep', { time: '' })
    const headers = [{ name: 'trace', value: Buffer.from('t') }]
    const [outcome] = rewrite(rewriter, [message({ n: 1, secret: 's' }, { headers })])
    expect(outcome).toMatchObject({ kind: 'publish', key: null, headers: [], timestamp: undefined })
    expect(text(outcome!.value)).toBe('{"n":1}')
  })

  it('has one token for its key and for a field of the same domain', () => {
    const [outcome] = rewrite(rewriterFor(FIELDS + KEY), [message({ at: FRESH, id: 'K-1' })])
    expect(JSON.parse(text(outcome!.value)!).id).toBe(text(outcome!.key))
  })

  it('is told at the start of the interval that its time leaves with', () => {
    const cases: [string, string][] = [
      ['hour', '2026-01-01T11:00:00Z'],
      ['day', '2026-01-01T00:00:00Z'],
      ['week', '2025-12-29T00:00:00Z'],
      ['month', '2026-01-01T00:00:00Z'],
      ['year', '2026-01-01T00:00:00Z'],
    ]
    for (const [to, start] of cases) {
      const [outcome] = rewrite(rewriterFor(`  at: { use: generalize.date, to: ${to} }`), [
        message({ at: FRESH }),
      ])
      expect(new Date(outcome!.timestamp!).toISOString().replace('.000', ''), to).toBe(start)
    }
  })

  it('is told by its own timestamp where the policy has a rule for that', () => {
    const rewriter = rewriterFor(`${FIELDS}  $timestamp: { use: generalize.date, to: day }`)
    const [one, none] = rewrite(rewriter, [message({ at: FRESH }), message({ at: FRESH }, { timestamp: -1 })])
    expect(one!.timestamp).toBe(Date.UTC(2026, 0, 1))
    expect(none).toMatchObject({ kind: 'publish', timestamp: undefined })
  })

  it('is told by nothing where its time is left out', () => {
    const rewriter = rewriterFor('  n: keep')
    expect(rewrite(rewriter, [message({ at: FRESH, n: 1 })])[0]!.timestamp).toBe(undefined)
  })

  it('that cannot be taken is a dead letter, and those around it are not', () => {
    const rewriter = rewriterFor(`${FIELDS + KEY}  $headers.h: { use: keep, accept: a header of this test }`)
    const good = message({ at: FRESH, id: 'a' })
    const header = (...values: Buffer[]) => ({ headers: values.map((value) => ({ name: 'h', value })) })
    const bad: [Message, string][] = [
      [message('', {}), 'value-empty'],
      [message('\0\0\0\0\u0001{}'), 'schema-registry-framed'],
      [message('not json'), 'json-syntax'],
      [message('   '), 'json-truncated'],
      [message([1]), 'not-an-object'],
      [message('"text"'), 'not-an-object'],
      [message({ at: FRESH, id: 'x'.repeat(1000) }), 'record-too-large'],
      [message('{"at":1}\n{"at":2}'), 'json-trailing'],
      [message({ at: FRESH, id: {} }), 'container-for-scalar'],
      [message({ id: 'a' }, { key: Buffer.from([0xc3]) }), 'key-not-utf8'],
      [message({ at: FRESH }, header(Buffer.from([0xff]))), 'header-not-utf8'],
      [message({ at: FRESH }, header(Buffer.from('a\0b'))), 'header-not-utf8'],
      [message({ at: FRESH }, header(Buffer.from('a'), Buffer.from('b'))), 'header-repeated'],
      [message(null, { key: null }), 'tombstone-without-key'],
      [{ ...message(''), value: Buffer.from([0xff, 0x7b]) }, 'bad-utf8'],
      [
        {
          ...message(''),
          value: Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')]),
        },
        'bad-utf8',
      ],
    ]
    const outcomes = rewrite(
      rewriter,
      bad.flatMap(([one]) => [good, one, good]),
    )
    for (const [i, [, code]] of bad.entries()) {
      expect(outcomes[i * 3]!.kind, code).toBe('publish')
      expect(outcomes[i * 3 + 1], code).toMatchObject({
        kind: 'dead-letter',
        code,
        value: null,
        key: null,
        tombstones: [],
      })
      expect(outcomes[i * 3 + 2]!.kind, code).toBe('publish')
    }
    expect(reconciles(rewriter.account)).toBe(true)
  })
})

describe('a tombstone', () => {
  it('passes under the token of its key', () => {
    const rewriter = rewriterFor(FIELDS + KEY)
    const [record, tombstone] = rewrite(rewriter, [message({ at: FRESH }), message(null)])
    expect(tombstone).toMatchObject({ kind: 'tombstone', value: null })
    expect(tombstone!.tombstones.map(text)).toEqual([text(record!.key)])
    expect(rewriter.account).toMatchObject({ records: 2, published: 1, tombstones: 1 })
  })

  it('is suppressed where no key may leave', () => {
    const rewriter = rewriterFor(FIELDS)
    expect(rewrite(rewriter, [message(null)])[0]).toMatchObject({ kind: 'suppress', tombstones: [] })
    expect(reconciles(rewriter.account)).toBe(true)
  })
})

describe('into a compacted topic', () => {
  const compacted = (): MessageEngine => rewriterFor(FIELDS + KEY, { compacted: true, more: RETENTION })

  it('a tombstone goes under the token of every enabled key', () => {
    const [record, tombstone] = rewrite(compacted(), [message({ at: FRESH }), message(null)])
    const written = tombstone!.tombstones.map(text)
    expect(written.map((key) => key!.split('.')[0]).sort()).toEqual(['k1', 'k2'])
    expect(written).toContain(text(record!.key))
  })

  it('a suppressed record hides what was published before it', () => {
    const [tombstone, suppressed] = rewrite(compacted(), [message(null), message({ at: OLD })])
    expect(suppressed).toMatchObject({ kind: 'suppress', value: null })
    expect(suppressed!.tombstones.map(text)).toEqual(tombstone!.tombstones.map(text))
  })

  it('nothing goes without a key', () => {
    const outcomes = rewrite(compacted(), [
      message({ at: FRESH }, { key: null }),
      message({ at: OLD }, { key: null }),
    ])
    expect(outcomes.map(({ kind, code }) => [kind, code])).toEqual([
      ['dead-letter', 'key-missing'],
      ['suppress', undefined],
    ])
  })
})
