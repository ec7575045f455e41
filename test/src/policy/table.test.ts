import fc from 'fast-check'
import { parseString } from 'fast-csv'
import { describe, expect, it } from 'vitest'
import { readTable, TableError } from '../../../src/policy/table.ts'

const oracle = (text: string, delimiter: string): Promise<string[][]> =>
  new Promise((resolve, reject) => {
    const rows: string[][] = []
    parseString(text, { delimiter, headers: false })
      .on('error', reject)
      .on('data', (row: string[]) => rows.push(row))
      .on('end', () => resolve(rows))
  })

describe('readTable', () => {
  it('reads RFC 4180', () => {
    expect(readTable('a;b\r\n"x;""y""\n";\n', ';')).toEqual([
      ['a', 'b'],
      ['x;"y"\n', ''],
    ])
    expect(readTable('', ',')).toEqual([])
    expect(readTable('\ufeffa', ',')).toEqual([['a']])
    expect(readTable('a,', ',')).toEqual([['a', '']])
    expect(readTable('\n', ',')).toEqual([['']])
  })
  it.each([
    ['a\n"b', 2, 'never closes'],
    ['a"b', 1, 'not quoted'],
    ['"a"b', 1, 'closing quote'],
    ['a\rb', 1, 'CR'],
    ['"a\nb\n"\n"c"d', 4, 'closing quote'],
  ])('refuses %j on line %i', (text, line, message) => {
    const read = () => readTable(text, ',')
    expect(read).toThrow(TableError)
    expect(read).toThrow(message)
    try {
      read()
    } catch (error) {
      expect((error as TableError).line).toBe(line)
    }
  })
  it('reads what fast-csv reads', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', ';', '"', '\n', '\r\n') })
    const row = fc.array(field, { minLength: 2, maxLength: 4 })
    const print = (text: string) => (/[;"\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n'),
        async (rows, newline) => {
          const text = rows.map((fields) => fields.map(print).join(';') + newline).join('')
          expect(readTable(text, ';')).toEqual(rows)
          expect(await oracle(text, ';')).toEqual(rows)
        },
      ),
    )
  })
})
