/** Receipts of erasures: what was looked for, where, and whether it is gone, signed. docs/erasure.md writes the format down. */
import { canonicalJson } from '../policy/fingerprint.ts'
import type { SigningKey } from '../signing/private-key.ts'
import type { VerifiedErasure } from './erase.ts'
import type { ErasureFinding } from './erasure-finding.ts'
import type { ErasureOrder } from './erasure-order.ts'

/** Why a receipt is not closed. */
export interface OpenPoint {
  readonly target: string | null
  readonly code: 'not absent' | 'requested' | 'held' | 'partly searched' | 'not searched' | 'not on the list'
  readonly message: string
}

export interface Receipt {
  readonly lethe: 'receipt'
  readonly v: 1
  /** Whether every target was read, and nothing was found. */
  readonly closed: boolean
  /** The id of the public key. */
  readonly key: string
  readonly keys: ErasureOrder['keys']
  readonly list: Pick<ErasureOrder['list'], 'name' | 'domain' | 'keys'>
  readonly open: readonly OpenPoint[]
  /** The hash of the order, and when it was made. */
  readonly order: { readonly hash: string; readonly made: string }
  readonly policies: readonly ErasureOrder['searches'][number]['policy'][]
  readonly subjects: ErasureOrder['subjects']
  readonly targets: readonly Pick<
    ErasureFinding,
    'target' | 'state' | 'planned' | 'read' | 'found' | 'eligible'
  >[]
  /** When the targets were read again, RFC 3339. */
  readonly verified: string
}

/** Parts what is signed here from whatever else the same key signs. */
const CONTEXT = 'lethe-receipt-v1\n'

export function receiptOf(
  order: ErasureOrder,
  { targets, unlisted }: VerifiedErasure,
  now: number,
): Omit<Receipt, 'key'> {
  const open = openPoints({ targets, unlisted })
  const { keys, list, hash, made, searches, subjects } = order
  return {
    lethe: 'receipt',
    v: 1,
    closed: open.length === 0,
    keys,
    list: { name: list.name, domain: list.domain, keys: list.keys },
    open,
    order: { hash, made },
    policies: searches.map(({ policy }) => policy),
    subjects,
    targets: targets.map(({ message: _, ...finding }) => finding),
    verified: new Date(now).toISOString(),
  }
}

export function openPoints({ targets, unlisted }: VerifiedErasure): readonly OpenPoint[] {
  const points: OpenPoint[] = targets.flatMap(({ target, state, message }) =>
    state === 'verified absent' ? [] : [{ target, code: state, message }],
  )
  if (unlisted > 0)
    points.push({
      target: null,
      code: 'not on the list',
      message: `${unlisted} subjects are not on the suppression list: records of them may come again`,
    })
  return points
}

/** The line of a receipt, canonical JSON with its signature, without a line end. */
export function receiptLine(receipt: Omit<Receipt, 'key'>, key: SigningKey): string {
  const stated: Receipt = { ...receipt, key: key.publicKey.id }
  const signature = key.sign(Buffer.from(CONTEXT + canonicalJson(stated))).toString('base64')
  return canonicalJson({ ...stated, signature })
}
