/** A plan cannot be posted to a thread: each compiles it anew, and makes sure that it is the same. */
import { Keyring } from '../keys/keyring.ts'
import type { Keyset } from '../keys/keyset.ts'
import { type Compiled, compilePolicy } from '../policy/compile.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy } from '../policy/policy.ts'
import { type PolicyFile, policyFileOf } from '../policy/read.ts'

/** What a thread needs to compile the same plan as its parent. It stays in memory. */
export interface PlanSetup {
  readonly policyFile: string
  readonly policyText: string
  /** The parent's: another one means that a file changed in between. */
  readonly fingerprint: string
  readonly keyset: Keyset | undefined
}

export interface CompiledAgain {
  readonly plan: Plan
  readonly policy: Policy
  readonly source: PolicyFile
  readonly keys: Keyring | undefined
}

/** Compiles the parent's plan again, in a thread. Throws where it is not the same. */
export function compileAgain(setup: PlanSetup): CompiledAgain {
  const source = policyFileOf(setup.policyFile, setup.policyText)
  const keys = setup.keyset === undefined ? undefined : Keyring.fromKeyset(setup.keyset)
  const { plan, policy }: Compiled = compilePolicy(source, { keys })
  if (plan?.fingerprint !== setup.fingerprint || policy === undefined)
    throw new Error('a file that the policy uses changed while the run began')
  return { plan, policy, source, keys }
}
