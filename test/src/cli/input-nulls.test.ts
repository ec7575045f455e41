/** Words that stand for nothing: they leave as they were written, and never become a token, a name or a shift. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchOf } from '../run/batch-of.ts'

const WORDS = ['\\N', 'NULL', 'N/A', 'n,a', '-1']
const policy = `fields:
  v: { use: mask.replace, with: x }
  k: keep
input: { nulls: ${JSON.stringify(WORDS)} }
`
const value = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.constantFrom('', 'null', 'N', ' NULL', '\\\\N', 'n', 'é'),
)
const cell = (text: string, quoted: boolean): string => (quoted || text.includes(',') ? `"${text}"` : text)

it('hold in CSV and JSON, for every value of every record and no other', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(value, value, fc.boolean()), { minLength: 1, maxLength: 20 }),
      async (rows) => {
        const masked = (text: string): string => (text === '' || WORDS.includes(text) ? text : 'x')
        const csv = await batchOf(
          policy,
          `v,k\n${rows.map(([v, k, q]) => `${cell(v, q)},${cell(k, q)}\n`).join('')}`,
        )
        expect(csv.out).toBe(
          `v,k\n${rows.map(([v, k]) => `${cell(masked(v), false)},${cell(k, false)}\n`).join('')}`,
        )
        const ndjson = await batchOf(policy, rows.map(([v, k]) => `${JSON.stringify({ v, k })}\n`).join(''), {
          name: 'a.ndjson',
        })
        expect(ndjson.out).toBe(rows.map(([v, k]) => `${JSON.stringify({ v: masked(v), k })}\n`).join(''))
        const nothing = rows.filter(([v]) => masked(v) === v && v !== 'x').length
        expect([csv, ndjson].map(({ account }) => account.rules[0]!.null)).toEqual([nothing, nothing])
      },
    ),
    { numRuns: 20 },
  )
})

it('are numbers too, where they are listed, but no names of maps', async () => {
  const { out } = await batchOf(
    `fields:\n  v: { use: mask.replace, with: x }\n  m.*: keep\n  m.$names: { use: mask.replace, with: y }\ninput: { nulls: ["-1", "NULL"] }\n`,
    '{"v":-1,"m":{"NULL":"a"}}\n{"v":-1.0,"m":{}}\n',
    { name: 'a.ndjson' },
  )
  expect(out).toBe('{"v":-1,"m":{"y":"a"}}\n{"v":"x","m":{}}\n')
})
