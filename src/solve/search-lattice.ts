/** The search of a lattice: for sure where it is small enough, near by where it is not. */
import { searchNearby } from './descent.ts'
import { searchExactly } from './exact-search.ts'
import type { Found } from './found.ts'
import type { Lattice } from './lattice.ts'
import type { NodeJudge } from './node-judge.ts'
import type { Objective } from './objectives.ts'

export interface SearchLimits {
  /** Larger lattices are not searched as a whole. */
  readonly exactNodes: number
  /** So many nodes are looked at. */
  readonly maxChecks: number
}

export interface Searched extends Found {
  /** Nodes that were looked at. */
  readonly checked: number
  /** Records that leave before classes are judged. */
  readonly leaving: number
}

export function searchLattice(
  lattice: Lattice,
  objective: Objective,
  judge: NodeJudge,
  limits: SearchLimits,
): Searched {
  const search = lattice.size <= limits.exactNodes ? searchExactly : searchNearby
  const found = search(lattice, objective, judge, limits.maxChecks)
  return { ...found, checked: judge.checked, leaving: judge.leaving }
}
