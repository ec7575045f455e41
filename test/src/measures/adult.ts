/** The census records known as Adult and ARX's hierarchies of them, as codes; undefined where they are not there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const data = fileURLToPath(new URL('../../../../shared/data/adult', import.meta.url))

export interface Adult {
  readonly names: readonly string[]
  readonly length: number
  readonly values: (column: number) => readonly string[]
  /** By record: the code of its cell at a level of the hierarchy. */
  readonly codes: (column: number, level: number) => Int32Array
  /** By record: the share of the domain that its cell at this level stands for. */
  readonly shares: (column: number, level: number) => readonly number[]
  readonly domain: (column: number) => number
  /** By code at level 0: codes of the ancestors. */
  readonly levels: (column: number) => readonly (readonly number[])[]
}

const rowsOf = (file: string): string[][] =>
  readFileSync(join(data, file), 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(';'))

function load(): Adult {
  const [names, ...rows] = rowsOf('adult.csv')
  const hierarchies = names!.map((name) => rowsOf(`adult_hierarchy_${name}.csv`))
  const coded = (texts: readonly string[]): Int32Array => {
    const codes = new Map<string, number>()
    return Int32Array.from(texts, (text) => {
      if (!codes.has(text)) codes.set(text, codes.size)
      return codes.get(text)!
    })
  }
  const cells = (column: number, level: number): string[] => {
    const cell = new Map(hierarchies[column]!.map((row) => [row[0]!, row[level]!]))
    return rows.map((row) => cell.get(row[column]!)!)
  }
  const known = new Map<string, Int32Array>()
  return {
    names: names!,
    length: rows.length,
    values: (column) => rows.map((row) => row[column]!),
    codes: (column, level) => {
      const key = `${column} ${level}`
      const codes = known.get(key) ?? coded(cells(column, level))
      known.set(key, codes)
      return codes
    },
    shares: (column, level) => {
      const leaves = new Map<string, number>()
      for (const row of hierarchies[column]!) leaves.set(row[level]!, (leaves.get(row[level]!) ?? 0) + 1)
      return cells(column, level).map((cell) => leaves.get(cell)! / hierarchies[column]!.length)
    },
    domain: (column) => hierarchies[column]!.length,
    levels: (column) => {
      const seen = [...new Set(rows.map((row) => row[column]!))]
      const codes = new Map<string, number>()
      return seen.map((value) =>
        hierarchies[column]!.find(([leaf]) => leaf === value)!
          .slice(1)
          .map((ancestor, level) => {
            const key = `${level} ${ancestor}`
            if (!codes.has(key)) codes.set(key, codes.size)
            return codes.get(key)!
          }),
      )
    },
  }
}

export const adult: Adult | undefined = existsSync(join(data, 'adult.csv')) ? load() : undefined
if (adult === undefined) process.stderr.write(`tests of published measures are skipped: ${data} is missing\n`)
