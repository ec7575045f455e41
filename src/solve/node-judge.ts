/** Looks at single nodes of a lattice: their classes, whether they hold, and what they cost. */
import { ClassJudge, type Criteria } from './criteria.ts'
import { type Fairness, isFair } from './fairness.ts'
import type { Lattice, Levels } from './lattice.ts'
import type { NodeTable } from './node-table.ts'
import type { Costs, Objective } from './objectives.ts'
import { hasSeveral, type SolveRecords } from './solve-records.ts'
import { TableStore } from './table-store.ts'

export interface NodeVerdict extends Costs {
  readonly levels: Levels
  /** Whether all criteria hold, within the limit of what may be suppressed. */
  readonly holds: boolean
  /** Whether that is so of no node that this one follows from. */
  readonly isTooFine: boolean
  /** The smallest class that is kept, in data subjects; 0 where none is. */
  readonly k: number
  readonly classes: number
  /** Records. */
  readonly suppressed: number
  /** By grouping, by group: records that leave. */
  readonly published: readonly Float64Array[]
}

export class NodeJudge {
  readonly #records: SolveRecords
  readonly #objective: Objective
  readonly #criteria: Criteria
  readonly #fairness: Fairness | undefined
  readonly #judge: ClassJudge
  readonly #tables: TableStore
  readonly #leaving: number
  /** Nodes that were looked at. */
  checked = 0

  constructor(
    lattice: Lattice,
    records: SolveRecords,
    objective: Objective,
    criteria: Criteria,
    fairness?: Fairness,
  ) {
    this.#records = records
    this.#objective = objective
    this.#criteria = criteria
    this.#fairness = fairness
    this.#judge = new ClassJudge(records, criteria)
    this.#tables = new TableStore(
      lattice,
      records,
      objective.needsTuples || records.groups.length > 0 || hasSeveral(records),
    )
    this.#leaving = records.records.reduce((sum, some) => sum + some, 0)
  }

  /** Records that leave under the policy as it is, before classes are judged. */
  get leaving(): number {
    return this.#leaving
  }

  look(levels: Levels): NodeVerdict {
    this.checked++
    const table = this.#tables.tableOf(levels)
    const { kept, grown, sizes } = this.#judge.judge(table)
    const most = this.#criteria.maxSuppressed * this.#leaving + 1e-9
    let suppressed = 0
    let forSure = 0
    let k = 0
    let classes = 0
    for (let index = 0; index < table.count; index++) {
      if (grown[index] === 0) forSure += table.records[index]!
      if (kept[index] === 0) suppressed += table.records[index]!
      else {
        classes++
        if (k === 0 || sizes[index]! < k) k = sizes[index]!
      }
    }
    const published = this.#publishedOf(table, kept)
    // Where nothing may be suppressed, each criterion that two classes meet is met by both together.
    const isTooFine = (most < 1 ? suppressed : forSure) > most || forSure === this.#leaving
    return {
      levels: levels.slice(),
      holds:
        suppressed <= most &&
        suppressed < this.#leaving &&
        (this.#fairness === undefined || isFair(this.#records.groups, published, this.#fairness)),
      isTooFine,
      ...this.#objective.of(table, kept, isTooFine ? undefined : grown),
      k,
      classes,
      suppressed,
      published,
    }
  }

  #publishedOf(table: NodeTable, kept: Uint8Array): Float64Array[] {
    return this.#records.groups.map(({ tuples, groups, counts, read }) => {
      const published = new Float64Array(read.length)
      for (let cell = 0; cell < tuples.length; cell++)
        if (kept[table.of[tuples[cell]!]!] === 1) published[groups[cell]!]! += counts[cell]!
      return published
    })
  }
}
