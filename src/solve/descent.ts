/**
 * A good node of a lattice that is too large to be searched: from the top down as long as the criteria hold, and then from
 * one node to a better one near by.
 */
import type { Found } from './found.ts'
import type { Lattice, Levels } from './lattice.ts'
import type { NodeJudge, NodeVerdict } from './node-judge.ts'
import type { Objective } from './objectives.ts'

/** Looks at nodes, each once, and remembers the best. */
class Walk {
  readonly #judge: NodeJudge
  readonly #seen = new Map<string, NodeVerdict>()
  readonly #last: number
  best: NodeVerdict | undefined

  constructor(judge: NodeJudge, mostChecks: number) {
    this.#judge = judge
    this.#last = judge.checked + mostChecks
  }

  /** Undefined where as many were looked at as may be. */
  look(levels: Levels): NodeVerdict | undefined {
    const key = levels.join()
    let verdict = this.#seen.get(key)
    if (verdict === undefined) {
      if (this.#judge.checked >= this.#last) return undefined
      verdict = this.#judge.look(levels)
      this.#seen.set(key, verdict)
      if (verdict.holds && (this.best === undefined || verdict.sum < this.best.sum)) this.best = verdict
    }
    return verdict
  }
}

/**
 * Down from `from`, one rung at a time: first where most is won, or in any order where there is chance. Ends where no finer neighbour is better.
 * @returns the last node, which holds if any on the way did
 */
function descend(
  { least }: Objective,
  walk: Walk,
  from: Levels,
  random?: () => number,
): NodeVerdict | undefined {
  let here = walk.look(from)
  for (let next: NodeVerdict | undefined = here; next !== undefined; ) {
    here = next
    next = undefined
    const steps: { readonly levels: Levels; readonly won: number }[] = []
    here.levels.forEach((rung, column) => {
      if (rung === 0) return
      const levels = here!.levels.slice()
      levels[column] = rung - 1
      steps.push({ levels, won: random?.() ?? least[column]![rung]! - least[column]![rung - 1]! })
    })
    for (const { levels } of steps.sort((a, b) => b.won - a.won)) {
      const verdict = walk.look(levels)
      if (verdict === undefined) return here
      if (!verdict.holds || (here.holds && verdict.sum >= here.sum)) continue
      next = verdict
      break
    }
  }
  return here
}

/** What going down from the top finds: a start for others. */
export function firstGuess(
  lattice: Lattice,
  objective: Objective,
  judge: NodeJudge,
  mostChecks: number,
): NodeVerdict | undefined {
  const walk = new Walk(judge, mostChecks)
  descend(objective, walk, lattice.top)
  return walk.best
}

/** So many times in a row the search begins again, near the best node or anywhere, without a better one. */
const VAIN_STARTS = 60

/**
 * Ends where neither a node near by nor a search from another start is better, or when `mostChecks` were looked at. The same
 * lattice and records give the same node.
 */
export function searchNearby(
  lattice: Lattice,
  objective: Objective,
  judge: NodeJudge,
  mostChecks: number,
): Found {
  const walk = new Walk(judge, mostChecks)
  improve(lattice, objective, walk, descend(objective, walk, lattice.top))
  const random = chance()
  for (let vain = 0; walk.best !== undefined && vain < VAIN_STARTS; vain++) {
    const { levels, sum } = walk.best
    const isNear = vain % 2 === 0
    const from = lattice.heights.map((height, column) => {
      const least = isNear ? levels[column]! : 0
      return isNear && random() < 0.5 ? least : least + Math.floor(random() * (height - least))
    })
    const start = climb(lattice, walk, Int16Array.from(from), random)
    if (start === undefined) break
    improve(lattice, objective, walk, descend(objective, walk, start.levels, random))
    if (walk.best.sum < sum) vain = -1
  }
  return {
    best: walk.best,
    isExact: false,
    least: objective.least.reduce((sum, terms) => sum + Math.min(...terms), 0),
  }
}

/** Up from a node, one rung of any field at a time, to one that holds. Undefined where none does, or the search has ended. */
function climb(lattice: Lattice, walk: Walk, from: Levels, random: () => number): NodeVerdict | undefined {
  const levels = from.slice()
  for (;;) {
    const verdict = walk.look(levels)
    if (verdict === undefined || verdict.holds) return verdict
    const open = [...levels.keys()].filter((column) => levels[column]! + 1 < lattice.heights[column]!)
    if (open.length === 0) return undefined
    levels[open[Math.floor(random() * open.length)]!]!++
  }
}

/** From a node to better ones near by, as long as there are some. */
function improve(lattice: Lattice, objective: Objective, walk: Walk, from: NodeVerdict | undefined): void {
  for (let here = from?.holds === true ? from : undefined; here !== undefined; ) {
    const { sum, levels }: NodeVerdict = here
    here = undefined
    for (const near of neighbours(lattice, levels)) {
      const verdict = walk.look(near)
      if (verdict === undefined) return
      if (!verdict.holds || verdict.sum >= sum) continue
      here = descend(objective, walk, near) ?? verdict
      if (!here.holds || here.sum >= sum) here = verdict
      break
    }
  }
}

/** Numbers from 0 to 1, always the same (a linear congruential generator). */
function chance(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** One field finer or coarser; and one coarser where another one is finer, by up to two rungs. */
function* neighbours(lattice: Lattice, levels: Levels): Generator<Levels> {
  const moved = (...moves: readonly (readonly [column: number, by: number])[]): Levels | undefined => {
    const next = levels.slice()
    for (const [column, by] of moves) {
      next[column]! += by
      if (next[column]! < 0 || next[column]! >= lattice.heights[column]!) return undefined
    }
    return next
  }
  const columns = [...levels.keys()]
  for (const column of columns)
    for (const by of [-1, 1]) {
      const next = moved([column, by])
      if (next !== undefined) yield next
    }
  for (const by of [1, 2])
    for (const coarser of columns)
      for (const finer of columns)
        for (const down of [1, 2]) {
          const next = finer === coarser ? undefined : moved([coarser, by], [finer, -down])
          if (next !== undefined) yield next
        }
}
