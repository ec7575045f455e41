/** Which classes may leave: k, l and t, by distinct data subjects. */
import { type Closeness, entropyDiversity, equalCloseness, type Histograms } from '../measures/diversity.ts'
import type { NodeTable } from './node-table.ts'
import type { SensitiveCells, SolveRecords } from './solve-records.ts'

export interface Criteria {
  /** Data subjects in a class, at least. */
  readonly k: number
  /** Values of each sensitive field in a class, at least: distinct ones, or e to the power of their entropy. */
  readonly l?: { readonly least: number; readonly by: 'distinct' | 'entropy' } | undefined
  /** How far the values of a class may be from those of all, from 0 to 1. */
  readonly t?: number | undefined
  /** Of all records that leave before classes are judged (as ARX takes it), unless stated; or of those that are kept. */
  readonly tOf?: 'kept' | undefined
  /** By sensitive field: how the distance is taken; every two values are equally far unless stated. */
  readonly closeness?: readonly (Closeness | undefined)[] | undefined
  /** The largest share of records that may be suppressed, from 0 to 1. */
  readonly maxSuppressed: number
}

/** Sums of logarithms differ in their last digits with the order of values. */
const ROUNDING = 1e-9

export interface ClassVerdicts {
  /** By class: 1 where its records may leave. */
  readonly kept: Uint8Array
  /** By class: 1 where every criterion is met that a union of two classes meets if both do, or one of them. */
  readonly grown: Uint8Array
  /** By class: distinct data subjects. */
  readonly sizes: Int32Array
}

/** Judges classes of nodes over the same records. */
export class ClassJudge {
  readonly #criteria: Criteria
  readonly #records: SolveRecords
  readonly #hasSeveral: boolean
  #stamps = new Int32Array(0)

  constructor(records: SolveRecords, criteria: Criteria) {
    this.#criteria = criteria
    this.#records = records
    this.#hasSeveral = records.several.subjects.length > 0
  }

  /** Whether a class that may leave still may, once it is joined with any other. */
  get isMonotone(): boolean {
    const { l, t } = this.#criteria
    return t === undefined && (l === undefined || l.by === 'distinct')
  }

  judge(table: NodeTable): ClassVerdicts {
    const { k, l, t, closeness = [] } = this.#criteria
    const sizes = this.#sizesOf(table)
    const grown = new Uint8Array(table.count)
    for (let index = 0; index < table.count; index++) grown[index] = sizes[index]! >= k ? 1 : 0
    if (l === undefined && t === undefined) return { kept: grown, grown, sizes }
    const histograms = this.#records.sensitive.map((_, at) => this.#histogramsOf(table, at))
    if (l?.by === 'distinct')
      for (const { starts } of histograms)
        for (let index = 0; index < table.count; index++)
          if (starts[index + 1]! - starts[index]! < l.least) grown[index] = 0
    if (this.isMonotone) return { kept: grown, grown, sizes }
    const kept = grown.slice()
    histograms.forEach((all, at) => {
      if (l?.by === 'entropy') {
        const entropy = entropyDiversity(all)
        for (let index = 0; index < table.count; index++)
          if (entropy[index]! < l.least - ROUNDING) kept[index] = 0
      }
      if (t !== undefined && this.#criteria.tOf !== 'kept') {
        const distances = (closeness[at] ?? equalCloseness)(all, kept)
        for (let index = 0; index < table.count; index++)
          if (distances[index]! > t + ROUNDING) kept[index] = 0
      }
    })
    if (t !== undefined && this.#criteria.tOf === 'kept') closeFar(histograms, kept, t)
    return { kept, grown, sizes }
  }

  #sizesOf(table: NodeTable): Int32Array {
    if (!this.#hasSeveral) return table.single
    const sizes = table.single.slice()
    const { subjects, tuples } = this.#records.several
    const stamps = this.#stamped(table.count)
    for (let entry = 0; entry < subjects.length; entry++) {
      const index = table.of[tuples[entry]!]!
      if (stamps[index] === subjects[entry]! + 1) continue
      stamps[index] = subjects[entry]! + 1
      sizes[index]!++
    }
    return sizes
  }

  #stamped(size: number): Int32Array {
    if (this.#stamps.length < size) this.#stamps = new Int32Array(size)
    else this.#stamps.fill(0, 0, size)
    return this.#stamps
  }

  #histogramsOf(table: NodeTable, at: number): Histograms {
    const cells = this.#records.sensitive[at]!
    const { classes, values, counts } = table.cells[at]!
    if (cells.several.subjects.length === 0) return gather(table.count, classes, values, counts)
    return this.#withSeveral(table, cells, at)
  }

