/** Gates judge whole records, before the rules run over them or after. Each thread has its own. */
import type { DeadLetterCode } from '../errors.ts'
import type { Path } from '../policy/path.ts'
import type { MakeLeavingJudge } from './leaving-judge.ts'

/** The records of a block that a gate judges, and what it may say of them. The first verdict of all gates stands. */
export interface JudgedRecords {
  /** Records `[from, to)` of the block. */
  readonly from: number
  readonly to: number
  /** Whether the record has failed or is suppressed already. */
  isOut(record: number): boolean
  /** Whether the record is suppressed already. */
  isSuppressed(record: number): boolean
  /**
   * Whether the record was read to its end, though it may have failed since: then a value that is not there is absent. Of
   * another one only the values are known that stand before the fault.
   */
  isRead(record: number): boolean
  /** Text of the scalar at `reads[read]`; undefined where it is absent, null or empty, or its path has lists or maps. */
  text(record: number, read: number): string | undefined
  /** The texts of all scalars at `reads[read]`, which may name lists and maps, in their order. */
  texts(record: number, read: number): readonly string[]
  /** The rules in force are those once `steps` retention steps are reached. Before the rules only. */
  setStep(record: number, steps: number): void
  /** The record must not leave. `reason`: one of the gate's `reasons`. */
  suppress(record: number, reason: string): void
  /** The same, though it has failed: the record is no dead letter, whatever is or will be wrong with it. */
  deny(record: number, reason: string): void
  fail(record: number, code: DeadLetterCode): void
}

export interface Gate {
  readonly name: string
  readonly phase: 'before-rules' | 'after-rules'
  /** Of change events: it judges the event, and `reads` are paths of that. Others judge each row in it. */
  readonly isOfEvent?: true
  /** Paths of the input whose values it asks for. */
  readonly reads: readonly Path[]
  /** Under which reasons it suppresses: labels of the account, of metrics and of cases. */
  readonly reasons: readonly string[]
  /** Of gates that go by what would leave: behind all others it judges that, where a run has what it takes. */
  readonly leaving?: MakeLeavingJudge | undefined
  /** Judges records. `now`: the instant that the run is judged at, ms since the epoch. Throws for no record. */
  judge(records: JudgedRecords, now: number): void
}
