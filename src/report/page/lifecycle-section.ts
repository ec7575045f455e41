/** Consent, retention, erasure and holds: what the runs went by, and what the ledger says was done. */
import { LEDGER_TOPICS, type LedgerTotals, type ReportDocument } from '../../forms/report-form.ts'
import { type Html, html, NONE, when } from './html.ts'
import { count, LEDGER_WORDS, time } from './page-words.ts'
import { code, note, type PageCell, section, state, table } from './parts.ts'

export function lifecycleSection({ runs, ledger, holds }: ReportDocument): Html {
  const lists = runs.flatMap(({ run, lists: all }) =>
    all.map(({ list, entries, suppressed }) => [`${list}, run ${run}`, count(entries), count(suppressed)]),
  )
  const tables = runs.flatMap(({ run, tables: all }) =>
    all.map(({ table: name, purpose, subjects }) => [`${name}, run ${run}`, purpose, count(subjects)]),
  )
  return section(
    'lifecycle',
    'Consent, retention, erasure and holds',
    note('Records that a run suppressed for these reasons stand in the flow of records.'),
    when(lists.length > 0, () =>
      table({
        id: 'lists',
        caption: 'Lists of subjects whose records do not leave',
        head: ['list', 'subjects', 'records suppressed'],
        rows: lists,
        numbers: [1, 2],
      }),
    ),
    when(tables.length > 0, () =>
      table({
        id: 'consent-tables',
        caption: 'Consent tables',
        head: ['table', 'purpose', 'subjects'],
        rows: tables,
        numbers: [2],
      }),
    ),
    when(lists.length + tables.length === 0, () => note('The runs went by no list and no consent table.')),
    holds === undefined
      ? note('The file of legal holds was not given (`--holds`).')
      : table({
          id: 'holds',
          caption: 'Legal holds',
          head: ['holds', 'count'],
          rows: [
            [
              holds.nextExpiry === undefined
                ? 'in force'
                : `in force; the next one expires ${time(holds.nextExpiry)}`,
              count(holds.inForce),
            ],
            ['expired, and not released', count(holds.expired)],
            ['released', count(holds.released)],
          ],
          numbers: [1],
        }),
    ...(ledger === undefined
      ? [note('No ledger was given (`--ledger`), so nothing is said of what was done to stored data.')]
      : ledgerParts(ledger)),
  )
}

const VERIFIED: Readonly<Record<LedgerTotals['verified'], PageCell>> = {
  'as-written': state('within', 'every entry is as it was written'),
  'not-as-written': state('beyond', 'not as it was written'),
  'not-checked': state('not-measured', 'not verified: no public key was given'),
}

function ledgerParts({ verified, chains, findings, actions }: LedgerTotals): readonly Html[] {
  return [
    html`<h3>The ledger</h3>`,
    html`<p>${VERIFIED[verified]}</p>`,
    chains.length === 0
      ? note('The ledger holds no entry.')
      : table({
          id: 'chains',
          caption: 'Ledgers',
          head: ['ledger', 'entries', 'from', 'until', 'anchored up to'],
          rows: chains.map(({ chain, entries, from, until, anchored }) => [
            code(chain.slice(0, 8)),
            count(entries),
            time(from),
            time(until),
            anchored === null ? 'not anchored, or not looked at' : count(anchored),
          ]),
          numbers: [1],
          isWide: true,
        }),
    findings.length === 0
      ? NONE
      : table({
          id: 'ledger-findings',
          caption: 'What verification found',
          head: ['finding', 'meaning', 'count'],
          rows: findings.map(({ reason, is = '', count: found }) => [reason, is, count(found)]),
          numbers: [2],
        }),
    ...LEDGER_TOPICS.flatMap((topic) => {
      const all = actions.filter(({ about }) => about === topic)
      if (all.length === 0) return []
      return [
        table({
          id: `ledger-${topic}`,
          caption: `${LEDGER_WORDS[topic]}, by the ledger`,
          head: ['what', 'done', 'failed', 'without an end', 'counts of those done'],
          rows: all.map(({ action, is, done, failed, open, counts }) => [
            html`${is} <span class="soft">(${action})</span>`,
            count(done),
            count(failed),
            count(open),
            Object.entries(counts)
              .map(([name, sum]) => `${name} ${count(sum)}`)
              .join(', '),
          ]),
          numbers: [1, 2, 3],
          isWide: true,
        }),
      ]
    }),
  ]
}
