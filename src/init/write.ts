/** The draft as YAML: a comment with the evidence above every field, counts only. */
import { printSegments } from '../policy/path.ts'
import type { EventMembers } from './event-rows.ts'
import type { Draft, DraftField } from './propose.ts'
import { type DraftInput, inputLines } from './write-input.ts'
import { comment, yamlText } from './yaml-text.ts'

function flow(words: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(words).map(
    ([key, value]) => `${key}: ${typeof value === 'number' ? value : yamlText(value)}`,
  )
  return `{ ${parts.join(', ')} }`
}

function fieldLines({ path, proposal, evidence }: DraftField): string[] {
  const { use, options, category, role, note } = proposal
  const lines = comment(evidence, '  ')
  if (note !== undefined) lines.push(...comment(use === 'undecided' ? `UNDECIDED: ${note}` : note, '  '))
  const words: Record<string, string | number> = { use, ...options }
  if (category !== undefined) words['category'] = category
  if (role !== undefined && (category !== undefined || role !== 'other')) words['role'] = role
  const rule = Object.keys(words).length === 1 ? yamlText(use) : flow(words)
  return [...lines, `  ${yamlText(path)}: ${rule}`]
}

export interface Frame {
  readonly name: string
  /** Where the JSON Schema is, for editors. */
  readonly schema: string
  /** Header texts that are not paths, and the path each stands for. */
  readonly columns: ReadonlyMap<string, string>
  readonly unreadable: number
  /** Columns without a name. */
  readonly nameless: number
  /** How such files are read. */
  readonly input?: DraftInput
  /** Where records are change events: what stands beside their rows. */
  readonly event?: EventMembers | undefined
}

/** The whole policy file. */
export function writeDraft(draft: Draft, frame: Frame): string {
  const n = new Intl.NumberFormat('en-US')
  const lines = [`# yaml-language-server: $schema=${frame.schema}`]
  const left = draft.undecided === 1 ? '1 field is' : `${n.format(draft.undecided)} fields are`
  lines.push(
    ...comment(
      `A draft by \`lethe init\` from ${n.format(draft.records)} records; the comments count what was seen. It proposes, people decide: read every line. ${left} undecided, and \`lethe lint\` refuses the policy until none is.`,
      '',
    ),
  )
  if (frame.unreadable > 0)
    lines.push(...comment(`Records that could not be read: ${n.format(frame.unreadable)}.`, ''))
  if (frame.nameless > 0)
    lines.push(...comment(`Columns without a name are left out (${n.format(frame.nameless)} of them).`, ''))
  if (draft.unnamed > 0)
    lines.push(
      ...comment(
        `Names of members that look like data are left out (${n.format(draft.unnamed)} of them): unlisted, they do not leave.`,
        '',
      ),
    )
  lines.push(`policy: ${yamlText(frame.name)}`, 'version: 1', 'purpose: train_ai_system')
  if (draft.subject !== undefined) lines.push(`subject: ${yamlText(draft.subject)}`)
  else
    lines.push(
      ...comment(
        'subject: the path that says whose record this is; none was found. So the draft keeps no text but closed sets of few values (`status`, `type`): records alone cannot tell whose values repeat.',
        '',
      ),
    )
  lines.push(...timeLines(draft))
  if (draft.required.length > 0)
    lines.push(
      '# Every record of the sample held these. One that does not becomes a dead letter.',
      `required: [${draft.required.map(yamlText).join(', ')}]`,
    )
  lines.push(...formLines(draft))
  lines.push('unlisted: drop', 'fields:')
  for (const field of draft.fields) lines.push(...fieldLines(field))
  if (frame.event !== undefined) lines.push(...eventLines(frame.event))
  if (frame.input !== undefined) lines.push(...inputLines(frame.input))
  if (frame.columns.size > 0) {
    lines.push('# Headers that are not themselves paths.', 'columns:')
    for (const [header, path] of frame.columns) lines.push(`  ${yamlText(header)}: ${yamlText(path)}`)
  }
  return `${lines.join('\n')}\n`
}

/** What stands beside the rows of change events. */
const eventLines = ({ table }: EventMembers): string[] => [
  ...comment(
    'Beside the row: `lethe batch --change debezium`, or `change: debezium` of a route. Times and places of an event do not leave unless a line names them ($change.ts_ms, $change.source.ts_ms). A key that is JSON takes rules as $key.NAME.',
    '  ',
  ),
  '  $change.op: keep',
  ...(table ? ['  $change.source.table: keep'] : []),
]

/** Texts that hold JSON, and arrays in whose place one value stands. */
function formLines({ texts, either }: Draft): string[] {
  const number = new Intl.NumberFormat('en-US')
  return [
    ...(texts.length === 0
      ? []
      : [
          '# Texts that hold an object or array as JSON.',
          'read:',
          ...texts.flatMap(({ segments, others }) => [
            ...(others === 0
              ? []
              : comment(
                  `${number.format(others)} ${others === 1 ? 'value is' : 'values are'} none: cut off, or something else. Such a record becomes a dead letter (inner-json).`,
                  '  ',
                )),
            `  ${yamlText(printSegments(segments))}: json`,
          ]),
        ]),
    ...(either.length === 0
      ? []
      : [
          '# An array in some records, one value in its place in others.',
          'shape:',
          ...either.map((path) => `  ${yamlText(printSegments(path))}: either`),
        ]),
  ]
}

function timeLines({ time }: Draft): string[] {
  if (time === undefined)
    return ['# time: the path of the event time, which retention goes by; none was found']
  const path = yamlText(time.path)
  if (time.format === 'rfc3339') return [`time: ${path}`]
  const format = yamlText(time.format)
  if (time.needsZone)
    return ['# Without offset: is UTC its clock?', `time: { path: ${path}, format: ${format}, zone: UTC }`]
  return [`time: { path: ${path}, format: ${format} }`]
}
