/**
 * Who tells what made a stored file, and what became of it since: the port behind stored files. A sidecar beside it does, or the manifest
 * of its data set. `keeper-of.ts` chooses.
 */
import type { FileDigest } from '../files/digest.ts'
import type { Output } from '../files/sink.ts'
import type { Permit } from './may-delete.ts'
import type { Sidecar } from './sidecar.ts'
import type { UntouchedCode } from './target.ts'

/** What made a file. */
export interface Made
  extends Pick<Sidecar, 'format' | 'delimiter' | 'change' | 'policy' | 'keyChecks' | 'time'> {
  /** The instants between which retention was judged when its rows were written last, ms since 1970. */
  readonly judged: { readonly from: number; readonly until: number }
  /** Values that stand in no row, since they are the same in all: by output path. */
  readonly parts: ReadonlyMap<string, string | null>
  /** Whether bytes of this digest are those that it tells of. */
  readonly isOf: (digest: FileDigest) => boolean
  /** Where one of several may stand there: what made the one of this digest. */
  readonly resolve?: ((digest: FileDigest) => Made) | undefined
}

/** Why a file is left as it is. */
export interface RefusedFile {
  readonly code: UntouchedCode
  readonly message: string
}

/** What an order does to a file: what is to take its place is whole, and on a disk. */
export interface StoredChange {
  readonly file: string
  readonly order: string
  /** Rows that are left, and rows that go. */
  readonly kept: number
  readonly deleted: number
  /** Of the file as it stands. */
  readonly before: FileDigest
  /** Which file that is: the stamp of it. */
  readonly stamp: string
  /** What takes its place, a file on a disk; undefined: nothing is left of it. */
  readonly after: { readonly staged: string; readonly digest: FileDigest } | undefined
  /** Up to when retention of the rows that stay was judged then, RFC 3339; undefined: as before. */
  readonly asOf: string | undefined
  /** Whether rows of subjects are erased: then it is kept that a file went, and did not only move. */
  readonly isErasure: boolean
}

/** What a file that is written anew says of that. */
export type Rewrite = Pick<StoredChange, 'order' | 'asOf'>

/** Gives the permit for a file that belongs to a target. */
export type PermitFor = (file: string) => Permit

/** Every method may reject with a LetheError: (io), `target-changed`, `target-held`, `file-busy`. */
export interface Keeper {
  /** What is locked while an order is at a file: files that one keeper tells of are changed together where it is the same. */
  readonly lock: string
  /** Whether a file of which nothing is left goes; otherwise it stays, without rows. */
  readonly goesWhole: boolean
  read(file: string): Promise<Made | RefusedFile>
  /** What made a file that is not what it tells of, where an order was cut short before it told of that; undefined where none was. */
  begun(file: string, now: FileDigest): Promise<Made | undefined>
  /** Tells of such a file as it stands, whatever order that was. */
  settle(file: string, now: FileDigest, permitFor: PermitFor): Promise<void>
  /** Sees to it that what was cut short is told of as it stands. */
  recover(permitFor: PermitFor): Promise<void>
  /** What an order came to at a file that is there; undefined: it has not been there. */
  state(
    file: string,
    order: string,
    now: FileDigest,
    permitFor: PermitFor,
  ): Promise<'applied' | 'was applied' | undefined>
  /** The same of a file that is not there, and was to go. */
  gone(file: string, permitFor: PermitFor): Promise<'applied' | 'was applied'>
  /** Changes are about to be made: whatever of them is made then, it tells the truth. */
  begin(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void>
  /** They are made. */
  end(changes: readonly StoredChange[], permitFor: PermitFor): Promise<void>
  /** They were not made. `mayBeFirst`: of the first of them that is not known. */
  giveUp(changes: readonly StoredChange[], mayBeFirst: boolean, permitFor: PermitFor): Promise<void>
  /** Whether an order of erasure took away a file that was `digest` then. */
  wasErased(file: string, order: string, digest: FileDigest): Promise<boolean>
  /** Whether something tells of a file that is gone. */
  tells(file: string): Promise<boolean>
  /** Opens what is to take the place of a file, where that is not made as a file by itself is. */
  readonly opener?: ((file: string, staged: string, rewrite: Rewrite) => Promise<() => Output>) | undefined
}
