/** The gate of `required:`: every record holds the values that the policy requires. */
import type { Gate } from '../engine/gate.ts'
import type { Plan } from '../policy/plan.ts'

/** The gate of a plan that requires values. Absent, null and empty all mean that there is none. */
export function requiredGate({ required, readers }: Plan): Gate | undefined {
  if (required.length === 0) return undefined
  const readersOf = required.map((path) => readers.get(path.text))
  /** Whether a value stands there, as the rules of its field read it. */
  const isThere = (text: string | undefined, read: number): boolean => {
    const reader = readersOf[read]
    return text !== undefined && (reader === undefined || reader(text) !== undefined)
  }
  return {
    name: 'required',
    phase: 'before-rules',
    reads: required,
    reasons: [],
    judge(records) {
      for (let record = records.from; record < records.to; record++) {
        if (records.isOut(record)) continue
        if (required.some((_, read) => !isThere(records.text(record, read), read)))
          records.fail(record, 'required-missing')
      }
    },
  }
}
