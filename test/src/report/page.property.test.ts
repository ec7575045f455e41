/** What holds of every page: names are text, whatever they are; and flows add up. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReportDocument } from '../../../src/forms/report-form.ts'
import { escapeText, html, plain } from '../../../src/report/page/html.ts'
import { reportPage } from '../../../src/report/page/report-page.ts'
import { addFlows, flowOf } from '../../../src/report/report-runs.ts'
import { tilesOf, verdictOf } from '../../../src/report/tiles.ts'
import { strangers, textOfPage } from '../../report-numbers.ts'

const counts = fc.dictionary(fc.string({ maxLength: 12 }), fc.nat(1_000_000), { maxKeys: 60 })
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='x",
  '</title></style><b>',
  '=HYPERLINK("http://x","y")',
  '+1+cmd|x',
  '@SUM(A)',
  '\u202eevil\u2066',
  '\u0000\u0007\u001b[31m',
  '&lt;b&gt;',
  '<!--',
  ']]>',
]
const name = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 30 }))

/** A document in which every text that others write is `text`. */
function documentOf(text: string, records: Parameters<typeof flowOf>[0]): ReportDocument {
  const flow = flowOf(records)
  const run = {
    ...{
      run: 1,
      kind: 'stream' as const,
      pipeline: text,
      route: text,
      status: text,
      isWhole: true,
      dryRun: false,
    },
    ...{
      version: text,
      summary: 'ab'.repeat(32),
      flow,
      blank: 0,
      unlisted: 0,
      unsettled: 0,
      inputs: [],
      outputs: [],
    },
    ...{ more: { inputs: 0, outputs: 0 }, approvals: [{ key: text, role: text, when: text }] },
    lists: [{ list: text, entries: 1, suppressed: 1 }],
    tables: [{ table: text, purpose: text, subjects: 1 }],
    warnings: [text],
  }
  const group = {
    ...{
      name: text,
      read: 50,
      published: 10,
      retention: 0.2,
      low: 0.1,
      high: 0.3,
      ratio: 0.25,
      isFlagged: true,
    },
    ...{ withheld: [{ kind: text, reason: text, rule: text, records: 3 }], other: 2, generalization: 0.5 },
    ...{ emptied: [{ field: text, ratio: 0.4 }], label: { read: 0.1, published: 0.3, isFlagged: true } },
  }
  const small = { groups: 1, read: 1, published: 0 }
  const balances = [
    {
      measure: 1,
      by: text,
      of: text,
      label: text,
      groups: [group],
      more: small,
      small,
      smallRetention: 0,
      smallRatio: 0,
    },
  ]
  const finding = {
    id: text,
    concern: text,
    reporter: text,
    owner: text,
    due: text,
    state: 'mended' as const,
  }
  const findings = [{ ...finding, outcome: text, isOverdue: false }]
  const shared = {
    runs: [run],
    flow,
    measures: [],
    measured: { records: 0, of: flow.in, published: flow.published, covered: [{ records: 0, published: 0 }] },
    balances,
    findings,
  }
  const tiles = tilesOf({ ...shared, ledger: undefined, limits: {}, earlier: [] })
  const rule = {
    use: text,
    done: text,
    leaves: text,
    when: text,
    after: text,
    onFailure: text,
    doesNotStop: text,
  }
  return {
    ...{ lethe: 'report', v: 1, version: text, made: '2026-01-01T00:00:00.000Z', ...shared, tiles },
    policy: { name: text, version: 1, purpose: text, fingerprint: 'cd'.repeat(32), platform: '' },
    keyChecks: { k1: '01234567' },
    verdict: verdictOf(tiles),
    limitsReason: text,
    bounds: { smallestJudged: 30, smallestNamed: 10, confidence: 0.95 },
    overview: [{ name: text, says: text }],
    fieldsFrom: 'policy',
    fields: [
      {
        ...{ field: text, from: text, category: text, role: text, before: [text], after: [text] },
        rules: [{ ...rule, weaknesses: [text], applied: 1, failed: 1, suspects: { [text]: 1 } }],
      },
    ],
    acceptances: [{ about: text, reason: text }],
    curve: [],
    approvals: [{ key: text, role: text, when: text, version: 1, note: text, state: 'counts' }],
    change: {
      state: 'compared',
      before: { version: 1, fingerprint: 'ef'.repeat(32) },
      weaker: 1,
      changes: [{ verdict: text, kind: text, field: text, what: text }],
    },
  }
}

