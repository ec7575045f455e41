/** Concerns that people raised, out of the file that they keep. */
import { detectors } from '../../transforms/detect/index.ts'
import { lookAt } from '../../transforms/detect/look.ts'
import { findingsForm, type StatedFindings } from '../forms/findings.ts'
import type { ReportFinding } from '../forms/report-form.ts'
import { locate } from '../policy/check-form.ts'
import type { TreeNode } from '../policy/document.ts'
import type { Findings } from '../policy/problems.ts'
import { type ReportFileCode, readYaml } from './read-yaml.ts'

const SUMMARIES: ReadonlyMap<string, string> = new Map(detectors.map(({ kind, summary }) => [kind, summary]))
const TEXTS = ['concern', 'reporter', 'owner', 'outcome'] as const

/**
 * The findings of a file, those that are open first, by when they are due. `now`: ms since 1970; a finding is overdue from the
 * day behind its date on, in UTC.
 * @throws ReportFileProblems where the file has errors, LetheError where it cannot be read
 */
export function readFindings(file: string, now: number): readonly ReportFinding[] {
  const today = new Date(now).toISOString().slice(0, 10)
  return readYaml(file, 'the findings', findingsForm, checkFindings)
    .findings.map(({ outcome, ...one }) => ({
      ...one,
      ...(outcome === undefined ? {} : { outcome }),
      isOverdue: one.state === 'open' && one.due < today,
    }))
    .sort(
      (a, b) =>
        Number(b.state === 'open') - Number(a.state === 'open') ||
        (a.due < b.due ? -1 : a.due > b.due ? 1 : a.id < b.id ? -1 : 1),
    )
}

function checkFindings(
  { findings: all }: StatedFindings,
  tree: TreeNode,
  findings: Findings<ReportFileCode>,
): void {
  const seen = new Set<string>()
  for (const [at, one] of all.entries()) {
    const place = (...keys: string[]) => locate(tree, ['findings', at, ...keys]).at
    if (seen.has(one.id))
      findings.add(place('id'), 'repeated-id', 'another finding has this id', 'give it one of its own')
    seen.add(one.id)
    if (one.state !== 'open' && one.outcome === undefined)
      findings.add(
        place('state'),
        'outcome-missing',
        `the finding is ${one.state}, and no outcome says why`,
        'add `outcome:`',
      )
    for (const key of TEXTS) {
      const found = one[key] === undefined ? [] : lookAt(one[key])
      if (found.length > 0)
        findings.add(
          place(key),
          'personal-value',
          `the text holds what looks like ${SUMMARIES.get(found[0]!.kind) ?? 'personal data'}`,
          'a report is passed on: name roles, fields and records by place, and no person',
        )
    }
  }
}
