/** How figures, times and states are written on the page. */
import type { LedgerTopic, ReportTile, TileName, TileState } from '../../forms/report-form.ts'

export const count = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 })
export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
export const ratio = (value: number): string => value.toFixed(3)

/** `2026-01-31T12:00:00.000Z` as people read it. */
export const time = (iso: string): string => iso.replace(/T(\d\d:\d\d).*$/, ' $1 UTC')

export const short = (digest: string): string => `${digest.slice(0, 12)}…`

/** Which number a tile shows. */
export const TILE_WORDS: Readonly<Record<TileName, { title: string; figure: string; section: string }>> = {
  privacy: { title: 'Privacy', figure: 'the highest risk that one person is found again', section: 'risk' },
  utility: { title: 'Utility', figure: 'loss of the quasi-identifiers together', section: 'loss' },
  balance: {
    title: 'Balance',
    figure: 'the lowest ratio of a group to the one kept best',
    section: 'groups',
  },
  operations: { title: 'Operations', figure: 'records that could not be taken', section: 'flow' },
}

export const STATE_WORDS: Readonly<Record<TileState, string>> = {
  failed: 'failed',
  beyond: 'beyond the limit',
  'not-measured': 'not measured',
  within: 'within the limit',
}

export const VERDICT_WORDS: Readonly<Record<TileState, string>> = {
  failed: 'Failed',
  beyond: 'Beyond a limit',
  'not-measured': 'Incomplete',
  within: 'Within all limits',
}

/** The figure of a tile. */
export const tileValue = ({ tile, value }: Pick<ReportTile, 'tile' | 'value'>): string =>
  value === null ? 'not measured' : tile === 'balance' ? ratio(value) : percent(value)

export const tileLimit = ({ tile, limit, bound }: ReportTile): string =>
  `${bound === 'at-most' ? 'at most' : 'at least'} ${tile === 'balance' ? ratio(limit) : percent(limit)}`

export const LEDGER_WORDS: Readonly<Record<LedgerTopic, string>> = {
  consent: 'Consent',
  retention: 'Retention',
  erasure: 'Erasure',
  holds: 'Legal holds',
  keys: 'Keys',
  runs: 'Runs',
  other: 'The ledger and approvals',
}
