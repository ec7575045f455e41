/** Whether a policy has the approvals that a run requires. */
import { LetheError } from '../errors.ts'
import { type ReadWhole, readFromDisk } from '../policy/policy-file.ts'
import type { SeenPolicy } from '../policy/seen.ts'
import { MAX_KEYS_BYTES, type PublicKey, parsePublicKeys } from '../signing/public-key.ts'
import {
  type Approval,
  MAX_APPROVAL_BYTES,
  readApprovals,
  type SignedApproval,
  signedBytes,
} from './approval.ts'

/** What a run requires. It never stands in the policy: who writes a policy does not say who approves it. */
export interface RequiredApproval {
  /** So many people, by their keys. */
  readonly need: number
  /** The file of the public keys that count. */
  readonly keysFile: string
}

/** An approval that counted, as summaries name it. */
export interface CountedApproval {
  readonly key: string
  readonly role: string
  /** RFC 3339. */
  readonly when: string
}

/** What an approval comes to: `counts`, or why it does not. */
export const APPROVAL_STATES = {
  counts: 'it counts',
  'same-key': 'its key has approved this policy already, and counts once',
  'other-policy': 'it is of another fingerprint',
  'unknown-key': 'its key is none of the trusted ones',
  'bad-signature': 'its signature does not hold: it was changed, or signed by another key',
  future: 'its time lies in the future: check the clock of this machine, and of the one that made it',
  unreadable: 'it is not written as an approval is: it was changed',
} as const

export type ApprovalState = keyof typeof APPROVAL_STATES

export interface JudgedApproval {
  readonly line: number
  readonly state: ApprovalState
  readonly approval: Approval | undefined
}

/** Clocks of two machines may differ by so much. */
const TOLERANCE_MS = 5 * 60_000

export const approvalFileOf = (policyFile: string): string => `${policyFile}.approval`

/** Judges every line of a file of approvals, for the policy of this fingerprint. `now` in ms since 1970. */
export function judgeApprovals(
  bytes: Uint8Array,
  fingerprint: string,
  keys: readonly PublicKey[],
  now: number,
): readonly JudgedApproval[] {
  const seen = new Set<string>()
  return readApprovals(bytes).map(({ line, approval }) => {
    const state = approval === undefined ? 'unreadable' : stateOf(approval, fingerprint, keys, now, seen)
    return { line, state, approval }
  })
}

function stateOf(
  approval: SignedApproval,
  fingerprint: string,
  keys: readonly PublicKey[],
  now: number,
  seen: Set<string>,
): ApprovalState {
  if (approval.fingerprint !== fingerprint) return 'other-policy'
  const named = keys.filter(({ id }) => id === approval.key)
  if (named.length === 0) return 'unknown-key'
  const signer = named.find((key) => key.verifies(signedBytes(approval), approval.signature))
  if (signer === undefined) return 'bad-signature'
  // A date that is none is not earlier than anything.
  if (!(Date.parse(approval.when) <= now + TOLERANCE_MS)) return 'future'
  if (seen.has(signer.spki)) return 'same-key'
  seen.add(signer.spki)
  return 'counts'
}

/** The bytes of the approvals beside a policy; undefined where there are none. */
export function readApprovalFile(policyFile: string, read: ReadWhole = readFromDisk): Uint8Array | undefined {
  try {
    return read(approvalFileOf(policyFile), 'the approvals', MAX_APPROVAL_BYTES)
  } catch (error) {
    if (error instanceof LetheError && error.code === 'file-missing') return undefined
    throw error
  }
}

/** The keys of a file. @throws LetheError where it cannot be read, or holds anything else */
export function readTrustedKeys(file: string, read: ReadWhole = readFromDisk): readonly PublicKey[] {
  return parsePublicKeys(Buffer.from(read(file, 'the public keys', MAX_KEYS_BYTES)).toString('latin1'), file)
}

/**
 * The approvals that count for `policy`, which stands at `policyFile`.
 * @throws LetheError (usage): `approval-missing` where there are fewer than are needed, and what else keys can be
 */
export function requireApproved(
  policyFile: string,
  policy: SeenPolicy,
  { need, keysFile }: RequiredApproval,
  read: ReadWhole = readFromDisk,
  now: number = Date.now(),
): readonly CountedApproval[] {
  const keys = readTrustedKeys(keysFile, read)
  if (keys.length < need)
    throw new LetheError(
      'public-keys-invalid',
      `${keysFile} holds ${keys.length} keys, and ${need} approvals are needed`,
      'add the public keys of more people, or need fewer',
    )
  const bytes = readApprovalFile(policyFile, read)
  const judged = bytes === undefined ? [] : judgeApprovals(bytes, policy.fingerprint, keys, now)
  const counted = judged.flatMap(({ state, approval }) =>
    state === 'counts' ? [{ key: approval!.key, role: approval!.role, when: approval!.when }] : [],
  )
  if (counted.length >= need) return counted
  throw missing(policyFile, policy, { need, has: counted.length, judged })
}

function missing(
  policyFile: string,
  { name, version }: SeenPolicy,
  { need, has, judged }: { need: number; has: number; judged: readonly JudgedApproval[] },
): LetheError {
  const last = judged.findLast(({ state }) => state !== 'counts')
  const why =
    last &&
    `; line ${last.line} of ${approvalFileOf(policyFile)} does not count: ${APPROVAL_STATES[last.state]}`
  return new LetheError(
    'approval-missing',
    `the policy ${name}, version ${version}, has ${has} of the ${need} approvals that are required${why ?? ''}; nothing was read`,
    `lethe approve ${policyFile} --as ROLE --note "…" --signing-key FILE, by a person whose key is trusted`,
  )
}
