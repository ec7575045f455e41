/** The format of approvals: one line of JSON each, signed. docs/approval.md writes it down. */
import { canonicalJson } from '../policy/fingerprint.ts'
import type { SigningKey } from '../signing/private-key.ts'
import { readSignedLine } from '../signing/signed-line.ts'

export interface Approval {
  /** Name and version of the policy, for people: the fingerprint decides. */
  readonly policy: string
  readonly version: number
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string
  /** The last fingerprint before this one that the file has an approval of; null where there is none. */
  readonly previous: string | null
  /** As whom it is approved, e.g. `privacy-officer`. */
  readonly role: string
  /** Why. */
  readonly note: string
  /** RFC 3339, UTC, to the millisecond. */
  readonly when: string
  /** The id of the public key: see `PublicKey`. */
  readonly key: string
}

export interface SignedApproval extends Approval {
  /** The 64 bytes of the Ed25519 signature. */
  readonly signature: Buffer
}

/** One line of a file of approvals. Undefined: it is not written as an approval is, to the byte. */
export interface ApprovalLine {
  /** From 1. */
  readonly line: number
  readonly approval: SignedApproval | undefined
}

const HEAD = { lethe: 'approval', v: 1 }
/** Parts what is signed here from whatever else the same key signs. */
const CONTEXT = 'lethe-approval-v1\n'

export const MAX_APPROVAL_BYTES: number = 1 << 20
export const ROLE: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** 10 to 1,000 characters on one line. */
export const NOTE: RegExp = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{10,1000}$/u
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What is signed: the context, and the canonical JSON of all members but the signature, in UTF-8. */
export function signedBytes({
  policy,
  version,
  fingerprint,
  previous,
  role,
  note,
  when,
  key,
}: Approval): Buffer {
  const members = { ...HEAD, policy, version, fingerprint, previous, role, note, when, key }
  return Buffer.from(CONTEXT + canonicalJson(members))
}

/** The line of an approval, without its line end. */
export function approvalLine(approval: Approval, key: SigningKey): string {
  return lineOf({ ...approval, signature: key.sign(signedBytes(approval)) })
}

function lineOf({ signature, ...members }: SignedApproval): string {
  return canonicalJson({ ...HEAD, ...members, signature: signature.toString('base64') })
}

/** The lines of a file. A line of which one byte was changed is no approval, or has a signature that does not hold. */
export function readApprovals(bytes: Uint8Array): readonly ApprovalLine[] {
  const lines: ApprovalLine[] = []
  let start = 0
  for (let line = 1; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    const of = bytes.subarray(start, end < 0 ? bytes.length : end)
    if (of.length > 0) lines.push({ line, approval: readLine(of) })
    start = end < 0 ? bytes.length : end + 1
  }
  return lines
}

function readLine(bytes: Uint8Array): SignedApproval | undefined {
  const line = readSignedLine(bytes)
  if (line === undefined) return undefined
  const { text, read } = line
  if (!isApproval(read)) return undefined
  const { policy, version, fingerprint, previous, role, note, when, key } = read
  const signature = Buffer.from(read.signature, 'base64')
  const approval = { policy, version, fingerprint, previous, role, note, when, key, signature }
  // One way to write each: what differs by a byte is another text, whatever JSON says.
  return signature.length === 64 && lineOf(approval) === text ? approval : undefined
}

function isApproval(read: unknown): read is Approval & { readonly signature: string } {
  if (typeof read !== 'object' || read === null) return false
  const { version, previous, ...texts } = read as Record<string, unknown>
  const matches = (name: string, form: RegExp) => typeof texts[name] === 'string' && form.test(texts[name])
  return (
    Number.isSafeInteger(version) &&
    (previous === null || (typeof previous === 'string' && /^[0-9a-f]{64}$/.test(previous))) &&
    typeof texts['policy'] === 'string' &&
    matches('fingerprint', /^[0-9a-f]{64}$/) &&
    matches('role', ROLE) &&
    matches('note', NOTE) &&
    matches('when', TIME) &&
    matches('key', /^[0-9a-f]{16}$/) &&
    typeof texts['signature'] === 'string'
  )
}
