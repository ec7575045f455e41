/** A comparison for people, as Markdown, as JSON, or as annotations of a GitHub workflow. */
import { code, prose, row } from '../explain/markdown-text.ts'
import { formatProblems } from '../policy/problems.ts'
import { paint, printable } from '../terminal.ts'
import { type Change, isWeaker, type Ranking } from './change.ts'
import type { Compared } from './side.ts'

export type DiffFormat = 'text' | 'markdown' | 'json' | 'github'

export interface Comparison {
  readonly before: Compared
  readonly after: Compared
  /** As they were named. */
  readonly files: { readonly before: string; readonly after: string }
  readonly changes: readonly Change[]
}

const TITLES: Readonly<Record<Ranking, string>> = {
  weaker: 'weaker',
  unranked: 'different, cannot be ranked: counts as weaker',
  different: 'different',
  stronger: 'stronger',
}

export function formatDiff(comparison: Comparison, format: DiffFormat): string {
  return { text: asText, markdown: asMarkdown, json: asJson, github: asCommands }[format](comparison)
}

const grouped = (changes: readonly Change[]): readonly [Ranking, readonly Change[]][] =>
  (Object.keys(TITLES) as Ranking[])
    .map((verdict): [Ranking, Change[]] => [verdict, changes.filter((one) => one.verdict === verdict)])
    .filter(([, ofVerdict]) => ofVerdict.length > 0)

const nameOf = ({ policy }: Compared): string => `${policy.name}, version ${policy.version}`

function asText({ before, after, changes }: Comparison): string {
  const { bold, dim, red, yellow, green } = paint(process.stdout)
  const colour = { weaker: red, unranked: red, different: yellow, stronger: green }
  const lines = [`${bold(nameOf(after))} ${dim(`compared with ${nameOf(before)}`)}`]
  if (changes.length === 0) lines.push('nothing differs')
  for (const [verdict, ofVerdict] of grouped(changes)) {
    lines.push('', colour[verdict](TITLES[verdict]))
    for (const { field, kind, what } of ofVerdict)
      lines.push(`  ${printable(field ?? 'the policy')} ${dim(`(${kind})`)}: ${printable(what)}`)
  }
  return `${lines.join('\n')}\n`
}

function asMarkdown({ before, after, changes }: Comparison): string {
  const weaker = changes.filter(isWeaker).length
  const lines = [
    `# ${prose(nameOf(after))}`,
    '',
    `Compared with ${prose(nameOf(before))}: ${weaker === 0 ? 'nothing is weaker' : `**${weaker} of ${changes.length} changes are weaker, or may be**`}.`,
    '',
    row(['fingerprint before', code(before.plan.fingerprint)]),
    row(['---', '---']),
    row(['fingerprint after', code(after.plan.fingerprint)]),
  ]
  for (const [verdict, ofVerdict] of grouped(changes)) {
    lines.push(
      '',
      `## ${prose(TITLES[verdict])}`,
      '',
      row(['field', 'kind', 'what']),
      row(['---', '---', '---']),
    )
    for (const { field, kind, what } of ofVerdict)
      lines.push(row([field === undefined ? 'the policy' : code(field), kind, prose(what)]))
  }
  return `${lines.join('\n')}\n`
}

function asJson({ before, after, changes }: Comparison): string {
  const view = ({ plan: { name, version, fingerprint } }: Compared) => ({
    policy: name,
    version,
    fingerprint,
  })
  const report = {
    lethe: 'diff',
    v: 1,
    before: view(before),
    after: view(after),
    weaker: changes.filter(isWeaker).length,
    changes: changes.map(({ verdict, kind, field, what, at }) => ({
      verdict,
      kind,
      field,
      what,
      line: at?.line,
    })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

/** What is weaker as errors, what cannot be ranked as warnings, and the rest not at all. */
function asCommands({ files, changes }: Comparison): string {
  const problems = changes.filter(isWeaker).map(({ verdict, kind, field, what, at }) => ({
    file: files.after,
    ...(at ?? { line: 1, column: 1 }),
    code: kind,
    severity: verdict === 'weaker' ? ('error' as const) : ('warning' as const),
    message: `${field ?? 'the policy'}: ${what}`,
    suggestion: verdict === 'weaker' ? undefined : 'a person has to decide: this cannot be ranked',
  }))
  return formatProblems(problems, 'github')
}
