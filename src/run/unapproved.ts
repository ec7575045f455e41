/** Policies of a pipeline that have fewer approvals than it requires: a run would refuse them. */
import { requireApproved } from '../approval/required-approval.ts'
import { LetheError, type Problem } from '../errors.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import type { Compiled } from '../policy/compile.ts'

export function approvalProblems(
  { approval, file, routes }: Pipeline,
  policies: ReadonlyMap<string, Compiled>,
): readonly Problem[] {
  if (approval === undefined) return []
  return routes.flatMap(({ policy, at }): Problem[] => {
    try {
      requireApproved(policy, policies.get(policy)!.plan!, approval)
      return []
    } catch (error) {
      if (!(error instanceof LetheError)) throw error
      const code = error.code === 'approval-missing' ? error.code : 'bad-file'
      const { message, suggestion } = error
      return [{ file, ...at, code, severity: 'error', message, suggestion }]
    }
  })
}
