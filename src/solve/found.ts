/** What a search of a lattice ends with. */
import type { NodeVerdict } from './node-judge.ts'

export interface Found {
  /** Undefined: no node holds, of those that were looked at. */
  readonly best: NodeVerdict | undefined
  /** Whether no node is better. */
  readonly isExact: boolean
  /** Never above the sum of any node that holds. */
  readonly least: number
}
