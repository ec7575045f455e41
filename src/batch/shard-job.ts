/** What makes a batch one of several, over parts of files that were planned together: its outputs, and what it is held to. */

import type { ClassPassSetup } from '../engine/class-pass.ts'
import type { Input } from '../files/input.ts'
import type { ClassCount } from '../groups/class-count.ts'
import type { Keyring } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import type { Plan } from '../policy/plan.ts'
import type { ShardView, Summary } from '../run/account/account-view.ts'
import type { BatchResult } from '../run/batch-run.ts'

/** The crowd of a policy, of one shard of several. */
export interface ShardCrowd {
  /** Whether the classes of what would leave are counted, and nothing is written. */
  readonly isCounting: boolean
  /** @throws LetheError where there are no keys, or the classes of all shards are not known yet; nothing was read then */
  setup(plan: Plan, keys: Keyring | undefined): ShardClasses
}

export interface ShardClasses {
  readonly pass: ClassPassSetup
  /** Classes of all shards that may not leave; undefined while they are counted. */
  readonly suppressed?: number
  /** @throws LetheError where there were other records when the classes were counted */
  check?(classes: ClassCount): void
  /** Keeps what was counted, in the folder of the run. */
  keep(classes: ClassCount): Promise<void>
}

export interface ShardJob {
  /** Where its policy states a crowd. */
  readonly crowd: ShardCrowd
  /** For its summary. */
  readonly view: ShardView
  /** By input, the file that it goes into. */
  readonly outputs: readonly string[]
  /** The folder where files are written until they have their names. */
  readonly temporary: string
  /**
   * Holds the run to what was planned, and makes its folder.
   * @throws LetheError where the policy or a key is another one, or the folder is of another run; nothing was read then
   */
  begin(plan: Plan, keyset: Keyset | undefined): Promise<void>
  /** @throws LetheError where what was read is not what was planned */
  checkRead(inputs: readonly Input[], result: BatchResult): void
  /** Whether the outputs are to get their names; false where another process has left the same. @throws LetheError where others stand there */
  mayPublish(summary: Summary): Promise<boolean>
}
