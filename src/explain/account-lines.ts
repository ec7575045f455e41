/** The account of a run, as a table for people. Counts, names out of the policy, no values. */
import { sum } from '../engine/account.ts'
import type { KeptField } from '../engine/account-fields.ts'
import { type DeadLetterCode, describeCode } from '../errors.ts'
import type { AccountView, Summary } from '../run/account/account-view.ts'
import { columns, type Paint, printable, wrap } from '../terminal.ts'
import { keyNames } from './account-keys.ts'
import { groupLines } from './group-lines.ts'

const number = (count: number): string => count.toLocaleString('en')

/** What the table leaves out. */
export function verboseLines(summary: Summary): string[] {
  const { policy, inputs } = summary
  const rows = inputs.map(({ input, format, bytes, records }) => [
    String(input),
    format,
    number(bytes),
    number(records),
  ])
  return [
    `  fingerprint  ${policy.fingerprint}`,
    `  platform     ${policy.platform === '' ? 'none: no rule depends on it' : policy.platform}`,
    `  keys         ${keyNames(summary)}`,
    `  as of        ${summary.asOf}`,
    ...(summary.approvals ?? []).map(
      ({ role, key, when }) => `  approved     as ${role}, ${when}, key ${key}`,
    ),
    ...columns([['input', 'format', 'bytes', 'records'], ...rows], [0, 2, 3]).map((line) => `  ${line}`),
  ]
}

/** Names that no rule names, by how often they were met. They are values: for eyes that asked, on no file. */
export function nameLines(names: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(names)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([path, count]) => [printable(path), number(count)])
  return columns([['unlisted name', 'met'], ...rows], [1]).map((line) => `  ${line}`)
}

/** What leaves as it is, in as many lines as it takes. */
function keptLines(kept: readonly KeptField[]): string[] {
  if (kept.length === 0) return []
  const names = kept.map(({ field, use }) => printable(use === 'keep' ? field : `${field} (whole)`))
  return wrap(`kept as they are: ${names.join(', ')}`, 98).map(
    (line, at) => `  ${at === 0 ? '' : '  '}${line}`,
  )
}

/** How many dead letters carry their original. */
function originalLines({ originals }: AccountView): string[][] {
  if (originals === undefined) return []
  const { sealed, unsealed } = originals
  return [
    ['  with their original, sealed', number(sealed), ''],
    ...(unsealed === 0 ? [] : [['  without', number(unsealed), '']]),
  ]
}

/** The summary as lines for a terminal. */
export function accountLines(summary: AccountView, paint: Paint): string[] {
  const { bold, dim, yellow, red } = paint
  const { records, policy } = summary
  const suppressed = sum(records.suppressed)
  const dead = sum(records.deadLettered)
  const flow: string[][] = [
    ['records in', number(records.in), ''],
    ['published', number(records.published), ''],
    ...(records.tombstones === undefined ? [] : [['tombstones', number(records.tombstones), '']]),
    ['suppressed', number(suppressed), ''],
    ...Object.entries(records.suppressed).map(([rule, count]) => [`  ${rule}`, number(count), '']),
    ...(summary.lists ?? []).map(({ list, entries, sha256 }) => [
      `  of list ${list}`,
      number(entries),
      dim(`entries, ${sha256.slice(0, 16)}…`),
    ]),
    ['dead-lettered', dead > 0 ? red(number(dead)) : '0', ''],
    ...Object.entries(records.deadLettered).map(([code, count]) => [
      `  ${code}`,
      number(count),
      dim(describeCode(code as DeadLetterCode)),
    ]),
    ...originalLines(summary),
    ...(records.blank > 0 ? [['blank lines', number(records.blank), '']] : []),
    ...(summary.unlisted > 0
      ? [['unlisted values', number(summary.unlisted), dim('no rule names them: dropped')]]
      : []),
  ]
  const rules = [
    ['rule', 'applied', 'absent', 'null', 'failed'].map((word) => dim(word)),
    ...summary.rules.map((rule) => [
      rule.rule,
      number(rule.applied),
      number(rule.absent),
      number(rule.null),
      rule.failed > 0 ? red(number(rule.failed)) : '0',
    ]),
  ]
  return [
    `${bold(`${policy.name} version ${policy.version}`)} ${dim(`${policy.fingerprint.slice(0, 16)}…  for ${policy.purpose}`)}`,
    ...columns(flow, [1]).map((line) => `  ${line}`),
    '',
    ...columns(rules, [1, 2, 3, 4]).map((line) => `  ${line}`),
    ...keptLines(summary.kept),
    ...(summary.groups === undefined ? [] : ['', ...groupLines(summary.groups, paint)]),
    ...summary.rules.flatMap(({ rule, accepted }) =>
      accepted === undefined ? [] : [yellow(`  accepted: ${rule}: ${accepted}`)],
    ),
    ...summary.warnings.map((warning) => yellow(`  warning: ${warning}`)),
  ]
}
