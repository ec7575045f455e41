/** The report of `lethe doctor`: for people, as JSON, or as annotations of a GitHub workflow. */
import type { Problem } from '../errors.ts'
import type { Pipeline } from '../kafka/pipeline-file/pipeline.ts'
import { formatProblems } from '../policy/problems.ts'
import { paint, printable } from '../terminal.ts'
import { CHECKS, type Finding } from './finding.ts'

export type FindingsFormat = 'text' | 'json' | 'github'

export function formatReport(
  pipeline: Pipeline,
  findings: readonly Finding[],
  format: FindingsFormat,
): string {
  if (format === 'json') return asJson(pipeline, findings)
  return format === 'github' ? asCommands(pipeline, findings) : asText(findings)
}

export const count = (findings: readonly Finding[], level: Finding['level']): number =>
  findings.filter((finding) => finding.level === level).length

function asJson({ name }: Pipeline, findings: readonly Finding[]): string {
  const report = {
    lethe: 'doctor',
    v: 1,
    pipeline: name,
    problems: count(findings, 'problem'),
    warnings: count(findings, 'warning'),
    findings: findings.map(({ check, level, route, what, way }) => ({ check, level, route, what, way })),
  }
  return `${JSON.stringify(report, null, 2)}\n`
}

function asCommands({ file, routes }: Pipeline, findings: readonly Finding[]): string {
  const problems = findings
    .filter(({ level }) => level !== 'ok')
    .map(({ check, level, route, what, way }): Problem => {
      const at = routes.find(({ name }) => name === route)?.at ?? { line: 1, column: 1 }
      return {
        file,
        ...at,
        code: check,
        severity: level === 'problem' ? 'error' : 'warning',
        message: what,
        suggestion: way,
      }
    })
  return formatProblems(problems, 'github')
}

const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'problem' } as const

function asText(findings: readonly Finding[]): string {
  const { bold, green, yellow, red, dim } = paint(process.stdout)
  const colour = { ok: green, warning: yellow, problem: red }
  const lines: string[] = []
  let last: string | undefined
  for (const { check, level, route, what, way } of findings) {
    if (check !== last) lines.push(bold(CHECKS[check]))
    last = check
    const of = route === undefined ? '' : dim(`${route}: `)
    lines.push(`  ${colour[level](MARKS[level])}  ${of}${printable(what)}`)
    if (way !== undefined) lines.push(`           -> ${printable(way)}`)
  }
  return `${lines.join('\n')}\n`
}
