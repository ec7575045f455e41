/** A plan cannot be posted to a thread: each compiles it again, and checks that the result is the same. */
import { LetheError } from '../errors.ts'
import { Keyring } from '../keys/keyring.ts'
import { type Compiled, compilePolicy } from '../policy/compile.ts'
import type { Plan } from '../policy/plan.ts'
import type { Policy } from '../policy/policy.ts'
import { type PolicyFile, readPolicyFile } from '../policy/policy-file.ts'
import { type RunConfiguration, readFrom } from './configuration.ts'

/** What a thread needs to compile the same plan as its parent. It stays in memory. */
export interface PlanSetup {
  readonly policyFile: string
  /** The parent's. */
  readonly fingerprint: string
  readonly configuration: RunConfiguration
}

export interface CompiledAgain {
  readonly plan: Plan
  readonly policy: Policy
  readonly source: PolicyFile
  readonly keys: Keyring | undefined
}

/** Compiles the parent's plan again, in a thread, from what the parent read. @throws LetheError (usage) where it is not the same */
export function compileAgain({ policyFile, fingerprint, configuration }: PlanSetup): CompiledAgain {
  const source = readPolicyFile(policyFile, 'the policy', readFrom(configuration))
  const { keyset } = configuration
  const keys = keyset === undefined ? undefined : Keyring.fromKeyset(keyset)
  const { plan, policy }: Compiled = compilePolicy(source, { keys })
  if (plan?.fingerprint !== fingerprint || policy === undefined)
    throw new LetheError(
      'config-differs',
      `a thread compiled another plan of the policy ${policyFile} than the process that started it`,
      'start again; was another version of Lethe installed meanwhile?',
    )
  return { plan, policy, source, keys }
}
