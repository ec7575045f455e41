/** What is counted of a record once a rule has failed it: each rule says what it would have made of its value. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { padded } from '../../../src/record/codec.ts'
import { csvEngine, jsonEngine } from '../../../src/run/engines.ts'

const text = `policy: p
version: 1
purpose: train_ai_system
fields:
  a: { use: generalize.number, width: 10 }
  b: { use: generalize.number, width: 10 }
  c: { use: generalize.date, to: year, else: null }
  d: [{ when: { e: "1" }, use: keep }, { use: generalize.number, width: 10 }]
  e: keep
`
const { plan } = compilePolicy(
  {
    file: 'p.yaml',
    text,
    readFile: () => {
      throw new Error('no file')
    },
  },
  {},
)

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const
type Cell = 'good' | 'bad' | 'nothing'
const GOOD = { a: '12', b: '13', c: '2025-01-02', d: '7', e: '1' }

/** What each rule should count: [applied, null, failed, met]. */
function expected(records: readonly Record<string, Cell>[]): number[][] {
  const counts = plan!.rules.map(() => [0, 0, 0, 0])
  for (const record of records) {
    let isOut = false
    for (const name of NAMES) {
      const cell = record[name]!
      const rules = plan!.rules.filter(({ field }) => field === name)
      const rule = name === 'd' && record['e'] !== 'good' ? rules[1]! : rules[0]!
      const canFail = name !== 'e' && rule.action.kind === 'transform'
      const of = counts[rule.id]!
      if (cell === 'bad' && canFail) of[2]!++
      else if (isOut) of[3]!++
      else if (cell === 'nothing') of[1]!++
      else of[0]!++
      if (cell === 'bad' && canFail && name !== 'c') isOut = true
    }
  }
  return counts
}

const cell = fc.constantFrom<Cell>('good', 'good', 'good', 'bad', 'nothing')
const record = fc.record({ a: cell, b: cell, c: cell, d: cell, e: cell })
const written = (one: Record<string, Cell>): string[] =>
  NAMES.map((name) => (one[name] === 'good' ? GOOD[name] : one[name] === 'bad' ? 'x' : ''))

it.each([true, false])('all rules count, kernels: %s', (kernels) => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), (records) => {
      const json = jsonEngine(plan!, { now: 0, kernels })
      const lines = records.map((one) =>
        JSON.stringify(Object.fromEntries(written(one).map((value, at) => [NAMES[at], value]))),
      )
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      json.rewrite(padded(bytes), bytes.length)
      const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
      const csv = csvEngine(plan!, [...NAMES], 'in.csv', style, { now: 0, kernels })
      const rows = Buffer.from(records.map((one) => `${written(one).join(',')}\n`).join(''))
      csv.rewrite(padded(rows), rows.length)
      const alone = jsonEngine(plan!, { now: 0, kernels })
      for (const line of lines) alone.one(Buffer.from(line))
      for (const { account } of [json, csv, alone]) {
        expect(
          account.rules.map(({ applied, null: nothing, failed, met }) => [applied, nothing, failed, met]),
        ).toEqual(expected(records))
        expect(reconciles(account)).toBe(true)
      }
    }),
  )
})
