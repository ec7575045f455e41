import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parseString } from 'fast-csv'
import { describe, expect, it } from 'vitest'
import { hierarchy } from '../../../transforms/generalize/hierarchy.ts'
import { coarser } from '../coarser.ts'
import { compiled, contextWith, optionError, running } from './compiling.ts'

const JOBS = [
  ['nurse', 'medical', '*'],
  ['surgeon', 'medical', '*'],
  ['Other', 'Other', '*'],
]

const context = contextWith({ 'jobs.csv': JOBS })

describe('generalize.hierarchy', () => {
  it('gives the cell of the level', () => {
    const [one, two] = [1, 2].map((level) => running(hierarchy, { file: 'jobs.csv', level }, context))
    expect(['nurse', 'surgeon', 'Other', 'Nurse', ' nurse', 'medical', '__proto__'].map(one!)).toEqual([
      'medical',
      'medical',
      'Other',
      '!not-listed',
      '!not-listed',
      '!not-listed',
      '!not-listed',
    ])
    expect(two!('nurse')).toBe('*')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(one!(text)).toBe(JOBS.find(([value]) => value === text)?.[1] ?? '!not-listed')
      }),
    )
  })

  it('calls a level weak that leaves most values apart, as they are or under other texts', () => {
    const weak = (rows: readonly (readonly string[])[], level = 1) =>
      compiled(hierarchy, { file: 'h.csv', level }, contextWith({ 'h.csv': rows })).weaknesses?.map(
        ({ option }) => option,
      )
    const same = Array.from({ length: 9 }, (_, i) => [`v${i}`, `v${i}`, '*'])
    expect(weak([...same, ['v9', 'w', '*']])).toEqual(['level'])
    expect(weak(same.map(([value]) => [value!, `other ${value}`, '*']))).toEqual(['level'])
    expect(weak([...same, ['v9', 'w', '*']], 2)).toEqual([])
    expect(weak([...same.slice(0, 3), ['v7', 'w', '*'], ['v8', 'w', '*'], ['v9', 'w', '*']])).toEqual([])
    expect(weak(JOBS)).toEqual([])
  })

  it('promises plain results only where all cells of the level are', () => {
    expect(compiled(hierarchy, { file: 'jobs.csv', level: 1 }, context).plain).toBe(true)
    const spaced = contextWith({ 'a.csv': [['x', 'North America']] })
    expect(compiled(hierarchy, { file: 'a.csv', level: 1 }, spaced).plain).toBe(false)
  })

  const secret = 'Zaphod'
  it.each<[string, string[][], RegExp, string]>([
    ['no rows', [], /no rows/, 'file'],
    ['one column', [[secret]], /row 1: there is one cell/, 'file'],
    [
      'ragged',
      [
        ['a', '*'],
        [secret, 'b', '*'],
      ],
      /row 2: 3 cells, where row 1 has 2/,
      'file',
    ],
    [
      'a hole',
      [
        ['a', 'b', '*'],
        [secret, '', '*'],
      ],
      /row 2: the cell of level 1 is empty/,
      'file',
    ],
    ['an empty value', [['', secret, '*']], /row 1: the cell of level 0 is empty/, 'file'],
    [
      'a value twice',
      [
        [secret, '*'],
        ['b', '*'],
        [secret, '*'],
      ],
      /row 3: its value is that of row 1/,
      'file',
    ],
    [
      'two parents',
      [
        ['a', secret, 'x', '*'],
        ['b', secret, 'y', '*'],
      ],
      /row 2: its cell of level 1 has another parent than in row 1/,
      'file',
    ],
    [
      'two tops',
      [
        ['a', secret, '*'],
        ['b', secret, '+'],
      ],
      /row 2: its cell of level 1/,
      'file',
    ],
    ['a level that is not there', [['a', '*']], /level 2 is above the top/, 'level'],
    [
      'a level that changes nothing',
      [
        ['a', 'a', '*'],
        ['b', 'b', '*'],
      ],
      /leaves every value as it is/,
      'level',
    ],
  ])('refuses a file with %s, and shows no cell', (_, table, message, option) => {
    const level = option === 'level' && table.length === 1 ? 2 : 1
    const error = optionError(hierarchy, { file: 'bad.csv', level }, contextWith({ 'bad.csv': table }))
    expect(error.option).toBe(option)
    expect(error.message).toMatch(message)
    expect(error.message).toContain('bad.csv')
    expect(`${error.message} ${error.suggestion}`).not.toContain(secret)
  })

  it('is coarser at the same or a higher level of the same file', () => {
    expect(coarser(hierarchy, { file: 'a', level: 1 }, { file: 'a', level: 2 })).toBe(true)
    expect(coarser(hierarchy, { file: 'a', level: 2 }, { file: 'a', level: 1 })).toBe(false)
    expect(coarser(hierarchy, { file: 'a', level: 1 }, { file: 'b', level: 2 })).toBe(false)
  })
})

const ADULT = join(import.meta.dirname, '../../../../shared/data/adult')

describe.skipIf(!existsSync(ADULT))('generalize.hierarchy on the hierarchies of Adult', () => {
  const names = existsSync(ADULT)
    ? readdirSync(ADULT).filter((name) => name.startsWith('adult_hierarchy_'))
    : []

  async function tableOf(name: string): Promise<string[][]> {
    const rows: string[][] = []
    for await (const row of parseString(readFileSync(join(ADULT, name), 'utf8'), { delimiter: ';' }))
      rows.push(row)
    return rows
  }

  it.each(names)('%s: every value at every level', async (name) => {
    const table = await tableOf(name)
    expect(table.length).toBeGreaterThan(1)
    for (let level = 1; level < table[0]!.length; level++) {
      const run = running(hierarchy, { file: name, level }, contextWith({ [name]: table }))
      for (const cells of table) expect(run(cells[0]!)).toBe(cells[level])
    }
  })
})
