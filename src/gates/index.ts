/** The list of gates, in the order that they judge. */
import type { Gate } from '../engine/gate.ts'
import type { Path } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { crowdGate } from './crowd.ts'
import { consentGate } from './event-consent.ts'
import { checkData, type GateData } from './gate-data.ts'
import { requiredGate } from './required.ts'
import { retentionGate } from './retention.ts'
import { suppressionGate } from './suppression.ts'
import { tableConsentGate } from './table-consent.ts'

/** Makes the gate of a plan, if its policy asks for one. */
const GATES: readonly ((plan: Plan, data?: GateData) => Gate | undefined)[] = [
  suppressionGate,
  consentGate,
  tableConsentGate,
  requiredGate,
  retentionGate,
  crowdGate,
]

/**
 * The gates of a plan.
 * @throws LetheError (usage) where `data` lacks a list that the plan names
 */
export function gatesOf(plan: Plan, data: GateData): Gate[] {
  checkData(plan, data)
  return GATES.flatMap((make) => make(plan, data) ?? [])
}

const gatesWithoutData = (plan: Plan): Gate[] => GATES.flatMap((make) => make(plan) ?? [])

/** What the gates of a plan read of a record. */
export const readsOf = (plan: Plan): Path[] => gatesWithoutData(plan).flatMap(({ reads }) => reads)

/** Under which reasons records of a plan may be suppressed. */
export const reasonsOf = (plan: Plan): string[] => gatesWithoutData(plan).flatMap(({ reasons }) => reasons)
