/** `lethe init` finds texts that hold JSON, and arrays that are sometimes one value; the draft reads every record. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { draftOf } from '../../../src/init/draft.ts'
import { readSample } from '../../../src/init/read-sample.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { folder } from '../cli/lethe.ts'

/** The draft for a file, without its comments; and the policy that it is, with what is undecided dropped. */
async function draft(name: string, text: string): Promise<{ lines: string[]; codes: string[] }> {
  const from = join(folder({ [name]: text }), name)
  const sample = await readSample({ from, format: undefined, rows: 10_000, form: {} })
  const { text: policy } = draftOf(sample, { from, name: 'p', schema: 's', year: 2026 })
  const decided = policy.replaceAll('undecided', 'mask.null')
  const { problems } = compilePolicy(policyFileOf('p.yaml', decided, () => new Uint8Array()))
  return {
    lines: policy.split('\n').filter((line) => line !== '' && !line.trimStart().startsWith('#')),
    codes: problems.map(({ code }) => code),
  }
}

const many = (row: (i: number) => string): string =>
  Array.from({ length: 60 }, (_, i) => `${row(i)}\n`).join('')
const cell = (value: unknown): string => `"${JSON.stringify(value).replaceAll('"', '""')}"`

describe('a draft', () => {
  it('reads cells by what they hold', async () => {
    const rows = many((i) => {
      const owner = i % 9 === 0 ? '' : cell({ customer_id: `C-${i}`, email: `u${i}@x.example` })
      return `${i},${owner},${cell([{ phone: `+4960012345${i % 10}${i % 7}` }])},${i === 5 ? '[]x' : '[]'}`
    })
    const { lines, codes } = await draft('shops.csv', `row_number,shop owner,contacts,broken\n${rows}`)
    expect(lines).toEqual(expect.arrayContaining(['read:', '  shop_owner: json', '  contacts: json']))
    expect(lines).not.toContain('  broken: json')
    expect(lines.join('\n')).toMatch(/^ {2}shop_owner\.email: \{ use: hash\.hmac/m)
    expect(lines.join('\n')).toMatch(/^ {2}"contacts\[\]\.phone": /m)
    expect(lines).toContain('  "shop owner": shop_owner')
    expect(codes).toEqual([])
  })

  it('reads cells of which one in a hundred is cut off, and says so', async () => {
    const rows = Array.from({ length: 200 }, (_, i) =>
      i === 77 ? `${i},"{""ip"": ""203"` : `${i},${cell({ ip: `203.0.113.${i}` })}`,
    )
    const from = join(folder({ 'orders.csv': `order,client details\n${rows.join('\n')}\n` }), 'orders.csv')
    const sample = await readSample({ from, format: undefined, rows: 10_000, form: {} })
    const { text } = draftOf(sample, { from, name: 'p', schema: 's', year: 2026 })
    expect(text).toMatch(/# 1 value is none: .*\n {2}client_details: json\n/s)
    expect(text).toContain('  client_details.ip: { use: generalize.ip')
    expect(text).toContain('199 of 200 present')
  })

  it('reads strings by what they hold, but where no name of it may be shown', async () => {
    const { lines, codes } = await draft(
      'events.ndjson',
      many((i) =>
        JSON.stringify({
          id: i,
          payload: JSON.stringify({ email: `u${i}@x.example` }),
          ids: JSON.stringify({ [`u${i}@x.example`]: 1 }),
          mixed: i === 7 ? 'text' : '{}',
        }),
      ),
    )
    expect(lines).toEqual(expect.arrayContaining(['read:', '  payload: json']))
    expect(lines).not.toContain('  mixed: json')
    expect(lines.join('\n')).not.toContain('@x.example')
    expect(codes).toEqual([])
  })

  it('leaves out what nests deeper than a run reads', async () => {
    const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    for (const [most, levels, isRead] of [
      ['a text may have 63 levels in a record', 63, true],
      ['with one more the record is too deep', 64, false],
      ['and no stack runs out', 20_000, false],
    ] as const) {
      const { lines } = await draft(
        'deep.ndjson',
        many((i) => (i === 5 ? `{"id":5,"o":${deep(20_000)}}` : JSON.stringify({ id: i, o: deep(levels) }))),
      )
      expect(lines.includes('  o: json'), most).toBe(isRead)
    }
  })

  it('takes one value for an array where the sample has both', async () => {
    const { lines, codes } = await draft(
      'mails.ndjson',
      many((i) =>
        JSON.stringify({
          customer_id: `C-${i}`,
          emails: i % 3 ? `u${i}@x.example` : [`u${i}@x.example`, `v${i}@x.example`],
          items: i % 2 ? { sku: 'A' } : [{ sku: 'B' }],
          rare: i === 0 ? ['x'] : 'x',
        }),
      ),
    )
    expect(lines).toEqual(expect.arrayContaining(['shape:', '  emails: either', '  items: either']))
    expect(lines).not.toContain('  rare: either')
    expect(lines.join('\n')).toMatch(/^ {2}"emails\[\]": \{ use: hash\.hmac/m)
    expect(codes).toEqual([])
  })

  it('lists what texts hold beside patterns for the rest', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `note_${i}`)
    const { lines, codes } = await draft(
      'wide.csv',
      `customer_id,owner,${names.join()}\n${many((i) => `C-${i},${cell({ note_1: 'free text', email: `u${i}@x.example` })},${names.map(() => 'some free text here').join()}`)}`,
    )
    expect(lines).toContain('  owner: json')
    expect(lines.join('\n')).toMatch(/^ {2}owner\.email: /m)
    expect(lines.join('\n')).toMatch(/^ {2}owner\.note_1: /m)
    expect(lines.filter((line) => line.includes('*'))).toHaveLength(1)
    expect(lines.join('\n')).not.toContain('note_59')
    expect(codes).toEqual([])
  })
})
