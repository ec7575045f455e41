/** Policies that are linted together: two of one name and version are one policy, or a version was not raised. */
import { resolve } from 'node:path'
import type { Problem } from '../../errors.ts'
import type { TextPosition } from '../../policy/problems.ts'
import {
  describeVersionNotRaised,
  isVersionNotRaised,
  RAISE_VERSION,
  type SeenPolicy,
  VERSION_NOT_RAISED,
} from '../../policy/seen.ts'

export interface LintedPolicy {
  readonly file: string
  readonly plan: SeenPolicy
  /** Of its version. */
  readonly at: TextPosition
}

/** A warning at each policy that is another one than an earlier one of the same name and version. */
export function versionProblems(policies: readonly LintedPolicy[]): readonly Problem[] {
  return policies.flatMap(({ file, plan, at }, index): Problem[] => {
    const before = policies
      .slice(0, index)
      .find((one) => resolve(one.file) !== resolve(file) && isVersionNotRaised(plan, one.plan))
    if (before === undefined) return []
    return [
      {
        file,
        ...at,
        code: VERSION_NOT_RAISED,
        severity: 'warning',
        message: describeVersionNotRaised(plan, `in ${before.file}`),
        suggestion: RAISE_VERSION,
      },
    ]
  })
}
