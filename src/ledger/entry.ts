/** The format of ledgers: one line of JSON for each entry, chained and signed. docs/ledger.md writes it down. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../policy/fingerprint.ts'
import type { SigningKey } from '../signing/private-key.ts'
import type { PublicKey } from '../signing/public-key.ts'
import { readSignedLine } from '../signing/signed-line.ts'

/** What can stand in a ledger: the closed list of actions. A name keeps its meaning. */
export const ACTIONS = {
  'ledger.begin': 'the ledger was begun',
  'ledger.segment': 'the segment before was sealed, and this one begun',
  'ledger.repair': 'an entry that was cut short was taken off the end',
  'ledger.drop': 'sealed segments were dropped',
  batch: 'files were de-identified',
  replay: 'dead letters were replayed',
  'account.merge': 'the shards of a run were added up, and what they left was published',
  stream: 'a stream ran',
  'policy.change': 'a stream began with another policy than the one before',
  approve: 'a policy was approved',
  'originals.open': 'originals that dead letters carry were opened',
  'hold.add': 'a legal hold was added',
  'hold.release': 'a legal hold was released',
  'retain.plan': 'a work order of retention was made',
  'retain.apply': 'a work order of retention was applied',
  'retain.verify': 'what a work order of retention was about was read again',
  'forget.plan': 'a work order of erasure was made',
  'forget.apply': 'a work order of erasure was applied',
  'forget.verify': 'what a work order of erasure was about was read again',
  'forget.replay': 'what was erased before was looked for and erased again',
  'keys.create': 'a keyset was made',
  'keys.add': 'a key was added',
  'keys.promote': 'a key became the primary one',
  'keys.compromise': 'a key was marked as compromised',
  'keys.disable': 'a key was disabled',
  'consent.change': 'a statement of consent was added to a table',
  'consent.import': 'statements of consent were added to a table',
} as const

export type LedgerAction = keyof typeof ACTIONS

/** `begins` stands before the action, `done` or `failed` after it. */
export type EntryState = 'begins' | 'done' | 'failed'

/** What an entry says of its action. Names are those of configuration; never a path, and nothing out of the data. */
export interface LedgerFact {
  readonly action: LedgerAction
  readonly state: EntryState
  /** Of an outcome: the sequence of the entry that stands before the action. */
  readonly begun?: number | undefined
  /** Of a failure: its code. */
  readonly code?: string | undefined
  /** Policy, pipeline, route, key id, hold id and such. */
  readonly names?: Readonly<Record<string, string>> | undefined
  /** SHA-256 in hex. */
  readonly fingerprints?: Readonly<Record<string, string>> | undefined
  readonly counts?: Readonly<Record<string, number>> | undefined
}

export interface LedgerEntry {
  readonly action: string
  /** As what: `--as`. */
  readonly actor: string
  readonly begun: number | null
  /** 32 hex digits: which ledger it is. */
  readonly chain: string
  readonly code: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly fingerprints: Readonly<Record<string, string>>
  /** The id of the public key. */
  readonly key: string
  readonly names: Readonly<Record<string, string>>
  /** SHA-256 of the line before, without its line end, as it is stored; null of the first. */
  readonly previous: string | null
  /** From 1, without a gap. */
  readonly sequence: number
  readonly state: EntryState
  /** RFC 3339, UTC, to the millisecond. */
  readonly time: string
}

export interface SignedEntry extends LedgerEntry {
  readonly signature: Buffer
}

/** An entry longer than this is none. */
export const MAX_ENTRY_BYTES: number = 64 << 10
export const ACTOR: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** Member names of `names`, `fingerprints` and `counts`. */
const MEMBER = /^[a-z][A-Za-z]{0,39}$/
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
/** The member `reason` of `names` is what an operator wrote: one line, without control and format characters. */
export const REASON_NAME: RegExp = /^[^\p{C}\p{Zl}\p{Zp}]{10,200}$/u
const SHA256 = /^[0-9a-f]{64}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const HEAD = { lethe: 'ledger', v: 1 }
/** Parts what is signed here from whatever else the same key signs. */
const CONTEXT = 'lethe-ledger-v1\n'

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What is signed: the context, and the canonical JSON of all members but the signature, in UTF-8. */
const signedBytes = (entry: LedgerEntry): Buffer =>
  Buffer.from(CONTEXT + canonicalJson({ ...HEAD, ...entry }))

