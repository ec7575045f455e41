/** What retention works on: the port of targets. Files are one; topics and tables of other kinds can stand behind it. */
import type { Plan } from '../policy/plan.ts'
import type { Hold, TargetName } from './legal-hold.ts'
import type { CannotStep, Unsteppable } from './stored-plan.ts'

/** What is asked of a target. */
export interface RetentionRequest {
  /** Of the policy that says how long rows may be kept. */
  readonly plan: Plan
  /** The instant that ages are judged at, ms since 1970. */
  readonly asOf: number
  /** Rows go so much later than their period says, ms: so far a clock may be ahead. */
  readonly marginMs: number
  readonly cannotStep: CannotStep | undefined
  readonly holds: readonly Hold[]
  /** The instant that holds are judged at, ms since 1970. */
  readonly heldAt: number
}

/** Why a target is left as it is. */
export const UNTOUCHED = {
  'no-sidecar': 'no FILE.lethe.json stands beside it: it is not known what made it',
  'sidecar-malformed': 'its FILE.lethe.json is not written as one',
  'changed-since': 'its bytes are not those that its FILE.lethe.json names',
  'other-policy': 'it was made by another policy',
  'no-time': 'no field of it tells the event time of its rows',
  'unreadable-rows': 'rows of it cannot be read, so that they cannot be judged',
  unreadable: 'it cannot be read',
} as const

export type UntouchedCode = keyof typeof UNTOUCHED

export interface Untouched {
  readonly target: TargetName
  readonly code: UntouchedCode
  readonly message: string
}

/** What one rule does to the rows of a target. */
export interface RuleAction {
  /** As accounts name it, `retention suppress after 400d`; or `step 1`. */
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
  readonly held: { readonly fromDeletion: number; readonly fromStep: number }
  /** Of the kept ones: rows without an event time that can be read. */
  readonly undated: number
  /** Of the kept ones: rows that should be stepped, and hold a field that cannot be. */
  readonly cannotStep: number
  readonly unsteppable: readonly Unsteppable[]
  /** Whether nothing is left, so that the target goes as a whole. */
  readonly whole: boolean
  /** Of the events, RFC 3339; null where no row tells one. */
  readonly oldest: string | null
  readonly newest: string | null
  /** So long a row may outlive its period, ms: the longest interval of an event time, and the margin. */
  readonly mayOutliveMs: number
}

export interface Target {
  readonly name: TargetName
  survey(request: RetentionRequest): Promise<TargetSurvey | Untouched>
  /**
   * Does what a survey said, under the hash of an order. Does nothing where it was done already; goes on where it was cut
   * short. @throws LetheError: `target-changed`, `target-held`, (io); then the target is as it was
   */
  apply(planned: TargetSurvey, order: string, request: RetentionRequest): Promise<'applied' | 'was applied'>
  /** Whether it is gone, where it should be gone as a whole. */
  isGone(): boolean
}