  /** Subjects with several tuples count once for each value that they have in a class. */
  #withSeveral(table: NodeTable, { several, domain }: SensitiveCells, at: number): Histograms {
    const one = table.cells[at]!
    const counts = new Map<number, number>()
    for (let cell = 0; cell < one.classes.length; cell++)
      counts.set(one.classes[cell]! * domain + one.values[cell]!, one.counts[cell]!)
    let seen = new Set<number>()
    for (let entry = 0; entry < several.subjects.length; entry++) {
      if (several.subjects[entry] !== several.subjects[entry - 1]) seen = new Set()
      const key = table.of[several.tuples[entry]!]! * domain + several.values[entry]!
      if (seen.has(key)) continue
      seen.add(key)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const keys = [...counts.keys()]
    return gather(
      table.count,
      Int32Array.from(keys, (key) => Math.floor(key / domain)),
      Int32Array.from(keys, (key) => key % domain),
      Int32Array.from(counts.values()),
    )
  }
}

/** Cells in the order of their classes. */
function gather(classes: number, of: Int32Array, values: Int32Array, counts: Int32Array): Histograms {
  const starts = new Int32Array(classes + 1)
  for (let cell = 0; cell < of.length; cell++) starts[of[cell]! + 1]!++
  for (let index = 0; index < classes; index++) starts[index + 1]! += starts[index]!
  const next = starts.slice()
  const sorted = { values: new Int32Array(of.length), counts: new Int32Array(of.length) }
  for (let cell = 0; cell < of.length; cell++) {
    const to = next[of[cell]!]!++
    sorted.values[to] = values[cell]!
    sorted.counts[to] = counts[cell]!
  }
  return { starts, ...sorted }
}

/** Classes that are too far from all that is kept are kept no more, until none is: each that goes changes what all is. */
function closeFar(histograms: readonly Histograms[], kept: Uint8Array, t: number): void {
  for (let far: number[] = [-1]; far.length > 0; ) {
    const distances = histograms.map((all) => distancesOf(all, kept))
    far = []
    for (let index = 0; index < kept.length; index++)
      if (kept[index] === 1 && distances.some((one) => one[index]! > t + ROUNDING)) far.push(index)
    for (const index of far) kept[index] = 0
  }
}

/** By class that is kept: half of the sum of absolute differences of shares in it and in all that are kept. */
function distancesOf({ starts, values, counts }: Histograms, kept: Uint8Array): Float64Array {
  const shares = new Float64Array(values.reduce((most, value) => Math.max(most, value + 1), 0))
  let all = 0
  for (let index = 0; index < kept.length; index++)
    for (let at = starts[index]!; kept[index] === 1 && at < starts[index + 1]!; at++) {
      shares[values[at]!]! += counts[at]!
      all += counts[at]!
    }
  const distances = new Float64Array(kept.length)
  for (let index = 0; index < kept.length; index++) {
    if (kept[index] === 0) continue
    let size = 0
    for (let at = starts[index]!; at < starts[index + 1]!; at++) size += counts[at]!
    let sum = 0
    let covered = 0
    for (let at = starts[index]!; at < starts[index + 1]!; at++) {
      const share = shares[values[at]!]! / all
      sum += Math.abs(counts[at]! / size - share)
      covered += share
    }
    distances[index] = (sum + Math.max(0, 1 - covered)) / 2
  }
  return distances
}
