/** Ledgers as text and JSON, for `lethe audit`. */
import type { PlacedEntry, VerifiedLedgers } from './verify-chains.ts'

/** Filters of `lethe audit show`; all that are given must hold. */
export interface EntryFilter {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  /** One of its names or fingerprints is this, or begins with it where it is hex. */
  readonly about?: string | undefined
  /** ms since 1970. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

export function passes({ entry }: PlacedEntry, filter: EntryFilter): boolean {
  const { action, actor, about, since, until } = filter
  const time = Date.parse(entry.time)
  return (
    (action === undefined || entry.action === action || entry.action.startsWith(`${action}.`)) &&
    (actor === undefined || entry.actor === actor) &&
    (about === undefined ||
      Object.values(entry.names).includes(about) ||
      Object.values(entry.fingerprints).some((one) => about.length >= 8 && one.startsWith(about))) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until)
  )
}

/** One line an entry: ledger and sequence, when, as what, what, and what it says of it. */
export function entryText({ entry }: PlacedEntry): string {
  const { chain, sequence, time, actor, action, state, begun, code } = entry
  const outcome = begun === null ? state : `${state} (of ${begun})`
  const more = [
    ...(code === null ? [] : [code]),
    ...Object.entries(entry.names).map(([name, value]) => `${name}=${value}`),
    ...Object.entries(entry.fingerprints).map(([name, value]) => `${name}=${value.slice(0, 16)}…`),
    ...Object.entries(entry.counts).map(([name, value]) => `${name}=${value}`),
  ]
  return [`${chain.slice(0, 8)}/${sequence}`, time, actor, action, outcome, ...more].join('  ')
}

/** An entry as `lethe audit show --format json` prints it. */
export function entryView({ file, line, entry }: PlacedEntry): Readonly<Record<string, unknown>> {
  const { signature: _, ...members } = entry
  return { file, line, ...members }
}

export function verifiedText({ chains, findings }: VerifiedLedgers): string {
  const lines = findings.map(({ file, line, code, message }) => `${file}:${line} ${code} ${message}`)
  for (const chain of chains) {
    const { entries, first, last, from, until, keys, anchored, dropped } = chain
    lines.push(
      `ledger ${chain.chain.slice(0, 8)}: ${entries} entries, ${first} to ${last}, ${from} to ${until}; signed by ${keys.join(', ')}; ` +
        (anchored === undefined ? 'not anchored: a cut end would not show' : `anchored up to ${anchored}`),
    )
    if (dropped > 0) lines.push(`  entries 1 to ${dropped} were dropped, as an entry says`)
    for (const { file, line, entry } of chain.open)
      lines.push(`  ${file}:${line} ${entry.action} has no outcome: it was cut short, or has not ended`)
    for (const { file, line } of chain.backwards)
      lines.push(`  ${file}:${line} its time lies before that of the entry before: a clock was set back`)
  }
  lines.push(
    findings.length > 0
      ? `${findings.length} findings: not as written`
      : chains.length === 0
        ? 'no entry: nothing was verified'
        : 'verified: every entry is as it was written',
  )
  return `${lines.join('\n')}\n`
}

export function verifiedJson({ chains, findings }: VerifiedLedgers): string {
  const place = ({ file, line, entry }: PlacedEntry) => ({ file, line, action: entry.action })
  const view = {
    v: 1,
    verified: findings.length === 0 && chains.length > 0,
    findings,
    ledgers: chains.map(({ open, backwards, ...chain }) => ({
      ...chain,
      open: open.map(place),
      backwards: backwards.map(place),
    })),
  }
  return `${JSON.stringify(view, null, 2)}\n`
}
