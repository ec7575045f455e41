/** What a search of files goes by, once they are read. */
import type { MeasuredRecords } from '../measures/measured-records.ts'
import type { Plan } from '../policy/plan.ts'
import type { PolicyFile } from '../policy/policy-file.ts'
import type { Summary } from '../run/account/account-view.ts'
import type { CompileText, FieldLadder } from './field-rungs.ts'
import type { SolveData } from './solve-data.ts'
import type { SolveOptions, SolveRequest } from './solve-options.ts'

export interface Solving {
  readonly policy: PolicyFile
  readonly plan: Plan
  readonly options: SolveOptions
  readonly asked: SolveRequest
  readonly ladders: readonly FieldLadder[]
  readonly records: MeasuredRecords
  readonly data: SolveData
  readonly summary: Summary
  readonly compile: CompileText
}
