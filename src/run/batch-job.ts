/** What travels to and from the thread that rewrites batches. */

import type { Account } from '../engine/account.ts'
import type { CountedGroups } from '../engine/group-outcomes.ts'
import type { PackedMessages } from '../engine/message-batch.ts'
import type { OutcomeParts } from '../engine/outcome-batch.ts'
import type { GroupsKey, GroupsPart, Limits } from '../groups/subject-groups.ts'
import type { SketchPart } from '../measures/khyperloglog.ts'
import type { SchemaNews } from '../record/schema-text.ts'
import type { WireForm } from '../record/wire-form.ts'
import type { PlanSetup } from './compile-again.ts'
import type { MovedTable } from './gate-state.ts'
import type { SketchSetup } from './sketching.ts'

/** How the records of one route are to be rewritten. */
export interface RouteSetup extends PlanSetup {
  readonly maxRecordBytes: number
  readonly compacted: boolean
  /** How records stand in the input's messages. */
  readonly form: WireForm
  /** The run's, to count the data subjects behind what is published. */
  readonly groupsKey?: GroupsKey | undefined
  /** Groups by which the account counts what became of records. */
  readonly countedGroups?: CountedGroups | undefined
  /** Whether the originals of dead letters are sealed. */
  readonly seals: boolean
  /** Where the route is sketched. */
  readonly sketch?: SketchSetup | undefined
}

export interface Job {
  /** Number of the route. */
  readonly route: number
  /** The instant that retention is judged at, ms since the epoch. */
  readonly now: number
  readonly messages: PackedMessages
  /** By message, 1 where kept values are looked at. */
  readonly looked: Uint8Array<ArrayBuffer>
  /** Memory to write the values into, if it is enough. */
  readonly memory: ArrayBuffer | undefined
  /** What of the groups need not be counted any more. */
  readonly limits?: Limits | undefined
  /** By side, hashes of sketches that need not be kept. */
  readonly sketchLimits?: readonly number[] | undefined
  /** Schemas that messages may name from this job on. */
  readonly schemas?: SchemaNews | undefined
  /** Consent tables that have moved since the last job. */
  readonly moved?: readonly MovedTable[] | undefined
}

export interface Done {
  readonly outcomes: OutcomeParts
  readonly account: Account
  /** The data subjects behind what is published of this batch, where the policy names quasi-identifiers. */
  readonly groups: GroupsPart | undefined
  /** By side, what was sketched of this batch. */
  readonly sketches: readonly SketchPart[] | undefined
  /** Milliseconds that it took. */
  readonly took: number
  /** The values as they came, which belong to the sender again. */
  readonly lines: Uint8Array<ArrayBuffer>
}

/** What a thread needs to know of a stream. */
export interface BatchSetup {
  readonly kind: 'batches'
  readonly routes: readonly RouteSetup[]
}
