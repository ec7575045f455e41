/** What makes a batch one of several, over parts of files that were planned together: its outputs, and what it is held to. */
import type { Input } from '../files/input.ts'
import type { Keyset } from '../keys/keyset.ts'
import type { Plan } from '../policy/plan.ts'
import type { ShardView, Summary } from '../run/account/account-view.ts'
import type { BatchResult } from '../run/batch-run.ts'

export interface ShardJob {
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
