/** Gates of a kind that no policy has yet: each is its own file and a line in a list, and everything else follows. */

import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Gate } from '../../../src/engine/gate.ts'
import { besideOf, MessageEngine } from '../../../src/engine/message-engine.ts'
import { TextTombstones } from '../../../src/engine/tombstones.ts'
import { retentionGate } from '../../../src/gates/retention.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { parsePath } from '../../../src/policy/path.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { padded } from '../../../src/record/codec.ts'
import { JsonCodec } from '../../../src/record/json/json-codec.ts'
import { shapeOf } from '../../../src/record/shape.ts'
import { rewrite } from './flat-outcome.ts'

const NOW = Date.UTC(2026, 0, 1)

function planOf(more = ''): Plan {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  a: keep\n  b: { use: generalize.number, width: 10 }\n${more}`
  const readFile = () => {
    throw new Error('no file')
  }
  return compilePolicy({ file: 'p.yaml', text, readFile }, {}).plan!
}

/** Without consent to the purpose, in a list of the event, a record is suppressed. */
const consent: Gate = {
  name: 'consent',
  phase: 'before-rules',
  reads: [parsePath('consents[].purpose')],
  reasons: ['no consent'],
  judge(records) {
    for (let record = records.from; record < records.to; record++)
      if (!records.isOut(record) && !records.texts(record, 0).includes('train'))
        records.suppress(record, 'no consent')
  },
}

/** Records of a source that is not known are dead letters. */
const source: Gate = {
  name: 'source',
  phase: 'before-rules',
  reads: [parsePath('source')],
  reasons: [],
  judge(records) {
    for (let record = records.from; record < records.to; record++)
      if (records.text(record, 0) === 'unknown') records.fail(record, 'no-rule-matches')
  },
}

/** Records of a flag are suppressed once the rules have run. */
const late: Gate = {
  name: 'late',
  phase: 'after-rules',
  reads: [parsePath('flag')],
  reasons: ['flagged'],
  judge(records) {
    for (let record = records.from; record < records.to; record++)
      if (records.text(record, 0) === 'true') records.suppress(record, 'flagged')
  },
}

const reads = (gates: readonly Gate[]) => gates.flatMap((gate) => gate.reads)

function partsOf(plan: Plan, gates: readonly Gate[], kernels: boolean, beside = false) {
  const shape = shapeOf(plan, beside ? besideOf(plan) : [], reads(gates))
  const options = { maxRecordBytes: 1000, showNames: false, kernels }
  const codec = new JsonCodec(shape, {
    ...options,
    notUtf8: 'bad-utf8' as const,
    rejectUnlisted: false,
    fields: plan.fields.length,
  })
  return { plan, shape, codec, gates }
}

const RECORDS = [
  { a: 'one', b: 11, consents: [{ purpose: 'ads' }, { purpose: 'train' }] },
  { a: 'two', b: 12, consents: [{ purpose: 'ads' }] },
  { a: 'three', b: 13 },
  { a: 'four', b: 14, consents: [{ purpose: 'train' }], source: 'unknown' },
  { a: 'five', b: 15, consents: [{ purpose: 'train' }], flag: true },
  { a: 'six', consents: [{ purpose: 'train' }], source: 'known', flag: false },
]

describe.each([true, false])('gates over records, with kernels: %s', (kernels) => {
  it('suppress and refuse under their own reasons, before the rules and after them', () => {
    const engine = new Engine(partsOf(planOf(), [consent, source, late], kernels), { now: NOW })
    const bytes = Buffer.from(RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''))
    const { output, deadLetters } = engine.rewrite(padded(bytes), bytes.length)
    expect(Buffer.from(output).toString()).toBe('{"a":"one","b":"[10,20)"}\n{"a":"six"}\n')
    expect(deadLetters).toEqual([{ record: 3, line: 3, code: 'no-rule-matches', rule: -1 }])
    const { account } = engine
    expect(account.suppressed).toEqual({ 'no consent': 2, flagged: 1 })
    expect(reconciles(account)).toBe(true)
    // Of records that passed the gates before the rules, nothing of the others is counted.
    expect(account.rules.map(({ applied, absent }) => ({ applied, absent }))).toEqual([
      { applied: 3, absent: 0 },
      { applied: 2, absent: 1 },
    ])
  })

  it('leave retention as it is beside them', () => {
    const plan = planOf(
      '  at: { use: generalize.date, to: hour }\ntime: at\nretention: { steps: [{ after: 1d, then: suppress }] }',
    )
    const gates = [retentionGate(plan)!, consent]
    const engine = new Engine(partsOf(plan, gates, kernels), { now: NOW })
    const outcomes = [
      { at: '2025-12-31T23:00:00Z', consents: [{ purpose: 'train' }] },
      { at: '2025-12-30T00:00:00Z', consents: [{ purpose: 'train' }] },
      { at: '2025-12-31T23:00:00Z' },
      { consents: [] },
    ].map((record) => engine.one(Buffer.from(JSON.stringify(record))))
    expect(
      outcomes.map((outcome) => (outcome.kind === 'publish' ? '' : 'reason' in outcome && outcome.reason)),
    ).toEqual(['', 'retention suppress after 1d', 'no consent', false])
    expect(outcomes[3]).toMatchObject({ kind: 'dead-letter', code: 'event-time-missing' })
    expect(engine.account.rules.map(({ applied, absent }) => [applied, absent])).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
    ])
    expect(reconciles(engine.account)).toBe(true)
  })

  it('judge messages too, whose keys follow', () => {
    const plan = planOf('  $key: { use: generalize.prefix, keep: 1 }\n')
    const parts = partsOf(plan, [consent, source, late], kernels, true)
    const engine = new MessageEngine(
      { ...parts, tombstones: new TextTombstones(plan, plan.envelope[0]!.rulesByStep[0]!, []) },
      { now: NOW, compacted: true, keyRules: [] },
    )
    const messages = RECORDS.map((record, index) => ({
      key: Buffer.from(`${index}-key`),
      value: Buffer.from(JSON.stringify(record, null, index % 2)),
      headers: undefined,
      timestamp: 0,
    }))
    const outcomes = rewrite(engine, messages)
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'publish',
      'suppress',
      'suppress',
      'dead-letter',
      'suppress',
      'publish',
    ])
    expect(outcomes.map(({ reason }) => reason)).toEqual([
      undefined,
      'no consent',
      'no consent',
      undefined,
      'flagged',
      undefined,
    ])
    expect(outcomes[4]!.tombstones.map((key) => Buffer.from(key).toString())).toEqual(['4'])
    expect(engine.account.suppressed).toEqual({ 'no consent': 2, flagged: 1 })
    expect(reconciles(engine.account)).toBe(true)
  })
})
