/** What retention and erasure work on: the port of targets. Files are one; `apply-files.ts` does to them what an order says. */
import { isObjectName } from '../files/objects/object-name.ts'
import type { Plan } from '../policy/plan.ts'
import type { HeldWhole } from './held-rows.ts'
import type { Finder } from './held-subjects.ts'
import type { TargetName } from './legal-hold.ts'
import type { HeldSetting } from './may-delete.ts'
import type { CannotStep, Unsteppable } from './stored-plan.ts'

/** How rows of subjects are found in the files that one policy made. */
export interface Search {
  /** That policy, by its fingerprint. */
  readonly plan: Plan
  readonly finders: readonly Finder[]
  /** Of records of topics: by what stands beside their values. */
  readonly beside: readonly Finder[]
  /** Why not all rows of a subject can be found; empty where they can. */
  readonly unsearched: readonly string[]
}

/**
 * What becomes of older versions, where a bucket keeps them: all are deleted; or it is told how many there are; or, by default, what lies
 * there is left as it is.
 */
export interface VersionsSetting {
  readonly objectVersions?: 'delete' | 'tell' | undefined
}

/** What is asked of a target when subjects are to be erased. */
export interface ErasureRequest extends HeldSetting, VersionsSetting {
  /** By the fingerprint of the policy that made a file. */
  readonly searches: ReadonlyMap<string, Search>
  /** Check values of the keys that tokens are looked for under, by id. */
  readonly keyChecks: Readonly<Record<string, string>>
  /** The instant that holds are judged at, ms since 1970. */
  readonly heldAt: number
  /** Is told the number of each row that was found, from 1, in order. */
  readonly onFound?: ((row: number) => void) | undefined
}

export type TargetRequest = RetentionRequest | ErasureRequest

/** What is asked of a target when its old rows are to go. */
export interface RetentionRequest extends HeldSetting, VersionsSetting {
  /** Of the policy that says how long rows may be kept. */
  readonly plan: Plan
  /** The instant that ages are judged at, ms since 1970. */
  readonly asOf: number
  /** Rows go so much later than their period says, ms: so far a clock may be ahead. */
  readonly marginMs: number
  readonly cannotStep: CannotStep | undefined
  /** The instant that holds are judged at, ms since 1970. */
  readonly heldAt: number
}

/** Why a target is left as it is. */
export const UNTOUCHED = {
  'no-sidecar':
    'no FILE.lethe.json stands beside it: it is not known what made it; keep what `lethe batch` did not write, its lists of dead letters and its summaries elsewhere',
  'sidecar-malformed': 'its FILE.lethe.json is not written as one',
  'changed-since': 'its bytes are not those that its FILE.lethe.json names',
  'other-policy': 'it was made by another policy',
  'other-version':
    'it was made by another version of the policy, whose tokens may be others: name that version too (-p)',
  'no-token': 'its policy gives no token for the subject, so that its rows cannot be found by one',
  'keys-missing': 'its tokens are under a key that is not in the keyset',
  'no-time': 'no field of it tells the event time of its rows',
  'unreadable-rows': 'rows of it cannot be read, so that they cannot be judged',
  unreadable: 'it cannot be read',
  'being-written':
    'a stream is writing it: its rows can be searched once it has its name, at `roll.time` or when the stream ends',
  'note-missing':
    'it does not end with what says who wrote it and which offsets it covers: put it back as the stream published it',
  'note-older':
    'it was written by a version of Lethe that did not note keys and times: make the data set again',
  'not-in-manifest':
    'the manifest of its data set does not name it: take it away, or make the data set again',
  'manifest-malformed': 'the _manifest.json of its data set is not written as one',
  'not-there': 'the manifest of its data set names it, and it is not there: it may stand elsewhere',
  'change-events':
    'its records are change events, whose rows are neither found, deleted nor stepped: make it again from the events that remain, and delete it',
  'versions-stay':
    'its bucket keeps older versions, or did so once: what is deleted or written over stays as one; plan with --object-versions delete, so that they go too',
  'upload-open':
    'it is an upload into an object store that is neither complete nor aborted: a command is writing it, or was cut short; abort it where none is (docs/object-stores.md)',
  'unreadable-name':
    'no object should have this name, which readers take for another: copy it to another one, and delete it',
  link: 'it is a link to what is not below the folders that are named: name that too',
  'left-over':
    'a command that was cut short left it, or one is at work: run that to its end, or delete it where none is',
  'only-compacted': 'its cleanup.policy has no `delete`: the broker deletes no records of it by offset',
  'topic-missing': 'the topic does not exist',
  'topic-forbidden': 'this user may not read the topic, or not see its settings',
  'no-retention': 'no policy that writes to it suppresses events for their age',
} as const

