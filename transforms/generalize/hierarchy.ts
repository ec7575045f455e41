import { z } from 'zod'
import { relabelled, sameBut } from '../restep.ts'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, OptionError, type Transform, type Weakness } from '../transform.ts'
import { arePlain } from './plain-labels.ts'

const options = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe(
      'The hierarchy: a CSV file without header, one line a value, from the value itself to the top.',
    ),
  level: z.int().min(1).max(100).describe('Which column becomes the result. The value itself is level 0.'),
  delimiter: z
    .string()
    .length(1)
    .default(';')
    .describe('The character between two cells. ARX writes a semicolon.'),
})

export interface HierarchyOptions {
  readonly file: string
  readonly level: number
  readonly delimiter: string
}

type Table = readonly (readonly string[])[]

/** Throws `OptionError`: what is wrong in which row of the file, and no cell of it. */
function refuse(file: string, row: number, message: string, suggestion: string): never {
  throw new OptionError(`${file}: row ${row}: ${message}`, 'file', suggestion)
}

/** Throws `OptionError` unless every row has the same two or more cells and none is empty. */
function checkShape(file: string, table: Table): number {
  const columns = table[0]?.length ?? 0
  if (table.length === 0) throw new OptionError(`${file} has no rows`, 'file', 'give a row to every value')
  table.forEach((cells, at) => {
    const row = at + 1
    if (cells.length === 1)
      refuse(
        file,
        row,
        'there is one cell only',
        'check `delimiter`: between cells stands a semicolon unless it is given',
      )
    if (cells.length !== columns)
      refuse(file, row, `${cells.length} cells, where row 1 has ${columns}`, 'give every row the same levels')
    const hole = cells.indexOf('')
    if (hole >= 0) refuse(file, row, `the cell of level ${hole} is empty`, 'fill it, or drop the level')
  })
  return columns
}

/**
 * Throws `OptionError` where a value is listed twice, or where a cell stands below two different cells of the
 * next level: then a level would not follow from the one before it, and a coarser one could tell more.
 */
function checkParents(file: string, table: Table, columns: number): void {
  const seen = new Map<string, number>()
  const parents = Array.from({ length: columns }, () => new Map<string, { parent: string; row: number }>())
  table.forEach((cells, at) => {
    const row = at + 1
    const before = seen.get(cells[0]!)
    if (before !== undefined) refuse(file, row, `its value is that of row ${before}`, 'list every value once')
    seen.set(cells[0]!, row)
    for (let level = 1; level < columns - 1; level++) {
      const known = parents[level]!.get(cells[level]!)
      const parent = cells[level + 1]!
      if (known === undefined) parents[level]!.set(cells[level]!, { parent, row })
      else if (known.parent !== parent)
        refuse(
          file,
          row,
          `its cell of level ${level} has another parent than in row ${known.row}`,
          'give equal cells of a level equal cells above it',
        )
    }
  })
}

/** Every value, and its cell of a level that the table has. */
export function ancestorsOf(table: Table, level: number): Map<string, string> {
  return new Map(table.map((cells) => [cells[0]!, cells[level]!]))
}

/** A level that leaves most values apart, under their own text or another, generalizes next to nothing. */
function weaknessesOf(table: Table, level: number): readonly Weakness[] {
  const sizes = new Map<string, number>()
  for (const cells of table) sizes.set(cells[level]!, (sizes.get(cells[level]!) ?? 0) + 1)
  const alone = [...sizes.values()].filter((size) => size === 1).length
  if (table.length < 2 || 2 * alone <= table.length) return []
  return [
    {
      option: 'level',
      reason: `At level ${level}, more than half of the values share their cell with no other value: they are as good as kept.`,
      suggestion: 'choose a higher level, or give values common cells',
    },
  ]
}

/**
 * A value of the hierarchy in, its cell of the stated level out. Values are compared exactly: no trimming, no
 * folding of case. Throws `OptionError`, with the row and no cell, for a file that is not a hierarchy.
 * Source of the format: ARX Data Anonymization Tool, hierarchies as CSV.
 */
export const hierarchy: Transform = defineTransform({
  name: 'generalize.hierarchy',
  summary: 'Replaces a value by its ancestor in a generalization hierarchy, a CSV file in the format of ARX.',
  version: 1,
  options,
  properties: {
    reversible: 'no',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'none but what the file gives it',
    accepts: 'the values of level 0',
    yields: 'the cells of the stated level',
    keyed: false,
    stableToken: false,
    // Where the file itself puts a value above itself, as ARX's do with `Other`.
    mayReturnInput: true,
  },
  failures: { 'not-listed': 'The value is not in the first column of the file.' },
  doesNotStop: 'Singling out by a cell that few people share: count them before you choose a level.',
  examples: [],
  reveals: ({ file, level, delimiter }) => part({ of: 'level', hierarchy: `${delimiter}${file}`, level }),
  compile: ({ file, level, delimiter }: HierarchyOptions, context) => {
    const table = context.readTable(file, delimiter)
    const columns = checkShape(file, table)
    checkParents(file, table, columns)
    if (level >= columns)
      throw new OptionError(
        `level ${level} is above the top of ${file}`,
        'level',
        `choose a level from 1 to ${columns - 1}`,
      )
    if (table.length > 1 && table.every((cells) => cells[level] === cells[0]))
      throw new OptionError(
        `level ${level} of ${file} leaves every value as it is`,
        'level',
        'choose a higher one',
      )
    const ancestors = ancestorsOf(table, level)
    return {
      yields: 'string',
      weaknesses: weaknessesOf(table, level),
      plain: arePlain(ancestors.values()),
      apply: (text) => ancestors.get(text) ?? fail('not-listed'),
      domain: ancestors,
      ladder: () =>
        Array.from({ length: columns - 1 - level }, (_, above) => ({
          file,
          level: level + 1 + above,
          delimiter,
        })),
      restep: (previous) => {
        const before = previous as HierarchyOptions
        if (!sameBut(before, { file, delimiter }, 'level') || before.level > level) return undefined
        return relabelled(table.map((cells) => [cells[before.level]!, cells[level]!]))
      },
    }
  },
})
