/** Whether ledgers are as they were written: with public keys alone. Several files and hosts are put together by their chains. */
import type { PublicKey } from '../signing/public-key.ts'
import { headHoldsUnder, readHead, type SignedHead } from './anchor.ts'
import { holdsUnder, linesOf, readEntry, type SignedEntry, sha256 } from './entry.ts'

/** What can be wrong with a ledger. */
export const LEDGER_FINDINGS = {
  changed: 'the line is not written as an entry is, or its signature does not hold: it was changed',
  'unknown-key': 'the entry, or the head, is signed by a key that is none of those given',
  torn: 'the last line was cut short: the append was, or the end of the file',
  link: 'the line before is another one than this entry was written behind',
  missing: 'entries are missing',
  order: 'the entry stands in another place than it was written to',
  repeated: 'an entry of this sequence stands here already',
  foreign: 'the entry belongs to another ledger than those before it in the file',
  'cut-tail': 'the anchor knows entries behind the last one: the end was cut off',
  'other-anchored': 'the anchor has another entry of this sequence',
  'chain-missing': 'the anchor has entries of a ledger that is not here',
  'head-changed': 'the line of the anchor is no head, or its signature does not hold: it was changed',
} as const

export type LedgerFindingCode = keyof typeof LEDGER_FINDINGS

export interface LedgerFinding {
  readonly file: string
  readonly line: number
  readonly code: LedgerFindingCode
  readonly message: string
}

export interface LedgerFile {
  readonly file: string
  readonly bytes: Uint8Array
}

/** An entry, and where it stands. */
export interface PlacedEntry {
  readonly file: string
  readonly line: number
  readonly entry: SignedEntry
}

export interface VerifiedChain {
  readonly chain: string
  readonly entries: number
  readonly first: number
  readonly last: number
  readonly from: string
  readonly until: string
  /** Ids of the keys that signed. */
  readonly keys: readonly string[]
  /** The sequence of the last anchored entry; undefined where the anchor has none, or there is none. */
  readonly anchored: number | undefined
  /** Entries before `first` that were dropped, as an entry says. */
  readonly dropped: number
  /** Actions without an outcome: cut short, or not ended yet. */
  readonly open: readonly PlacedEntry[]
  /** Entries whose time lies before that of the entry before. */
  readonly backwards: readonly PlacedEntry[]
}

export interface VerifiedLedgers {
  readonly chains: readonly VerifiedChain[]
  readonly findings: readonly LedgerFinding[]
}

/** A line of a ledger; no entry where it is none. */
interface Row {
  readonly file: string
  readonly line: number
  readonly hash: string
  readonly entry: SignedEntry | undefined
}

/** Verifies the files together. About 0.14 ms an entry, nearly all of it for its signature. */
export function verifyLedgers(
  files: readonly LedgerFile[],
  keys: readonly PublicKey[],
  anchors: readonly LedgerFile[],
): VerifiedLedgers {
  const findings: LedgerFinding[] = []
  const find = (
    row: Pick<Row, 'file' | 'line'>,
    code: LedgerFindingCode,
    message: string = LEDGER_FINDINGS[code],
  ) => findings.push({ file: row.file, line: row.line, code, message })
  const byChain = new Map<string, Row[][]>()
  for (const file of files) {
    const rows = rowsOf(file, find)
    const chain = rows.find(({ entry }) => entry !== undefined)?.entry?.chain
    if (chain === undefined) continue
    put(byChain, chain, rows)
  }
  const heads = headsOf(anchors, keys, find)
  const chains = [...byChain].map(([chain, parts]) =>
    verifyChain(chain, parts, keys, heads.get(chain) ?? [], find),
  )
  for (const [chain, placed] of heads)
    if (!byChain.has(chain))
      find(
        placed.at(-1)!,
        'chain-missing',
        `the anchor has entries 1 to ${highestOf(placed)} of the ledger ${chain.slice(0, 8)}, which is not among the files`,
      )
  findings.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line))
  return { chains, findings }
}

function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}

const highestOf = (heads: readonly PlacedHead[]): number =>
  heads.reduce((most, { head }) => Math.max(most, head.sequence), 0)

type Find = (row: Pick<Row, 'file' | 'line'>, code: LedgerFindingCode, message?: string) => void

function rowsOf({ file, bytes }: LedgerFile, find: Find): readonly Row[] {
  const rows: Row[] = []
  for (const { line, bytes: of, isWhole } of linesOf(bytes)) {
    const entry = isWhole ? readEntry(of) : undefined
    const row = { file, line, hash: sha256(of), entry }
    if (entry === undefined) find(row, isWhole ? 'changed' : 'torn')
    rows.push(row)
  }
  return rows
}

const firstSequence = (rows: readonly Row[]): number =>
  rows.find(({ entry }) => entry !== undefined)!.entry!.sequence

