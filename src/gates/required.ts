/** The gate of `required:`: every record holds the values that the policy requires. */
import type { Gate } from '../engine/gate.ts'
import type { Plan } from '../policy/plan.ts'

/** The gate of a plan that requires values. Absent, null and empty all mean that there is none. */
export function requiredGate({ required }: Plan): Gate | undefined {
  if (required.length === 0) return undefined
  return {
    name: 'required',
    phase: 'before-rules',
    reads: required,
    reasons: [],
    judge(records) {
      for (let record = records.from; record < records.to; record++) {
        if (records.isOut(record)) continue
        if (required.some((_, read) => records.text(record, read) === undefined))
          records.fail(record, 'required-missing')
      }
    },
  }
}
