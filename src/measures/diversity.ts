/**
 * What a class says of a sensitive value that its subjects share: l-diversity (A. Machanavajjhala et al., 2007) and
 * t-closeness (N. Li, T. Li and S. Venkatasubramanian, 2007).
 */
import type { Column } from './classes.ts'
import { TupleTable } from './tuple-table.ts'

/** By class, how often each sensitive value occurs. */
export interface Histograms {
  /** By class: where its first entry stands; one more at the end. */
  readonly starts: Int32Array<ArrayBuffer>
  /** Codes of values. */
  readonly values: Int32Array<ArrayBuffer>
  readonly counts: Int32Array<ArrayBuffer>
}

/**
 * @param of by record: its class
 * @param subjects whose each record is: a subject counts once for each value that it has in a class
 */
export function histogramsOf(
  of: Int32Array,
  classes: number,
  sensitive: Column,
  subjects?: Column,
): Histograms {
  const pairs = new TupleTable(2, of.length)
  const pair = new Int32Array(2)
  const seen = subjects === undefined ? undefined : new TupleTable(2, of.length)
  const counted: number[] = []
  for (let record = 0; record < of.length; record++) {
    pair[0] = of[record]!
    pair[1] = sensitive[record]!
    const at = pairs.put(pair)
    if (seen !== undefined) {
      pair[0] = at
      pair[1] = subjects![record]!
      const before = seen.count
      if (seen.put(pair) !== before) continue
    }
    counted[at] = (counted[at] ?? 0) + 1
  }
  const starts = new Int32Array(classes + 1)
  for (let at = 0; at < pairs.count; at++) starts[pairs.at(at, 0) + 1]!++
  for (let i = 0; i < classes; i++) starts[i + 1]! += starts[i]!
  const next = starts.slice()
  const values = new Int32Array(pairs.count)
  const counts = new Int32Array(pairs.count)
  for (let at = 0; at < pairs.count; at++) {
    const to = next[pairs.at(at, 0)]!++
    values[to] = pairs.at(at, 1)
    counts[to] = counted[at]!
  }
  return { starts, values, counts }
}

/** By class: distinct sensitive values. */
export function distinctDiversity({ starts }: Histograms): Float64Array<ArrayBuffer> {
  const l = new Float64Array(starts.length - 1)
  for (let i = 0; i < l.length; i++) l[i] = starts[i + 1]! - starts[i]!
  return l
}

/** By class: e to the power of the entropy of the sensitive values, so that a class of n equally frequent ones has n. */
export function entropyDiversity({ starts, counts }: Histograms): Float64Array<ArrayBuffer> {
  const l = new Float64Array(starts.length - 1)
  for (let i = 0; i < l.length; i++) {
    let all = 0
    for (let at = starts[i]!; at < starts[i + 1]!; at++) all += counts[at]!
    let entropy = 0
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      const p = counts[at]! / all
      entropy -= p * Math.log(p)
    }
    l[i] = Math.exp(entropy)
  }
  return l
}

/** How far the values of a class are from those of all, from 0 to 1: by class. `only`: by class, 1 where it is asked for; others are 0. */
export type Closeness = (histograms: Histograms, only?: Uint8Array) => Float64Array<ArrayBuffer>

/** Every two values are equally far from each other: half of the sum of absolute differences. */
export const equalCloseness: Closeness = (histograms, only) =>
  closenessBy(histograms, only, (differences) => {
    let sum = 0
    for (let code = 0; code < differences.length; code++) sum += Math.abs(differences[code]!)
    return sum / 2
  })

/**
 * Values are as far from each other as the level of the hierarchy at which they meet, in relation to its height.
 * @param levels by code of a value: the codes of its ancestors, from level 1 to the top, one and the same for all
 */
export function hierarchicalCloseness(levels: readonly (readonly number[])[]): Closeness {
  const distance = hierarchicalDistance(levels)
  return (histograms, only) => closenessBy(histograms, only, distance)
}

/** Of the article, 5.3: at each inner node, what has to be moved between its children, times the node's height. */
function hierarchicalDistance(levels: readonly (readonly number[])[]): (differences: Float64Array) => number {
  const height = levels[0]?.length ?? 0
  // By level: how many nodes it has, and the node of each node (of the first: of each value) below.
  const above = Array.from({ length: height }, (_, level) => {
    const nodes = new Map<number, number>()
    const below = new Map<number, number>()
    const parents: number[] = []
    levels.forEach((ancestors, code) => {
      const child = level === 0 ? code : ancestors[level - 1]!
      if (!below.has(child)) below.set(child, below.size)
      if (!nodes.has(ancestors[level]!)) nodes.set(ancestors[level]!, nodes.size)
      parents[level === 0 ? code : below.get(child)!] = nodes.get(ancestors[level]!)!
    })
    return {
      parents: Int32Array.from(parents),
      extra: new Float64Array(nodes.size),
      positive: new Float64Array(nodes.size),
      negative: new Float64Array(nodes.size),
    }
  })
  return (differences) => {
    let extra = differences
    let cost = 0
    for (let level = 0; level < height; level++) {
      const { parents, extra: next, positive, negative } = above[level]!
      next.fill(0)
      positive.fill(0)
      negative.fill(0)
      for (let child = 0; child < extra.length; child++) {
        const difference = extra[child]!
        const parent = parents[child]!
        next[parent]! += difference
        if (difference > 0) positive[parent]! += difference
        else negative[parent]! -= difference
      }
      for (let parent = 0; parent < next.length; parent++)
        cost += ((level + 1) / height) * Math.min(positive[parent]!, negative[parent]!)
      extra = next
    }
    return cost
  }
}

/** By class: a distance of the differences, by code of a value, of its shares to those of all records. */
function closenessBy(
  { starts, values, counts }: Histograms,
  only: Uint8Array | undefined,
  distance: (differences: Float64Array) => number,
): Float64Array<ArrayBuffer> {
  const codes = values.reduce((most, code) => Math.max(most, code + 1), 0)
  const shares = new Float64Array(codes)
  let all = 0
  for (let at = 0; at < values.length; at++) {
    shares[values[at]!]! += counts[at]!
    all += counts[at]!
  }
  for (let code = 0; code < codes; code++) shares[code]! /= all
  const t = new Float64Array(starts.length - 1)
  const differences = new Float64Array(codes)
  for (let i = 0; i < t.length; i++) {
    if (only !== undefined && only[i] !== 1) continue
    let size = 0
    for (let at = starts[i]!; at < starts[i + 1]!; at++) size += counts[at]!
    for (let code = 0; code < codes; code++) differences[code] = -shares[code]!
    for (let at = starts[i]!; at < starts[i + 1]!; at++) differences[values[at]!]! += counts[at]! / size
    t[i] = distance(differences)
  }
  return t
}
