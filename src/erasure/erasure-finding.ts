/** What is found at the targets of an erasure when they are read again. */
import type { TargetName } from '../lifecycle/legal-hold.ts'

/** What is found at a target when it is read again. */
export interface ErasureFinding {
  readonly target: TargetName
  readonly state: 'verified absent' | 'not absent' | 'requested' | 'held' | 'partly searched' | 'not searched'
  /** Rows that the order was to erase. */
  readonly planned: number
  /** Rows that were read now, and of these those of the subjects. */
  readonly read: number
  readonly found: number
  /** Of topics: from when the broker may delete by itself what was found, RFC 3339; null where that cannot be told. */
  readonly eligible?: string | null
  readonly message: string
}