/** The line of an entry, without its line end. */
export function entryLine(entry: LedgerEntry, key: SigningKey): string {
  const signature = key.sign(signedBytes(entry)).toString('base64')
  return canonicalJson({ ...HEAD, ...entry, signature })
}

/** The entry that a line holds; undefined where the line is not written as an entry is, to the byte. */
export function readEntry(bytes: Uint8Array): SignedEntry | undefined {
  if (bytes.length > MAX_ENTRY_BYTES) return undefined
  const line = readSignedLine(bytes)
  if (line === undefined) return undefined
  const { text, read } = line
  if (!isEntry(read)) return undefined
  const { action, actor, begun, chain, code, counts, fingerprints, key, names } = read
  const { previous, sequence, state, time } = read
  const entry = {
    ...{ action, actor, begun, chain, code, counts, fingerprints, key, names },
    ...{ previous, sequence, state, time },
  }
  // One way to write each: what differs by a byte is another text, whatever JSON says.
  if (canonicalJson({ ...HEAD, ...entry, signature: read.signature }) !== text) return undefined
  const signature = Buffer.from(read.signature, 'base64')
  return signature.length === 64 && signature.toString('base64') === read.signature
    ? { ...entry, signature }
    : undefined
}

/** Whether the signature is of this key. */
export function holdsUnder({ signature, ...entry }: SignedEntry, key: PublicKey): boolean {
  return key.verifies(signedBytes(entry), signature)
}

function isEntry(read: unknown): read is LedgerEntry & { readonly signature: string } {
  if (typeof read !== 'object' || read === null) return false
  const members = read as Record<string, unknown>
  const matches = (name: string, form: RegExp): boolean =>
    typeof members[name] === 'string' && form.test(members[name])
  const isMap = (name: string, isValue: (value: unknown, member: string) => boolean): boolean =>
    typeof members[name] === 'object' &&
    members[name] !== null &&
    Object.entries(members[name]).every(([member, value]) => MEMBER.test(member) && isValue(value, member))
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
  const isText = (form: RegExp) => (value: unknown) => typeof value === 'string' && form.test(value)
  return (
    matches('action', /^[a-z][a-z.-]{0,39}$/) &&
    matches('actor', ACTOR) &&
    (members['begun'] === null || isCount(members['begun'])) &&
    matches('chain', /^[0-9a-f]{32}$/) &&
    (members['code'] === null || matches('code', /^[a-z][a-z-]{0,63}$/)) &&
    isMap('counts', isCount) &&
    isMap('fingerprints', isText(SHA256)) &&
    matches('key', /^[0-9a-f]{16}$/) &&
    isMap('names', (value, member) => isText(member === 'reason' ? REASON_NAME : NAME)(value)) &&
    (members['previous'] === null || matches('previous', SHA256)) &&
    isCount(members['sequence']) &&
    ['begins', 'done', 'failed'].includes(String(members['state'])) &&
    matches('time', TIME) &&
    typeof members['signature'] === 'string'
  )
}

/** A line of a file, and where its bytes stand. */
export interface StoredLine {
  /** From 1. */
  readonly line: number
  readonly bytes: Uint8Array
  /** Whether a line end follows. */
  readonly isWhole: boolean
}

/** The lines of a file of NDJSON; a line end at its very end begins no further one. */
export function* linesOf(bytes: Uint8Array): Generator<StoredLine> {
  let start = 0
  for (let line = 1; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    yield { line, bytes: bytes.subarray(start, end < 0 ? bytes.length : end), isWhole: end >= 0 }
    start = end < 0 ? bytes.length : end + 1
  }
}
