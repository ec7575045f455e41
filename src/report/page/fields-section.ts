/** What leaves, field by field, in plain words; and what a person accepted in writing. */
import type { ReportDocument, ReportField, ReportRule } from '../../forms/report-form.ts'
import { type Html, html, NONE, plain, prose, when } from './html.ts'
import { count } from './page-words.ts'
import { note, section, table } from './parts.ts'

export function fieldsSection({ fields, fieldsFrom, overview, policy }: ReportDocument): Html {
  return section(
    'fields',
    'What leaves, field by field',
    html`<p>All of it leaves for the purpose <code>${policy.purpose}</code>. What no field names does not leave.</p>`,
    html`<dl class="facts">${overview.map(({ name, says }) => html`<dt>${name}</dt><dd>${plain(says)}</dd>`)}</dl>`,
    note(
      fieldsFrom === 'policy'
        ? 'Values before and after are of a record that was made up, with the published test keys: they are of no person, and tokens of the runs are others.'
        : 'The policy was not given (`-p`), so this is what the summaries say of its rules: no example, and fewer words.',
    ),
    html`<ul class="fields">${fields.map(fieldItem)}</ul>`,
  )
}

function fieldItem({ field, from, category, role, rules, before, after }: ReportField): Html {
  const facts = [
    ...(from === undefined ? [] : [`from ${from}`]),
    category ?? 'no category stated',
    ...(role === 'other' || role === 'not told' ? [] : [role]),
  ]
  return html`<li class="field"><h3><code>${plain(field)}</code></h3><p class="soft">${facts.join(' · ')}</p>${when(before.length > 0, () => html`<p class="change"><code>${before.join(', ')}</code> <span>becomes</span> ${after.length === 0 ? html`<span>nothing: it is left out</span>` : html`<code>${after.join(', ')}</code>`}</p>`)}${rules.map(ruleItem)}</li>`
}

function ruleItem(rule: ReportRule): Html {
  const { done, leaves, when: condition, after, onFailure, doesNotStop, weaknesses, applied, failed } = rule
  const suspects = Object.entries(rule.suspects)
  const conditions = [
    ...(after === undefined ? [] : [`after ${after}`]),
    ...(condition === undefined ? [] : [condition]),
  ]
  return html`<p>${conditions.length === 0 ? NONE : html`<strong>${conditions.join(', ')}:</strong> `}${prose(done)}</p>${leaves === undefined ? NONE : html`<p><strong>What can be known:</strong> ${leaves}</p>`}${doesNotStop === undefined ? NONE : html`<p><strong>What it does not stop:</strong> ${prose(doesNotStop)}</p>`}${weaknesses.map((one) => html`<p><strong>Weak:</strong> ${prose(one)}</p>`)}${onFailure === undefined ? NONE : html`<p class="soft">Where it cannot take a value: ${onFailure}</p>`}<p class="soft">${count(applied)} values${failed === 0 ? '' : `, and ${count(failed)} that it could not take`}${suspects.map(([kind, found]) => html`; ${count(found)} look like ${kind}`)}</p>`
}

export function acceptancesSection({ acceptances }: ReportDocument): Html {
  return section(
    'acceptances',
    'Weak choices that were accepted',
    acceptances.length === 0
      ? note('The policy accepts no weak choice.')
      : table({
          id: 'acceptances-table',
          caption: 'What the policy accepts in writing, and why',
          head: ['what', 'reason'],
          rows: acceptances.map(({ about, reason }) => [about, reason]),
        }),
  )
}
