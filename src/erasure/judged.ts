/** What is said of a record of a topic: whether it is of subjects that are looked for, or why that is not known. */
import type { SchemaProblem } from './stored-schemas.ts'

/** Why it is not known whether a record is of a subject. */
export type Unjudged =
  /** Made by a version of a policy that is not named, or by no policy that is. */
  | 'otherVersion'
  | 'foreign'
  /** A token in it names a key that is not in the keyset. */
  | 'otherKey'
  /** Its value or key is not what its policy writes. */
  | 'unreadable'
  /** A sealed original whose subject its dead letter does not tell. */
  | 'unknownSubject'

export interface Judged {
  /** The field that it was found by, as `$key` or `customer.id`, or `sealed`; undefined where it is of no subject that is looked for. */
  readonly by: string | undefined
  /** Whether its key is the token of a subject, or has it in a member: then all records of this key are the subject's. */
  readonly byKey: boolean
  readonly unjudged: Unjudged | undefined
  /** The schema without which its value or key cannot be read. Then it is known of no part that it is not of a subject. */
  readonly problem?: SchemaProblem | undefined
  /** Whether it may hold two rows, of which its timestamp tells the earlier one alone. */
  readonly mayBeEvent?: boolean | undefined
  /** The policy that made it, where it is searched. */
  readonly fingerprint: string | undefined
  /** Legal holds on subjects, by id, of none of whose subjects it is: that is known of records that were found alone. */
  readonly notOf?: ReadonlySet<string> | undefined
}

export const NONE: Judged = { by: undefined, byKey: false, unjudged: undefined, fingerprint: undefined }
export const unjudged = (why: Unjudged): Judged => ({ ...NONE, unjudged: why })

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
