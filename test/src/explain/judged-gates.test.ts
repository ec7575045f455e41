/** Each gate asked by itself says what the whole plan does. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judgeGates } from '../../../src/explain/judged-gates.ts'
import { type GivenRecord, runRecord } from '../../../src/explain/run-record.ts'
import { lookAt, statedData } from '../../../src/gates/stated-data.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { NOTHING_STATED, type StatedGates } from '../../../src/policy/stated-gates.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')
const { plan, problems } = compilePolicy(
  policyFileOf(
    'p.yaml',
    `policy: gated
version: 1
purpose: train_ai_system
time: at
unlisted: reject
fields: { n: { use: generalize.prefix, keep: 1 }, at: drop, id: drop, phone: drop, ok: drop }
suppression:
  - { list: erasures, by: id }
  - { list: phones, by: phone, normalize: phone, entries: sha256-hex }
consent:
  - { from: ok, when: { is: true } }
  - { table: training, by: id }
required: [n]
retention: { steps: [{ after: 60d, then: suppress }] }
`,
  ),
)

const STATED: StatedGates = {
  lists: new Map([
    ['erasures', { kind: 'entries', entries: [['gone']] }],
    ['phones', { kind: 'entries', entries: [['+4930123456']] }],
  ]),
  tables: new Map([
    [
      'training',
      {
        kind: 'statements',
        statements: [
          { subject: 'anna', state: 'granted', from: 0, until: undefined },
          { subject: 'gone', state: 'granted', from: 0, until: undefined },
          { subject: 'ben', state: 'withdrawn', from: 0, until: undefined },
        ],
      },
    ],
  ]),
}

const looking = (stated: StatedGates) =>
  lookAt(
    plan!,
    statedData(plan!, stated, String, () => undefined, NOW),
  )

const judged = (looked: ReturnType<typeof looking>, given: GivenRecord) => ({
  ...runRecord(plan!, given, NOW, looked),
  gates: judgeGates(plan!, given, NOW, looked, runRecord),
})

const optional = <T>(...values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const records = fc.record({
  id: optional<unknown>('anna', 'ben', 'gone', 'dora', '', null),
  phone: optional<unknown>('+4930123456', '0049 30 123456', '+49301', 'x'),
  ok: optional<unknown>(true, false, 'true', [1]),
  n: optional<unknown>(3, 'x', {}, null),
  at: optional<unknown>('2026-02-20T00:00:00Z', '2025-01-01T00:00:00Z', '2027-01-01T00:00:00Z', 'x'),
  more: optional<unknown>(1),
})

it('says what the whole plan does', () => {
  expect(problems).toEqual([])
  const met = new Set<string>()
  const looked = looking(STATED)
  fc.assert(
    fc.property(records, fc.integer({ min: 0, max: 8 }), (record, cut) => {
      const text = JSON.stringify(record)
      const { outcome, gates } = judged(looked, { kind: 'json', text: cut === 8 ? text.slice(0, -1) : text })
      const held = gates.filter(({ says }) => says === 'suppress')
      met.add(outcome.kind === 'suppress' ? outcome.reason : outcome.kind)
      for (const { gate, says } of gates) met.add(`${gate}: ${says}`)
      if (outcome.kind === 'suppress') expect(held[0]?.why).toBe(outcome.reason)
      // Retention comes behind what makes a dead letter.
      else expect(held.filter(({ gate }) => gate !== 'retention')).toEqual([])
      if (outcome.kind === 'publish') expect(gates.filter(({ says }) => says !== 'pass')).toEqual([])
      if (gates.some(({ says }) => says === 'dead-letter')) expect(outcome.kind).not.toBe('publish')
    }),
    { numRuns: 200 },
  )
  expect([...met]).toEqual(
    expect.arrayContaining([
      'suppression list erasures: suppress',
      'suppression list phones: suppress',
      'suppression list phones: dead-letter',
      'consent in ok: suppress',
      'consent table training: suppress',
      'required values: dead-letter',
      'retention: suppress',
      'retention: dead-letter',
      'retention: pass',
    ]),
  )
})

it('asks gates although fields are broken, and says which could not read', () => {
  const says = (text: string, stated = STATED) =>
    judged(looking(stated), { kind: 'json', text }).gates.map((one) => one.says)
  const record = '{"id":"anna","ok":true,"at":"2026-02-20T00:00:00Z"'
  const pass = Array(6).fill('pass')
  expect(says(`${record},"n":1}`)).toEqual(pass)
  expect(says(`${record},"n":{"a":1}}`).slice(0, 4)).toEqual(pass.slice(0, 4))
  expect(says(`${record},"n":1,"more":1}`)).toEqual(pass)
  expect(says(`${record},"n":1`)).toEqual(Array(6).fill('not-read'))
  expect(says('{"id":"gone"')).toEqual(['suppress', ...Array(5).fill('not-read')])
  expect(says(`${record},"n":1}`, NOTHING_STATED)).toEqual([
    'not-looked-at',
    'not-looked-at',
    'pass',
    'not-looked-at',
    'pass',
    'pass',
  ])
})
