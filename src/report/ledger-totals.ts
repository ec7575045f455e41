/** What ledgers say of consent, retention, erasure and holds: sums, and whether the ledger is as it was written. */
import { readTrustedKeys } from '../approval/required-approval.ts'
import type { LedgerTopic, LedgerTotals } from '../forms/report-form.ts'
import { ACTIONS, linesOf, readEntry, type SignedEntry } from '../ledger/entry.ts'
import { readLedgers, readWhole } from '../ledger/read-ledgers.ts'
import { LEDGER_FINDINGS, type LedgerFile, verifyLedgers } from '../ledger/verify-chains.ts'

export interface LedgerSources {
  readonly ledgers: readonly string[]
  /** A file of public keys; without it no signature is looked at. */
  readonly keys: string | undefined
  readonly anchors: readonly string[]
}

const TOPICS: Readonly<Record<string, LedgerTopic>> = {
  consent: 'consent',
  retain: 'retention',
  forget: 'erasure',
  hold: 'holds',
  keys: 'keys',
  batch: 'runs',
  stream: 'runs',
  replay: 'runs',
  account: 'runs',
}

interface Action {
  done: number
  failed: number
  begun: number
  readonly counts: Map<string, number>
}

/** @throws LetheError where a file cannot be read */
export function ledgerTotals({ ledgers, keys, anchors }: LedgerSources): LedgerTotals {
  const files = readLedgers(ledgers)
  const entries = entriesOf(files)
  const checked = keys === undefined ? undefined : verified(files, keys, anchors)
  const actions = actionsOf(entries)
  if (checked !== undefined) return { ...checked, actions }
  const findings = damagedLines(files)
  return {
    verified: findings.length > 0 ? 'not-as-written' : 'not-checked',
    chains: chainsOf(entries),
    findings,
    actions,
  }
}

function verified(
  files: readonly LedgerFile[],
  keys: string,
  anchors: readonly string[],
): Pick<LedgerTotals, 'verified' | 'chains' | 'findings'> {
  const heads = anchors.map((file) => ({ file, bytes: readWhole(file) }))
  const { chains, findings } = verifyLedgers(files, readTrustedKeys(keys), heads)
  const byCode = new Map<string, number>()
  for (const { code } of findings) byCode.set(code, (byCode.get(code) ?? 0) + 1)
  return {
    verified: findings.length === 0 && chains.length > 0 ? 'as-written' : 'not-as-written',
    chains: chains.map(({ chain, entries, from, until, anchored }) => ({
      chain,
      entries,
      ...{ from, until, anchored: anchored ?? null },
    })),
    findings: [...byCode].map(([reason, count]) => ({
      reason,
      is: LEDGER_FINDINGS[reason as keyof typeof LEDGER_FINDINGS],
      count,
    })),
  }
}

function entriesOf(files: readonly LedgerFile[]): readonly SignedEntry[] {
  return files.flatMap(({ bytes }) =>
    [...linesOf(bytes)].flatMap((line) => (line.isWhole ? (readEntry(line.bytes) ?? []) : [])),
  )
}

function damagedLines(files: readonly LedgerFile[]): LedgerTotals['findings'] {
  const count = files
    .flatMap(({ bytes }) => [...linesOf(bytes)])
    .filter((line) => !line.isWhole || readEntry(line.bytes) === undefined).length
  return count === 0 ? [] : [{ reason: 'changed', is: LEDGER_FINDINGS.changed, count }]
}

function chainsOf(entries: readonly SignedEntry[]): LedgerTotals['chains'] {
  const byChain = new Map<string, SignedEntry[]>()
  for (const entry of entries) {
    const known = byChain.get(entry.chain)
    if (known === undefined) byChain.set(entry.chain, [entry])
    else known.push(entry)
  }
  return [...byChain].map(([chain, all]) => {
    const times = all.map(({ time }) => time).sort()
    return { chain, entries: all.length, from: times[0]!, until: times.at(-1)!, anchored: null }
  })
}

/** Sums of what entries that are done count; of an action with two entries, both. */
function actionsOf(entries: readonly SignedEntry[]): LedgerTotals['actions'] {
  const begins = new Map(
    entries.flatMap((one) => (one.state === 'begins' ? [[`${one.chain} ${one.sequence}`, one]] : [])),
  )
  const all = new Map<string, Action>()
  for (const { action, state, begun, chain, counts } of entries) {
    const sums = all.get(action) ?? { done: 0, failed: 0, begun: 0, counts: new Map<string, number>() }
    all.set(action, sums)
    if (state === 'begins') sums.begun++
    else {
      if (begun !== null) sums.begun--
      if (state === 'failed') sums.failed++
      else sums.done++
    }
    if (state !== 'done') continue
    const first = begun === null ? undefined : begins.get(`${chain} ${begun}`)
    for (const [name, count] of Object.entries({ ...first?.counts, ...counts }))
      sums.counts.set(name, (sums.counts.get(name) ?? 0) + count)
  }
  return [...all]
    .map(([action, { done, failed, begun, counts }]) => ({
      action,
      about: TOPICS[action.split('.')[0]!] ?? ('other' as const),
      is: ACTIONS[action as keyof typeof ACTIONS] ?? 'an action of a later version',
      done,
      failed,
      // Outcomes of entries in segments that were dropped.
      open: Math.max(0, begun),
      counts: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    }))
    .sort((a, b) => (a.action < b.action ? -1 : 1))
}
