/** One batch on its way: what was polled, and what became of each record. */
import type { Account } from '../engine/account.ts'
import type { LetterSubject } from '../engine/letter-subject.ts'
import type { OutcomeBatch } from '../engine/outcome-batch.ts'
import type { GroupsPart } from '../groups/subject-groups.ts'
import type { PackedRecords } from './packed-records.ts'
import type { Position } from './record.ts'

export interface RoutedBatch {
  readonly epoch: number
  readonly records: PackedRecords
  readonly outcomes: OutcomeBatch
  readonly account: Account
  /** A record that a broker refuses stays counted here: it is one of very many. */
  readonly groups: GroupsPart | undefined
  /** The positions behind it. */
  readonly next: readonly Position[]
  /** By record, the sealed originals of dead letters; undefined for one that goes without. Undefined where none are sealed. */
  readonly sealed?: Map<number, SealedLetter | undefined> | undefined
}

/** What a dead letter says where it carries its original. */
export interface SealedLetter {
  readonly subject: LetterSubject | undefined
  /** An age file in base64. */
  readonly sealed: string
}
