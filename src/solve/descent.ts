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
 * Down from `from`, one rung at a time: first where most is won. Ends where no finer neighbour is better.
 * @returns the last node, which holds if any on the way did
 */
function descend({ least }: Objective, walk: Walk, from: Levels): NodeVerdict | undefined {
  let here = walk.look(from)
  for (let next: NodeVerdict | undefined = here; next !== undefined; ) {
    here = next
    next = undefined
    const steps: { readonly levels: Levels; readonly won: number }[] = []
    here.levels.forEach((rung, column) => {
      if (rung === 0) return
      const levels = here!.levels.slice()
      levels[column] = rung - 1
      steps.push({ levels, won: least[column]![rung]! - least[column]![rung - 1]! })
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

/** Ends at a node that none near by is better than, or when `mostChecks` were looked at. */
export function searchNearby(
  lattice: Lattice,
  objective: Objective,
  judge: NodeJudge,
  mostChecks: number,
): Found {
  const walk = new Walk(judge, mostChecks)
  descend(objective, walk, lattice.top)
  for (let improved: NodeVerdict | undefined = walk.best; improved !== undefined; ) {
    const here: NodeVerdict = improved
    improved = undefined
    for (const levels of neighbours(lattice, here.levels)) {
      const verdict = walk.look(levels)
      if (verdict === undefined) break
      if (!verdict.holds || verdict.sum >= here.sum) continue
      improved = descend(objective, walk, levels)
      if (improved !== undefined && (!improved.holds || improved.sum >= here.sum)) improved = verdict
      break
    }
  }
  return {
    best: walk.best,
    isExact: false,
    least: objective.least.reduce((sum, terms) => sum + Math.min(...terms), 0),
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
