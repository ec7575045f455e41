/**
 * The node of least loss, for sure: every other one is looked at, or known to be no better. What is known of a node follows
 * from others: a node is too fine where a coarser one is, and loses at least what is suppressed there too (predictive
 * tagging, F. Kohlmayer, F. Prasser et al., "Flash", 2012; bounds on losses are ours).
 */
import { firstGuess } from './descent.ts'
import type { Found } from './found.ts'
import type { Lattice, Levels } from './lattice.ts'
import type { NodeJudge, NodeVerdict } from './node-judge.ts'
import type { Objective, Terms } from './objectives.ts'

/** So many nodes are looked at for a first guess. */
const FIRST_CHECKS = 200

/** Sums that differ by less, in relation to themselves, are the same. */
export const SAME = 1e-12

/** @param mostChecks so many nodes are looked at; then the search ends with what it has */
export function searchExactly(
  lattice: Lattice,
  objective: Objective,
  judge: NodeJudge,
  mostChecks: number,
): Found {
  const space = new NodeSpace(lattice, objective.least)
  const start = judge.checked
  let best = firstGuess(lattice, objective, judge, Math.min(mostChecks, FIRST_CHECKS))
  const limit = (): number =>
    best === undefined ? Number.POSITIVE_INFINITY : best.sum - SAME * Math.abs(best.sum)
  const look = (levels: Levels): void => {
    const verdict = judge.look(levels)
    const at = space.indexOf(levels)
    if (verdict.holds && verdict.sum < limit()) best = verdict
    if (verdict.isTooFine) space.exclude(levels)
    else if (verdict.finer !== undefined) space.raise(levels, verdict.finer)
    if (verdict.coarser !== undefined) space.raiseAbove(levels, verdict.coarser)
    space.bounds[at] = Number.POSITIVE_INFINITY
  }
  for (const node of space.order) {
    if (space.least[node]! >= limit()) break
    if (space.bounds[node]! >= limit()) continue
    const path = space.pathUp(node)
    // The coarsest that may still be better tells of the most nodes, and takes the least time.
    for (let last = path.length - 1; last >= 0 && space.bounds[node]! < limit(); last--) {
      if (space.bounds[space.indexOf(path[last]!)]! >= limit()) continue
      if (judge.checked - start >= mostChecks) return ended(space, best, limit())
      look(path[last]!)
    }
  }
  return { best, isExact: true, least: best?.sum ?? Number.POSITIVE_INFINITY }
}

function ended(space: NodeSpace, best: NodeVerdict | undefined, limit: number): Found {
  let least = best?.sum ?? Number.POSITIVE_INFINITY
  for (const bound of space.bounds) if (bound < least) least = bound
  return { best, isExact: least >= limit && best !== undefined, least }
}

/** Every node by a number, with what is known of it. */
class NodeSpace {
  /** By node: never above its sum; infinite where it does not hold, or was looked at. */
  readonly bounds: Float64Array
  /** By node: the same before any was looked at. */
  readonly least: Float64Array
  /** Nodes, the most promising first. */
  readonly order: Uint32Array
  readonly #lattice: Lattice
  readonly #terms: Terms
  readonly #strides: number[] = []

  constructor(lattice: Lattice, terms: Terms) {
    this.#lattice = lattice
    this.#terms = terms
    let stride = 1
    for (const height of lattice.heights) {
      this.#strides.push(stride)
      stride *= height
    }
    this.least = new Float64Array(lattice.size)
    this.#within(
      lattice.top,
      0,
      (node, sum) => {
        this.least[node] = sum
      },
      terms,
    )
    this.bounds = this.least.slice()
    const heights = new Float64Array(lattice.size)
    this.#within(
      lattice.top,
      0,
      (node, sum) => {
        heights[node] = sum
      },
      lattice.heights.map((height) => Float64Array.from({ length: height }, (_, rung) => rung)),
    )
    const { least } = this
    this.order = Uint32Array.from(least.keys()).sort(
      (a, b) => least[a]! - least[b]! || heights[a]! - heights[b]! || a - b,
    )
  }

  indexOf(levels: Levels): number {
    let node = 0
    for (let column = 0; column < levels.length; column++) node += levels[column]! * this.#strides[column]!
    return node
  }

  /** From a node to the top of those that follow from it, one rung at a time, the cheapest first. */
  pathUp(node: number): Levels[] {
    const lattice = this.#lattice
    const levels = Int16Array.from(
      lattice.heights,
      (height, column) => Math.floor(node / this.#strides[column]!) % height,
    )
    const path = [levels.slice()]
    for (;;) {
      let next = -1
      let least = Number.POSITIVE_INFINITY
      for (let column = 0; column < levels.length; column++) {
        const rung = levels[column]!
        if (rung === lattice.runEnd(column, rung)) continue
        const cost = this.#terms[column]![rung + 1]! - this.#terms[column]![rung]!
        if (cost < least) {
          least = cost
          next = column
        }
      }
      if (next < 0) return path
      levels[next]!++
      path.push(levels.slice())
    }
  }

  /** No node that this one follows from holds. */
  exclude(levels: Levels): void {
    const { bounds } = this
    this.#each(levels, (node) => {
      bounds[node] = Number.POSITIVE_INFINITY
    })
  }

  /** Nodes that this one follows from lose at least the sum of these terms. */
  raise(levels: Levels, terms: Terms): void {
    const { bounds } = this
    this.#each(
      levels,
      (node, sum) => {
        if (sum > bounds[node]!) bounds[node] = sum
      },
      terms,
    )
  }

  /** Nodes that follow from this one lose at least so much. */
  raiseAbove(levels: Levels, least: number): void {
    const { bounds } = this
    const lattice = this.#lattice
    const visit = (column: number, node: number): void => {
      if (column === levels.length) {
        if (least > bounds[node]!) bounds[node] = least
        return
      }
      const last = lattice.runEnd(column, levels[column]!)
      for (let rung = levels[column]!; rung <= last; rung++)
        visit(column + 1, node + rung * this.#strides[column]!)
    }
    visit(0, 0)
  }

  /** Visits the nodes that this one follows from; without `terms`, with a sum of 0. */
  #each(levels: Levels, visit: (node: number, sum: number) => void, terms?: Terms): void {
    const lattice = this.#lattice
    this.#within(
      levels,
      Array.from(levels, (level, column) => lattice.runStart(column, level)),
      visit,
      terms,
    )
  }

  /** Visits the nodes from `lowest` to `levels`, with the sum of their terms. */
  #within(
    levels: Levels,
    lowest: readonly number[] | 0,
    visit: (node: number, sum: number) => void,
    terms?: Terms,
  ): void {
    const strides = this.#strides
    const step = (column: number, node: number, sum: number): void => {
      if (column < 0) {
        visit(node, sum)
        return
      }
      const stride = strides[column]!
      const own = terms?.[column]
      const last = lowest === 0 ? 0 : lowest[column]!
      for (let rung = levels[column]!; rung >= last; rung--)
        step(column - 1, node + rung * stride, own === undefined ? sum : sum + own[rung]!)
    }
    step(levels.length - 1, 0, 0)
  }
}
