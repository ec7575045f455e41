/** Counts by group, beside the same counted from the rows: of whole blocks, parts of them, and records that fail anywhere. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addAccount, emptyAccount, reconciles } from '../../../src/engine/account.ts'
import { groupCountsOf } from '../../../src/engine/group-outcomes.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import { jsonEngine } from '../../../src/run/engines.ts'

const { plan } = compilePolicy(
  policyFileOf(
    'policy.yaml',
    `policy: test
version: 1
purpose: train_ai_system
time: at
fields:
  at: drop
  country: drop
  age: { use: generalize.number, width: 10 }
  note: { use: mask.characters, keepLast: 2 }
retention: { steps: [{ after: 100d, then: suppress }] }
`,
  ),
)
const NOW = Date.parse('2026-06-01T00:00:00Z')
const counted = { by: 'country', groups: ['DE', 'FR "quoted"'] }

const row = fc.record({
  at: fc.constantFrom('2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z', '2025-01-01T00:00:00Z', 'never'),
  country: fc.constantFrom('DE', 'FR "quoted"', 'AT', 'other', 'none', '', null, undefined),
  age: fc.constantFrom(11, 25, 'x'),
  // Long results make the engine write a block in parts.
  note: fc.constantFrom('abc', 'x'.repeat(2_000)),
})

it('is what became of the records of each group that is named, of others and of none', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 80 }), fc.nat(3), (rows, broken) => {
      const engine = jsonEngine(plan!, { now: NOW, countedGroups: counted, maxResultBytes: 4_000 })
      const lines = [...rows.map((one) => JSON.stringify(one)), ...Array(broken).fill('{"country":"DE",')]
      const text = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      engine.rewrite(padded(text), text.length)
      // Accounts of several chunks are added up.
      const account = emptyAccount(plan!)
      addAccount(account, engine.takeAccount())
      addAccount(account, engine.takeAccount())
      expect(reconciles(account)).toBe(true)
      const expected = new Map<string, number[]>()
      for (const { at, country, age } of rows) {
        const group = !country ? 'none' : counted.groups.includes(country) ? country : 'other'
        const of = expected.get(group) ?? [0, 0, 0]
        of[at === 'never' ? 2 : at.startsWith('2025') ? 1 : age === 'x' ? 2 : 0]!++
        expected.set(group, of)
      }
      for (const { group, counts } of groupCountsOf(counted, account.byGroup))
        expect([group, Object.values(counts)]).toEqual([group, expected.get(group) ?? [0, 0, 0]])
    }),
  )
})
