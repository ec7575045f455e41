import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InputForm } from '../../../src/policy/input-form.ts'
import { batchOf, refusal } from './batch-of.ts'

const POLICY = 'fields:\n  id: { use: mask.replace, with: x }\n  at: { use: generalize.date, to: day }\n'
const GOOD = '2026-03-01T10:00:00Z'

const cell = fc.constantFrom(
  'a',
  GOOD,
  GOOD,
  GOOD,
  '"a\nb"',
  'a"b',
  '"a',
  'b"',
  '',
  '""',
  '#',
  '\r',
  '\\"',
  '"\\"\n"',
)
const row = fc.array(cell, { minLength: 1, maxLength: 3 }).map((cells) => cells.join(','))
const table = fc
  .array(fc.oneof(row, fc.constant(`1,${GOOD}`)), { maxLength: 40 })
  .map((rows) => rows.join('\n'))
const forms = fc.constantFrom<InputForm>(
  {},
  { quote: 'none' },
  { escape: 'backslash' },
  { comment: '#' },
  { skipLines: 1 },
)

describe('records at given lines', () => {
  it('are those of the dead letters that name them: read alone, they die of the same', async () => {
    await fc.assert(
      fc.asyncProperty(table, forms, fc.integer({ min: 8, max: 200 }), async (rows, form, chunkBytes) => {
        const text = `${form.skipLines === 1 ? 'above\n' : ''}id,at\n${rows}\n`
        const whole = await batchOf(POLICY, text, { form })
        const only = { by: 'line', numbers: new Set(whole.dead.map(({ line }) => line)) } as const
        const again = await batchOf(POLICY, text, { form, only, chunkBytes })
        expect(again.dead).toEqual(whole.dead)
        expect(again.account).toMatchObject({
          published: 0,
          blank: 0,
          deadLettered: whole.account.deadLettered,
        })
        // And of the same lines those that a mended policy takes.
        const mended = await batchOf(POLICY.replace('to: day', "to: day, else: 'null'"), text, { form, only })
        expect(mended.account.records).toBe(again.account.records)
      }),
      { numRuns: 15 },
    )
  })

  it('are those of NDJSON, too, with lines as they stand in the file', async () => {
    const text = `{"id":1,"at":"x"}\n\n{"id":2,"at":"${GOOD}"}\n{"id":\n{"id":3,"at":"x"}`
    const { dead, account } = await batchOf(POLICY, text, {
      name: 'in.ndjson',
      only: { by: 'line', numbers: new Set([4, 5]) },
    })
    expect([dead.map(({ line }) => line), account.records, account.blank]).toEqual([[4, 5], 2, 0])
  })

  const element = fc.oneof(
    fc.constant(`{"id":1,"at":"${GOOD}"}`),
    fc.constantFrom(
      '{"id":1,"at":"x"}',
      '{\n"id":\n2,"at":"y y"}',
      '4',
      '[]',
      '"a"',
      'nul',
      '{"id":1,"id":2}',
      '{"at":[1]}',
    ),
    fc.nat({ max: 90 }).map((length) => `{"id":"${'é'.repeat(length)}","at":"z"}`),
  )
  const values = fc.array(fc.tuple(element, fc.constantFrom('', ' ', '\n', ' \n\n')), {
    minLength: 1,
    maxLength: 30,
  })

  it('of JSON that is not one record a line are those of given ordinals', async () => {
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.integer({ min: 8, max: 200 }),
        fc.boolean(),
        async (all, chunkBytes, isTight) => {
          const text = `[${all.map(([one, blank]) => `${one}${blank}`).join(',')}]`
          // Longer records are passed over while the file is cut.
          const options = { name: 'in.json', ...(isTight ? { maxRecordBytes: 40 } : {}) }
          const whole = await batchOf(POLICY, text, options)
          const numbers = new Set(whole.dead.map(({ record }) => record!))
          const only = { by: 'record', numbers } as const
          const again = await batchOf(POLICY, text, { ...options, only, chunkBytes })
          expect(again.dead).toEqual(whole.dead)
          expect(again.account).toMatchObject({ published: 0, deadLettered: whole.account.deadLettered })
          const wrong = { by: 'record', numbers: new Set([...numbers, all.length + 1]) } as const
          expect(await refusal(POLICY, text, { ...options, only: wrong })).toContain(
            `record ${all.length + 1}`,
          )
        },
      ),
      { numRuns: 8 },
    )
  })

  it('have to begin there', async () => {
    const text = `id,at\n1,"a\nb"\n`
    expect(await refusal(POLICY, text, { only: { by: 'line', numbers: new Set([3]) } })).toContain(
      'in.csv, line 3: a dead letter is listed',
    )
    expect(await refusal(POLICY, text, { only: { by: 'line', numbers: new Set([9]) } })).toContain('line 9')
  })
})
