/** The tables of nodes that were made, so that others are made of the smallest that they follow from. */
import type { Lattice, Levels } from './lattice.ts'
import { baseTable, type NodeTable, Roller } from './node-table.ts'
import type { SolveRecords } from './solve-records.ts'

/** Tables that are kept hold so many numbers together: 128 MiB. */
const MOST_HELD = 1 << 25
const MOST_TABLES = 256
/** So many tables are made to make others of them. */
const MOST_HUBS = 40

export class TableStore {
  readonly #lattice: Lattice
  readonly #roller: Roller
  readonly #base: NodeTable
  /** The ones used last at the end. */
  #tables: { readonly table: NodeTable; readonly held: number }[] = []
  #held = 0
  /** Columns in which hubs differ; undefined until the first is asked for. */
  #hubColumns: readonly number[] | undefined
  readonly #hubs = new Map<string, NodeTable>()

  constructor(lattice: Lattice, records: SolveRecords, needsTuples: boolean) {
    this.#lattice = lattice
    this.#roller = new Roller(lattice, records, needsTuples)
    this.#base = baseTable(records)
  }

  tableOf(levels: Levels): NodeTable {
    let source = this.#base
    let at = -1
    for (let i = 0; i < this.#tables.length; i++) {
      const { table } = this.#tables[i]!
      if (table.count >= source.count || !this.#lattice.follows(table.levels, levels)) continue
      source = table
      at = i
    }
    if (at >= 0) {
      const [used] = this.#tables.splice(at, 1)
      this.#tables.push(used!)
      if (source.levels.every((level, column) => level === levels[column])) return source
    } else source = this.#hubOf(levels)
    const table = this.#roller.roll(source, levels)
    this.#keep(table)
    return table
  }

  /** A table with the rungs of these levels in few columns, those that join the most classes, and the finest in all others. */
  #hubOf(levels: Levels): NodeTable {
    const base = this.#base
    this.#hubColumns ??= this.#chooseHubs()
    const hub = this.#lattice.start
    for (const column of this.#hubColumns) hub[column] = levels[column]!
    if (!this.#lattice.follows(hub, levels)) return base
    const key = hub.join()
    let table = this.#hubs.get(key)
    if (table === undefined) {
      table = this.#roller.roll(base, hub)
      if (this.#hubs.size * base.count <= MOST_HELD) this.#hubs.set(key, table)
    }
    return table
  }

  #chooseHubs(): number[] {
    const { heights, top } = this.#lattice
    const joined = heights.map((height, column) => {
      const levels = this.#lattice.start
      levels[column] = top[column]!
      return {
        column,
        height,
        count: height === 1 ? this.#base.count : this.#roller.roll(this.#base, levels).count,
      }
    })
    const chosen: number[] = []
    let hubs = 1
    for (const { column, height } of joined.sort((a, b) => a.count - b.count)) {
      if (height === 1 || hubs * height > MOST_HUBS) continue
      hubs *= height
      chosen.push(column)
    }
    return chosen
  }

  #keep(table: NodeTable): void {
    const held =
      table.of.length +
      table.count * 3 +
      table.cells.reduce((sum, { classes }) => sum + 3 * classes.length, 0)
    if (held > MOST_HELD) return
    this.#tables.push({ table, held })
    this.#held += held
    while (this.#held > MOST_HELD || this.#tables.length > MOST_TABLES)
      this.#held -= this.#tables.shift()!.held
  }
}