/** The tags of a page with their attributes, without what stands between them; code in sentences is marked by backticks. */
const skeleton = (page: string): string[] =>
  (page.match(/<[^>]*>/g) ?? []).filter((tag) => !/^<\/?code>$|^<\/?(title|desc)\b/.test(tag))

const NO_RECORDS = { in: 1, published: 1, suppressed: {}, deadLettered: {} }

describe('a page', () => {
  it('has the same tags whatever stands in names, and shows no control character', () => {
    const safe = skeleton(reportPage(documentOf('name', NO_RECORDS)))
    expect(safe.length).toBeGreaterThan(200)
    fc.assert(
      fc.property(name, (text) => {
        const document = documentOf(text, NO_RECORDS)
        const page = reportPage(document)
        expect(skeleton(page)).toEqual(safe)
        expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })

  it('has no cell that a spreadsheet takes for a formula', () => {
    for (const text of ['=HYPERLINK("x")', '+1', '-1', '@x', ' =1', '\t=1']) {
      const cells = [
        ...reportPage(documentOf(text, NO_RECORDS)).matchAll(/<(?:t[hd] [^>]*|li)>(.*?)<\/(?:t[hd]|li)>/g),
      ].map(([, cell]) => cell!.replace(/<[^>]*>/g, ''))
      expect(cells.length).toBeGreaterThan(50)
      expect(cells.filter((cell) => /^\s*[=+@-]/.test(cell))).toEqual([])
    }
    expect([plain('=1'), plain('1'), plain(' @x')]).toEqual(["'=1", '1', "' @x"])
  })

  it('escapes by itself, and takes templates as they are', () => {
    expect(html`<p title="${'"<'}">${'<&\u202e`'}${html`<b>${1}</b>`}</p>`.text).toBe(
      '<p title="&quot;&lt;">&lt;&amp;\\u202e&#96;<b>1</b></p>',
    )
    expect(escapeText('a\n\tb')).toBe('a b')
  })

  it('adds flows up to nothing left over, and has each of their numbers in its document', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            published: fc.nat(1_000_000),
            tombstones: fc.nat(1000),
            suppressed: counts,
            deadLettered: counts,
            lost: fc.nat(1),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        (all) => {
          const sum = (of: Record<string, number>): number =>
            Object.values(of).reduce((total, one) => total + one, 0)
          const accounts = all.map(({ lost, ...one }) => ({
            ...one,
            in: one.published + one.tombstones + sum(one.suppressed) + sum(one.deadLettered) + lost,
          }))
          const flow = addFlows(accounts.map(flowOf))
          const lost = all.reduce((total, one) => total + one.lost, 0)
          expect(flow.remainder).toBe(lost)
          const rows = [...flow.suppressed, ...flow.deadLettered].reduce(
            (total, { count }) => total + count,
            0,
          )
          expect(flow.published + flow.tombstones + rows + flow.remainder).toBe(flow.in)
          expect(flow.totals.suppressed + flow.totals.deadLettered).toBe(rows)
          const document = documentOf('name', accounts[0]!)
          expect(document.verdict.is === 'failed').toBe(document.flow.remainder !== 0)
          const page = reportPage(document)
          expect(strangers(page, document).strange).toEqual([])
          expect(textOfPage(page)).toContain('left over')
        },
      ),
      { numRuns: 30 },
    )
  })
})
