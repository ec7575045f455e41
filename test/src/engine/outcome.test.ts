import { describe, expect, it } from 'vitest'
import { OutcomeBatch } from '../../../src/engine/outcome-batch.ts'
import { createDeidentifier, createMessageDeidentifier, type Outcome } from '../../../src/index.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'

const source = policyFileOf(
  'policy.yaml',
  `policy: p
version: 1
purpose: train_ai_system
time: at
retention: { steps: [{ after: 100d, then: suppress }] }
fields:
  at: { use: generalize.date, to: day }
  n: { use: generalize.number, width: 10 }
`,
)
const compiled = compilePolicy(source)
const now = Date.UTC(2026, 0, 1)
const { deidentify } = createDeidentifier(compiled.plan!, { format: 'json', now })
const messages = createMessageDeidentifier(source, compiled, { now })
const ofMessage = (value: string): Outcome =>
  messages.deidentify([{ key: null, value: Buffer.from(value), headers: [], timestamp: -1 }])[0]!

describe('an outcome', () => {
  it.each<[what: string, record: string, told: object]>([
    [
      'published',
      '{"at":"2025-12-31T10:00:00Z","n":12}',
      { kind: 'publish', key: null, headers: [], tombstones: [] },
    ],
    [
      'suppressed, with its reason',
      '{"at":"2025-01-01T10:00:00Z","n":12}',
      { kind: 'suppress', reason: 'retention suppress after 100d', tombstones: [] },
    ],
    [
      'a dead letter of a rule, with its label',
      '{"at":"2025-12-31T10:00:00Z","n":"x"}',
      { kind: 'dead-letter', code: 'unparsable', rule: 'n generalize.number', tombstones: [] },
    ],
    [
      'a dead letter as a whole',
      '{"at":',
      { kind: 'dead-letter', code: 'json-truncated', rule: undefined, tombstones: [] },
    ],
  ])('%s: is the same of a record of a file and of a message', (_, record, told) => {
    const { timestamp: ofFile, ...file } = { timestamp: undefined, ...deidentify(Buffer.from(record)) }
    const { timestamp: ofOther, ...message } = { timestamp: undefined, ...ofMessage(record) }
    const plain = (one: object) =>
      'value' in one ? { ...one, value: Buffer.from(one.value as Uint8Array).toString() } : one
    expect(file).toMatchObject(told)
    expect(plain(file)).toStrictEqual(plain(message))
    expect(ofFile).toBeUndefined()
    expect(ofOther).toBe('value' in message ? Date.UTC(2025, 11, 31) : undefined)
  })

  it('of a tombstone has keys and nothing else', () => {
    const batch = new OutcomeBatch(1)
    batch.tombstone(0, [Buffer.from('k')])
    expect(batch.all([])).toStrictEqual([{ kind: 'tombstone', tombstones: [Buffer.from('k')] }])
  })

  it('keeps each of several reasons, and is a dead letter where nothing was said', () => {
    const batch = new OutcomeBatch(5)
    for (const [index, reason] of ['a', 'b', 'a', 'c'].entries()) batch.suppress(index, reason)
    batch.deadLetter(3, 'key-missing', -1)
    const posted = OutcomeBatch.from(structuredClone(batch.parts()))
    expect(posted.all([]).map((one) => ('reason' in one ? one.reason : one.kind))).toEqual([
      'a',
      'b',
      'a',
      'dead-letter',
      'dead-letter',
    ])
  })
})
