/** The list of gates, in the order that they judge. */
import type { Gate } from '../engine/gate.ts'
import type { Plan } from '../policy/plan.ts'
import { consentGate } from './consent.ts'
import { requiredGate } from './required.ts'
import { retentionGate } from './retention.ts'

/** Makes the gate of a plan, if its policy asks for one. */
const GATES: readonly ((plan: Plan) => Gate | undefined)[] = [consentGate, requiredGate, retentionGate]

/** The gates of a plan. */
export const gatesOf = (plan: Plan): Gate[] => GATES.flatMap((make) => make(plan) ?? [])

/** Under which reasons records of a plan may be suppressed. */
export const reasonsOf = (plan: Plan): string[] => gatesOf(plan).flatMap(({ reasons }) => reasons)
