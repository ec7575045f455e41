/** Adds an approval to the file beside a policy. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { fileError, LetheError } from '../errors.ts'
import type { SeenPolicy } from '../policy/seen.ts'
import type { SigningKey } from '../signing/private-key.ts'
import { type Approval, approvalLine, readApprovals } from './approval.ts'
import { approvalFileOf, readApprovalFile } from './required-approval.ts'

export interface ApproveOptions {
  readonly role: string
  readonly note: string
  readonly key: SigningKey
  /** ms since 1970. */
  readonly now: number
}

/**
 * The fingerprint that was approved last before this one; null where none was.
 * @throws LetheError (usage) where a line of the file is no approval
 */
export function lastApproved(policyFile: string, fingerprint: string): string | null {
  const bytes = readApprovalFile(policyFile) ?? new Uint8Array()
  const lines = readApprovals(bytes)
  const damaged = lines.find(({ approval }) => approval === undefined)
  if (damaged !== undefined)
    throw new LetheError(
      'file-malformed',
      `line ${damaged.line} of ${approvalFileOf(policyFile)} is not written as an approval is: it was changed`,
      'have it as it was, or take the line out',
    )
  return (
    lines.findLast(({ approval }) => approval!.fingerprint !== fingerprint)?.approval?.fingerprint ?? null
  )
}

/**
 * Appends an approval of `policy` to the file beside `policyFile`, and makes that file where there is none.
 * @throws LetheError (usage) where a line of the file is no approval, (io) where it cannot be written
 */
export function approve(
  policyFile: string,
  { name, version, fingerprint }: SeenPolicy,
  { role, note, key, now }: ApproveOptions,
): Approval {
  const previous = lastApproved(policyFile, fingerprint)
  const when = new Date(now).toISOString()
  const approval = { policy: name, version, fingerprint, previous, role, note, when, key: key.publicKey.id }
  const bytes = readApprovalFile(policyFile)
  // A line that was cut short would swallow this one.
  const start = bytes === undefined || bytes.length === 0 || bytes.at(-1) === 0x0a ? '' : '\n'
  append(approvalFileOf(policyFile), `${start}${approvalLine(approval, key)}\n`)
  return approval
}

function append(file: string, text: string): void {
  try {
    const descriptor = openSync(file, 'a', 0o644)
    try {
      writeSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw fileError(file, error, 'written')
  }
}
