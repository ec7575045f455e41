/** Heads of chains, signed, in a second place: only there it shows that the end of a ledger was cut off. */
import { closeSync, fsyncSync, openSync, realpathSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileError, LetheError } from '../errors.ts'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { SigningKey } from '../signing/private-key.ts'
import type { PublicKey } from '../signing/public-key.ts'
import { linesOf } from './entry.ts'
import { readTail } from './tail.ts'

/** The last entry of a chain at some time. */
export interface LedgerHead {
  readonly chain: string
  /** SHA-256 of the line of that entry, without its line end. */
  readonly hash: string
  /** The id of the public key. */
  readonly key: string
  readonly sequence: number
  /** RFC 3339, UTC: when the entry was made. */
  readonly time: string
}

export interface SignedHead extends LedgerHead {
  readonly signature: Buffer
}

/** A second place for heads. */
export interface Anchor {
  /** For messages. */
  readonly name: string
  /** The highest head of a chain there; undefined where there is none, or where the place can only be written to. */
  last(chain: string): Promise<SignedHead | undefined>
  /** Resolves once the place has it for good. Rejects with a `LetheError`. */
  put(line: string): Promise<void>
}

const HEAD = { lethe: 'ledger-head', v: 1 }
const CONTEXT = 'lethe-ledger-head-v1\n'

const signedBytes = (head: LedgerHead): Buffer => Buffer.from(CONTEXT + canonicalJson({ ...HEAD, ...head }))

/** The line of a head, without its line end. */
export function headLine(head: LedgerHead, key: SigningKey): string {
  return canonicalJson({ ...HEAD, ...head, signature: key.sign(signedBytes(head)).toString('base64') })
}

/** The head that a line holds; undefined where the line is not written as a head is, to the byte. */
export function readHead(bytes: Uint8Array): SignedHead | undefined {
  const text = Buffer.from(bytes).toString('latin1')
  let read: Record<string, unknown>
  try {
    read = Object(JSON.parse(text))
  } catch {
    return undefined
  }
  const { chain, hash, key, sequence, time } = read as unknown as LedgerHead
  const { signature } = read
  const isText = (value: unknown, form: RegExp): boolean => typeof value === 'string' && form.test(value)
  if (
    !isText(chain, /^[0-9a-f]{32}$/) ||
    !isText(hash, /^[0-9a-f]{64}$/) ||
    !isText(key, /^[0-9a-f]{16}$/) ||
    !Number.isSafeInteger(sequence) ||
    !isText(time, /^[0-9T:.Z-]{24}$/) ||
    typeof signature !== 'string'
  )
    return undefined
  const head = { chain, hash, key, sequence, time }
  const decoded = Buffer.from(signature, 'base64')
  return decoded.length === 64 &&
    canonicalJson({ ...HEAD, ...head, signature: decoded.toString('base64') }) === text
    ? { ...head, signature: decoded }
    : undefined
}

export function headHoldsUnder({ signature, ...head }: SignedHead, key: PublicKey): boolean {
  return key.verifies(signedBytes(head), signature)
}

/** Most often the heads are near the end of the file; otherwise the whole file is read. */
const NEAR_BYTES = 64 << 10

/**
 * The highest head of a chain in a file: who can append to it can write an older one again. Each head is higher than the one before,
 * and where that is not so near the end, all of them are looked at.
 */
function highestIn(file: string, chain: string): SignedHead | undefined {
  let highest: SignedHead | undefined
  for (const most of [NEAR_BYTES, Number.MAX_SAFE_INTEGER]) {
    const tail = readTail(file, most)
    if (tail === undefined) return undefined
    let inOrder = true
    for (const { bytes } of linesOf(tail.bytes)) {
      const head = readHead(bytes)
      if (head?.chain !== chain) continue
      if (highest === undefined || head.sequence > highest.sequence) highest = head
      else inOrder = false
    }
    if (tail.isWhole || (highest !== undefined && inOrder)) break
    highest = undefined
  }
  return highest
}

/**
 * A file of heads, one a line. Several ledgers of one machine may share it.
 * @throws LetheError (usage) where it stands in the folder of the ledger, which is no second place
 */
export function fileAnchor(file: string, ledger: string): Anchor {
  if (folderOf(file) === folderOf(ledger))
    throw new LetheError(
      'bad-option',
      `the anchor ${file} stands in the folder of the ledger: who cuts the one can cut the other`,
      'name a file in another folder, on another disk or machine where there is one',
    )
  return {
    name: file,
    last: async (chain) => highestIn(file, chain),
    put: async (line) => {
      try {
        const descriptor = openSync(file, 'a', 0o644)
        try {
          // One call, so that lines of several processes do not mix. What was cut short before must not swallow it.
          const tail = readTail(file, 1)
          const start = tail === undefined || tail.bytes.length === 0 || tail.bytes[0] === 0x0a ? '' : '\n'
          const bytes = Buffer.from(`${start}${line}\n`)
          if (writeSync(descriptor, bytes) < bytes.length)
            throw Object.assign(new Error(), { code: 'ENOSPC' })
          fsyncSync(descriptor)
        } finally {
          closeSync(descriptor)
        }
      } catch (error) {
        throw fileError(file, error, 'written')
      }
    },
  }
}

function folderOf(file: string): string {
  const folder = dirname(resolve(file))
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