function verifyChain(
  chain: string,
  parts: readonly (readonly Row[])[],
  keys: readonly PublicKey[],
  heads: readonly PlacedHead[],
  find: Find,
): VerifiedChain {
  const rows = [...parts].sort((a, b) => firstSequence(a) - firstSequence(b)).flat()
  const own = rows.filter((row): row is Row & { entry: SignedEntry } => row.entry?.chain === chain)
  // Of an entry that stands twice, the first is the one.
  const bySequence = new Map([...own].reverse().map((row) => [row.entry.sequence, row]))
  let before: { readonly sequence: number; readonly hash: string | undefined } | undefined
  let wild = 0
  let dropped = 0
  for (const row of rows) {
    const { entry } = row
    if (entry === undefined) {
      wild++
      continue
    }
    if (entry.chain !== chain) {
      find(row, 'foreign')
      continue
    }
    const isSigned = checkSignature(row, entry, keys, find)
    if (before === undefined) dropped = wild === 0 ? checkStart(row, entry, own, find) : 0
    else if (entry.sequence !== before.sequence + 1 + wild)
      checkPlace(row, entry, before.sequence, bySequence, find)
    // What was told of the line before is not told again of this one.
    else if (wild === 0 && isSigned && before.hash !== undefined && entry.previous !== before.hash)
      find(row, 'link')
    before = { sequence: entry.sequence, hash: isSigned ? row.hash : undefined }
    wild = 0
  }
  checkHeads(own, bySequence, heads, find)
  const placed = own.map(({ file, line, entry }) => ({ file, line, entry }))
  const ended = new Set(placed.map(({ entry }) => entry.begun))
  return {
    chain,
    entries: own.length,
    first: own[0]!.entry.sequence,
    last: own.reduce((most, { entry }) => Math.max(most, entry.sequence), 0),
    from: own[0]!.entry.time,
    until: own.at(-1)!.entry.time,
    keys: [...new Set(own.map(({ entry }) => entry.key))],
    anchored: heads.length === 0 ? undefined : highestOf(heads),
    dropped,
    open: placed.filter(({ entry }) => entry.state === 'begins' && !ended.has(entry.sequence)),
    backwards: placed.filter(({ entry }, at) => at > 0 && entry.time < placed[at - 1]!.entry.time),
  }
}

function checkSignature(row: Row, entry: SignedEntry, keys: readonly PublicKey[], find: Find): boolean {
  const named = keys.filter(({ id }) => id === entry.key)
  if (named.some((key) => holdsUnder(entry, key))) return true
  // The id may be what was changed: a byte of a line that no key signed.
  if (named.length === 0 && !keys.some((key) => holdsUnder(entry, key)))
    find(
      row,
      'unknown-key',
      `the entry is signed by the key ${entry.key}, which is not among those given, or was changed`,
    )
  else find(row, 'changed')
  return false
}

/** The first entry that is there: of the chain, or of a segment behind dropped ones. Gives how many were dropped. */
function checkStart(
  row: Row,
  entry: SignedEntry,
  own: readonly { readonly entry: SignedEntry }[],
  find: Find,
): number {
  const before = entry.sequence - 1
  if (before === 0) return 0
  const isDropped = own.some(
    ({ entry: { action, counts, fingerprints } }) =>
      action === 'ledger.drop' && counts['until'] === before && fingerprints['head'] === entry.previous,
  )
  if (entry.action === 'ledger.segment' && isDropped) return before
  find(
    row,
    'missing',
    `entries 1 to ${before} are missing, and no entry says that they were dropped: name the sealed segments too`,
  )
  return 0
}

function checkPlace(
  row: Row,
  entry: SignedEntry,
  before: number,
  bySequence: ReadonlyMap<number, Row>,
  find: Find,
): void {
  if (bySequence.get(entry.sequence) !== row) {
    find(row, 'repeated', `entry ${entry.sequence} stands here and elsewhere`)
    return
  }
  if (entry.sequence <= before) {
    find(row, 'order', `entry ${entry.sequence} stands behind entry ${before}`)
    return
  }
  let gone = before + 1
  while (gone < entry.sequence && bySequence.has(gone)) gone++
  if (gone === entry.sequence) find(row, 'order', `entry ${entry.sequence} stands behind entry ${before}`)
  else
    find(
      row,
      'missing',
      entry.sequence - before === 2
        ? `entry ${gone} is missing before this one`
        : `entries are missing between ${before} and ${entry.sequence}`,
    )
}

interface PlacedHead {
  readonly file: string
  readonly line: number
  readonly head: SignedHead
}

/** The heads of each chain whose signatures hold. */
function headsOf(
  anchors: readonly LedgerFile[],
  keys: readonly PublicKey[],
  find: Find,
): ReadonlyMap<string, readonly PlacedHead[]> {
  const heads = new Map<string, PlacedHead[]>()
  for (const { file, bytes } of anchors)
    for (const { line, bytes: of } of linesOf(bytes)) {
      const head = readHead(of)
      if (head !== undefined && keys.some((key) => key.id === head.key && headHoldsUnder(head, key)))
        put(heads, head.chain, { file, line, head })
      else if (head !== undefined && !keys.some((key) => key.id === head.key))
        find(
          { file, line },
          'unknown-key',
          `the head is signed by the key ${head.key}, which is not among those given, or was changed`,
        )
      else find({ file, line }, 'head-changed')
    }
  return heads
}

function checkHeads(
  own: readonly (Row & { readonly entry: SignedEntry })[],
  bySequence: ReadonlyMap<number, Row>,
  heads: readonly PlacedHead[],
  find: Find,
): void {
  const last = own.at(-1)!
  const highest = own.reduce((most, { entry }) => Math.max(most, entry.sequence), 0)
  let behind = 0
  for (const { head } of heads) {
    const row = bySequence.get(head.sequence)
    if (row !== undefined && row.hash !== head.hash)
      find(
        row,
        'other-anchored',
        `the anchor has another entry ${head.sequence}: the line was changed, or written anew`,
      )
    if (head.sequence > highest) behind = Math.max(behind, head.sequence)
  }
  if (behind > 0)
    find(
      { file: last.file, line: last.line },
      'cut-tail',
      `the file ends with entry ${highest}, and the anchor knows entry ${behind}: the end was cut off`,
    )
}
