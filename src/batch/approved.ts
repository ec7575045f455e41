/** Whether a batch may run: `--require-approval`. */
import {
  type CountedApproval,
  type RequiredApproval,
  requireApproved,
} from '../approval/required-approval.ts'
import { LetheError } from '../errors.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import type { Plan } from '../policy/plan.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { type InputFlags, unstatedFlag } from '../run/input-flags.ts'
import type { RunFiles } from '../run/run-files.ts'

export interface ApprovalOptions extends InputFlags {
  readonly policy: string
  readonly requireApproval?: RequiredApproval
}

/** Before anything of an input is looked at. A policy with errors is told of later, with all of them. */
export async function refuseUnapproved(options: ApprovalOptions, files: RunFiles): Promise<void> {
  const { plan } = await compilePolicyFile(readPolicyFile(options.policy, 'the policy', files.read))
  if (plan !== undefined) approvedBy(plan, options, files)
}

/**
 * The approvals of the plan that runs; undefined where none are required.
 * @throws LetheError (usage) where they are missing, or an option would read the input in another way than was approved
 */
export function approvedBy(
  plan: Plan,
  options: ApprovalOptions,
  files: RunFiles,
): readonly CountedApproval[] | undefined {
  const { policy, requireApproval } = options
  if (requireApproval === undefined) return undefined
  const flag = unstatedFlag(plan.input, options)
  if (flag !== undefined)
    throw new LetheError(
      'approval-options',
      `${flag} says how bytes become cells, and the policy that was approved does not say so; nothing was read`,
      'write it into `input:` of the policy and have that approved, or leave the option out',
    )
  return requireApproved(policy, plan, requireApproval, files.read)
}