export type UntouchedCode = keyof typeof UNTOUCHED

export interface Untouched {
  readonly target: TargetName
  readonly code: UntouchedCode
  readonly message: string
}

export const untouched = (
  target: TargetName,
  code: UntouchedCode,
  message: string = UNTOUCHED[code],
): Untouched => ({ target, code, message })

/** What one rule does to the rows of a target. */
export interface RuleAction {
  /** As accounts name it, `retention suppress after 400d`; or `step 1`; or the field that rows were found by. */
  readonly rule: string
  readonly action: 'delete' | 'step'
  readonly rows: number
}

/** What a policy asks for at a target: what a work order says of it. Changes nothing. */
export interface TargetSurvey {
  readonly target: TargetName
  /** Of what is stored now. */
  readonly digest: { readonly bytes: number; readonly sha256: string }
  /** All rows: kept, deleted and stepped together. */
  readonly rows: number
  readonly kept: number
  readonly deleted: number
  readonly stepped: number
  readonly rules: readonly RuleAction[]
  /** Of the kept ones: rows that a legal hold keeps from deletion, and from a step. */
  readonly held: {
    readonly fromDeletion: number
    readonly fromStep: number
    /** How many by which hold; absent where none is held. */
    readonly by?: Readonly<Record<string, number>> | undefined
    /** Holds by subject of which no row here can be told from others; absent where there is none. */
    readonly whole?: readonly HeldWhole[] | undefined
  }
  /** Of the kept ones: rows without an event time that can be read. */
  readonly undated: number
  /** Of the kept ones: rows that should be stepped, and hold a field that cannot be. */
  readonly cannotStep: number
  readonly unsteppable: readonly Unsteppable[]
  /** Of the kept ones: rows that are old enough for a step of the policy, where another version of it made the file. */
  readonly unstepped?: number | undefined
  /** In a bucket that keeps versions: how many older ones there are. Absent: none. */
  readonly olderVersions?: number | undefined
  /** Whether nothing is left, so that the target goes as a whole. */
  readonly whole: boolean
  /** Of the events, RFC 3339; null where no row tells one. */
  readonly oldest: string | null
  readonly newest: string | null
  /** Of an erasure: rows that hold nothing in any field that subjects are found by. */
  readonly unnamed?: number | undefined
  /** Of an erasure: why not all rows of a subject can be found here. */
  readonly unsearched?: readonly string[] | undefined
  /** So long a row may outlive its period, ms: the longest interval of an event time, and the margin. */
  readonly mayOutliveMs: number
}

export interface Target {
  readonly name: TargetName
  /** How large it was when it was listed in a store; undefined of what lies on a disk, or is not listed. */
  readonly remoteBytes?: number | undefined
  survey(request: TargetRequest): Promise<TargetSurvey | Untouched>
  /** Whether it is gone, where it should be gone as a whole. */
  isGone(): Promise<boolean>
}

/** For `lookAtEach`. */
export const remoteBytesOf = ({ remoteBytes }: Target): number | undefined => remoteBytes

/** The same of what an order says of a target. */
export const plannedBytes = ({
  target,
  digest,
}: Pick<TargetSurvey, 'target' | 'digest'>): number | undefined =>
  isObjectName(target.slice('file:'.length)) ? digest.bytes : undefined
