/** The page of a report: one file of HTML, made of its document and of nothing else. */
import { createHash } from 'node:crypto'
import type { ReportDocument } from '../../forms/report-form.ts'
import { CONTROLS } from '../controls.ts'
import { acceptancesSection, fieldsSection } from './fields-section.ts'
import { flowSection, lineageSection } from './flow-section.ts'
import { groupsSection } from './groups-section.ts'
import { Html, html } from './html.ts'
import { lifecycleSection } from './lifecycle-section.ts'
import { time, VERDICT_WORDS } from './page-words.ts'
import { section, table } from './parts.ts'
import { approvalsSection, findingsSection } from './people-section.ts'
import { lossSection, riskSection } from './risk-section.ts'
import { STYLE } from './style.ts'
import { trendSection, verdictSection } from './verdict-section.ts'

/** Nothing is loaded, sent or run: the one style is named by its digest. */
const POLICY_OF_CONTENT = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

const CONTENTS: readonly (readonly [id: string, title: string])[] = [
  ['verdict', 'Verdict'],
  ['flow', 'Flow of records'],
  ['fields', 'What leaves'],
  ['risk', 'Risk'],
  ['loss', 'Loss'],
  ['groups', 'Groups'],
  ['lifecycle', 'Consent, retention, erasure'],
  ['lineage', 'Lineage'],
  ['acceptances', 'Accepted'],
  ['findings', 'Findings'],
  ['approvals', 'Approvals'],
  ['trend', 'Trend'],
  ['controls', 'Controls and articles'],
]

/** A whole document of HTML. The same document gives the same page. */
export function reportPage(report: ReportDocument): string {
  const { policy, verdict, made, version } = report
  const title = `Report of ${policy.name}, version ${policy.version}: ${VERDICT_WORDS[verdict.is]}`
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Html(POLICY_OF_CONTENT)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex"><title>${title}</title><style>${new Html(STYLE)}</style></head>
<body><a class="skip" href="#main">To the verdict</a>
<header><h1>De-identification report: ${policy.name}, version ${policy.version}</h1><p class="soft">For the purpose ${policy.purpose}. Made ${time(made)} by Lethe ${version}.</p><nav aria-label="Sections"><ul>${CONTENTS.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav></header>
<main id="main" tabindex="-1">
${verdictSection(report)}
${flowSection(report)}
${fieldsSection(report)}
${riskSection(report)}
${lossSection(report)}
${groupsSection(report)}
${lifecycleSection(report)}
${lineageSection(report)}
${acceptancesSection(report)}
${findingsSection(report)}
${approvalsSection(report)}
${trendSection(report)}
${controlsSection(report)}
${signOff()}
</main>
<footer><p>Every figure of this page stands in the JSON file of the same name. Tokens are pseudonyms: still personal data. The page runs no script and loads nothing.</p></footer></body></html>
`.text
}

function controlsSection({ docs }: ReportDocument): Html {
  const link = (page: string, text: string): Html =>
    docs === undefined
      ? html`${text}`
      : html`<a href="${docs.replace(/\/$/, '')}/${page}" rel="noreferrer">${text}</a>`
  return section(
    'controls',
    'Controls and articles',
    html`<p class="note">Which articles a control can support. Support is no compliance, and this is no legal advice. ${link('controls.md', 'docs/controls.md')} has the same table, with links to what describes each control.</p>`,
    table({
      id: 'controls-table',
      caption: 'Controls, what they support and what they do not do',
      head: ['control', 'GDPR', 'CCPA', 'AI Act', 'it does not'],
      rows: CONTROLS.map(({ control, page, gdpr, ccpa, aiAct, doesNot }) => [
        link(page, control),
        ...[gdpr, ccpa, aiAct, doesNot],
      ]),
      isWide: true,
    }),
  )
}

const signOff = (): Html =>
  section(
    'sign-off',
    'Read and signed',
    html`<p>By signing, a person says that they have read this report; what follows from it, they write beside their name.</p>`,
    html`<div class="sign-off">${['Name', 'Role', 'Date', 'Signature'].map((one) => html`<div>${one}</div>`)}</div>`,
  )
