/** The approvals of a policy, for people. */
import type { Approval } from '../approval/approval.ts'
import {
  APPROVAL_STATES,
  type ApprovalState,
  judgeApprovals,
  readApprovalFile,
  readTrustedKeys,
} from '../approval/required-approval.ts'
import type { SeenPolicy } from '../policy/seen.ts'
import { code, prose, row } from './markdown-text.ts'

export interface ShownApproval {
  readonly approval: Approval
  /** `not-checked`: no public keys were given. */
  readonly state: ApprovalState | 'not-checked'
}

/** Those of this text of the policy. @throws LetheError where the approvals or the keys cannot be read */
export function approvalsOf(
  policyFile: string,
  { fingerprint }: SeenPolicy,
  keysFile: string | undefined,
): readonly ShownApproval[] {
  const bytes = readApprovalFile(policyFile)
  if (bytes === undefined) return []
  const keys = keysFile === undefined ? [] : readTrustedKeys(keysFile)
  return judgeApprovals(bytes, fingerprint, keys, Date.now()).flatMap(({ approval, state }) => {
    if (approval?.fingerprint !== fingerprint) return []
    return [{ approval, state: keysFile === undefined ? 'not-checked' : state }]
  })
}

const stateInWords = (state: ShownApproval['state']): string =>
  state === 'not-checked' ? 'not checked: give --approval-keys' : APPROVAL_STATES[state]

export function approvalInWords({ approval: { role, when, key, note }, state }: ShownApproval): string {
  return `as ${role} on ${when} with the key ${key}: ${note} (${stateInWords(state)})`
}

/** A section for the page of a policy; empty where there are none. */
export function approvalsMarkdown(approvals: readonly ShownApproval[]): string {
  if (approvals.length === 0) return ''
  const rows = approvals.map(({ approval: { role, when, key, note }, state }) =>
    row([code(role), when, code(key), code(note), prose(stateInWords(state))]),
  )
  const head = ['approved as', 'when', 'key', 'why', 'signature']
  return ['', '## Approvals', '', row(head), row(head.map(() => '---')), ...rows, ''].join('\n')
}
