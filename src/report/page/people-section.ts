/** What people said: findings, approvals, and what they have not agreed to yet. */
import { APPROVAL_STATES } from '../../approval/required-approval.ts'
import type { ReportChange, ReportDocument, ReportFinding } from '../../forms/report-form.ts'
import { type Html, html, NONE, plain, prose } from './html.ts'
import { count, short, time } from './page-words.ts'
import { code, note, type PageCell, section, state, table } from './parts.ts'

export function findingsSection({ findings }: ReportDocument): Html {
  if (findings === undefined)
    return section('findings', 'Findings', note('No file of findings was given (`--findings`).'))
  if (findings.length === 0) return section('findings', 'Findings', note('The file of findings has none.'))
  return section(
    'findings',
    'Findings',
    table({
      id: 'findings-table',
      caption: 'Concerns that were raised, those that are open first',
      head: ['finding', 'concern', 'reported as', 'owner', 'due', 'what became of it'],
      rows: findings.map((one) => [
        one.id,
        one.concern,
        one.reporter,
        one.owner,
        one.due,
        html`${stateOfFinding(one)}${one.outcome === undefined ? NONE : html` ${one.outcome}`}`,
      ]),
      isWide: true,
    }),
  )
}

function stateOfFinding({ state: is, isOverdue }: ReportFinding): Html {
  if (is === 'open') return isOverdue ? state('beyond', 'open, overdue') : state('not-measured', 'open')
  return state('within', is)
}

export function approvalsSection({ approvals, change, runs }: ReportDocument): Html {
  const counted = runs.flatMap(({ run, approvals: all }) => all.map((one) => ({ run, ...one })))
  return section(
    'approvals',
    'Approvals, and what changed since',
    approvals.length === 0
      ? note(
          change.state === 'policy-missing'
            ? 'The policy was not given (`-p`), so the approvals beside it were not looked at.'
            : 'This policy, as it ran, has no approval.',
        )
      : table({
          id: 'approvals-table',
          caption: 'Approvals of this policy',
          head: ['as', 'when', 'key', 'why', 'signature'],
          rows: approvals.map(({ role, when, key, note: why, state: is }) => [
            role,
            time(when),
            code(key),
            why,
            approvalState(is),
          ]),
          isWide: true,
        }),
    counted.length === 0
      ? NONE
      : table({
          id: 'required-approvals',
          caption: 'Approvals that runs required, and that counted then',
          head: ['run', 'as', 'when', 'key'],
          rows: counted.map(({ run, role, when, key }) => [String(run), role, time(when), code(key)]),
        }),
    ...changeParts(change),
  )
}

function approvalState(is: string): PageCell {
  if (is === 'counts') return state('within', 'holds')
  if (is === 'not-checked') return state('not-measured', 'not checked: no public key was given')
  return state('beyond', APPROVAL_STATES[is as keyof typeof APPROVAL_STATES] ?? is)
}

const CHANGES: Readonly<Record<Exclude<ReportChange['state'], 'compared'>, string>> = {
  approved: 'The policy was approved as it ran, so nothing changed since.',
  'old-policy-missing':
    'The policy that was approved last is another one, and it was not given (`--diff-from`): what changed since is not shown.',
  'never-approved': 'No version of the policy was approved, so there is nothing to compare with.',
  'policy-missing': 'What changed since the last approval is not known without the policy.',
}

function changeParts({ state: is, before, weaker = 0, changes }: ReportChange): readonly Html[] {
  const title = html`<h3>What changed since the last approval</h3>`
  if (is !== 'compared') return [title, note(CHANGES[is])]
  const since = before === undefined ? '' : `version ${before.version}, ${short(before.fingerprint)}`
  if (changes.length === 0) return [title, note(`Nothing differs from ${since}.`)]
  return [
    title,
    html`<p>Compared with ${since}: ${weaker === 0 ? state('within', 'nothing is weaker') : state('beyond', `${count(weaker)} changes are weaker, or may be`)}</p>`,
    table({
      id: 'changes',
      caption: 'Changes, those that weaken first',
      head: ['field', 'verdict', 'what'],
      rows: changes.map(({ field = 'the policy', verdict, what }) => [
        field,
        verdict === 'unranked' ? 'cannot be ranked: counts as weaker' : verdict,
        prose(plain(what)),
      ]),
    }),
  ]
}
