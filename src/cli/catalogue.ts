/** The catalogue of transforms, from the register: Markdown for `transforms/README.md`, text for a terminal, JSON. */
import { z } from 'zod'
import { type Example, FAILURE_CODES, type FailureCode, type Transform } from '../../transforms/transform.ts'
import { columns, type Paint, wrap } from './terminal.ts'

/** What the catalogue shows of a transform; the rule behind `retention:` has the same form and no `compile`. */
export type Entry = Omit<Transform, 'weaknesses' | 'coarser' | 'compile'>

export interface OptionRow {
  readonly name: string
  /** What may be written, e.g. `128 to 256` or `base64url | hex`. */
  readonly takes: string
  /** As JSON; undefined where the option has no default. */
  readonly byDefault: string | undefined
  readonly required: boolean
  readonly description: string
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly pattern?: string
  readonly default?: unknown
  readonly description?: string
}

function range(schema: JsonSchema): string {
  const low = schema.minimum ?? Number.MIN_SAFE_INTEGER
  const high = schema.maximum ?? Number.MAX_SAFE_INTEGER
  const open: string[] = []
  if (schema.exclusiveMinimum !== undefined) open.push(`over ${schema.exclusiveMinimum}`)
  else if (low > Number.MIN_SAFE_INTEGER) open.push(`${low}`)
  if (schema.exclusiveMaximum !== undefined) open.push(`under ${schema.exclusiveMaximum}`)
  else if (high < Number.MAX_SAFE_INTEGER) open.push(`${high}`)
  const bounds = open.join(' to ')
  return low > Number.MIN_SAFE_INTEGER && high >= Number.MAX_SAFE_INTEGER && bounds === `${low}`
    ? `${bounds} or more`
    : bounds
}

/** What a value of `schema` may be, in a few words. */
function takes(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => String(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return [...new Set(choices.map(takes))].join(' | ')
  if (schema.type === 'array') return schema.items === undefined ? 'list' : `list of ${takes(schema.items)}`
  if (schema.type === 'object') {
    const { properties } = schema
    if (properties !== undefined) return `{ ${Object.keys(properties).join(', ')} }`
    return typeof schema.additionalProperties === 'object'
      ? `map to ${takes(schema.additionalProperties)}`
      : 'map'
  }
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'any')
  const bounds = type === 'integer' || type === 'number' ? range(schema) : ''
  return bounds === '' ? type.replace('string', 'text') : `${type}, ${bounds}`
}

/** The options of a transform as rows, in the order of its schema. */
export function optionRows(entry: Entry): OptionRow[] {
  const schema = z.toJSONSchema(entry.options, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return Object.entries(schema.properties ?? {}).map(([name, option]) => ({
    name,
    takes: takes(option),
    byDefault: option.default === undefined ? undefined : JSON.stringify(option.default),
    required: schema.required?.includes(name) === true && option.default === undefined,
    description: option.description ?? '',
  }))
}

const UNIQUE = {
  preserved: 'yes: two values never give one result',
  'collision-bounded': 'nearly: two values may give one result, at stated odds',
  lossy: 'no: many values give one result, and are meant to',
} as const

/** The questions that everybody asks, answered for one transform. */
export function answers({ properties: p }: Entry): readonly (readonly [string, string])[] {
  return [
    ['Takes', p.accepts],
    ['Yields', p.yields],
    ['Reversible?', p.reversible],
    ['Repeatable?', p.repeatable],
    ['Unique?', UNIQUE[p.uniqueness]],
    ['Format kept?', p.formatKept],
    ['Needs a key?', p.keyed ? 'yes' : 'no'],
    ['Joins records?', p.stableToken ? 'yes: the result stands for one value, over time' : 'no'],
    ['May return its input?', p.mayReturnInput ? 'yes, for some values' : 'never'],
  ]
}

function rule(example: Example, name: string): string {
  const options = Object.entries(example.options).map(([key, value]) => `${key}: ${flow(value)}`)
  return `{ ${[`use: ${name}`, ...options].join(', ')} }`
}

/** A value as YAML flow style, quoted where YAML would read it differently. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${flow(key)}: ${flow(member)}`)
      .join(', ')} }`
  }
  if (typeof value !== 'string') return JSON.stringify(value)
  const bare =
    /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value)
  return bare ? value : JSON.stringify(value)
}

function outcome(example: Example): string {
  return typeof example.output === 'string' ? example.output : `fails: ${example.output.fails}`
}

function given(example: Example): string {
  const parts = [example.subject === undefined ? '' : `subject ${example.subject}`]
  if (example.eventTime !== undefined) parts.push(`event time ${example.eventTime}`)
  return parts.filter((part) => part !== '').join(', ')
}

const cell = (text: string) => text.replace(/\|/g, '\\|').replace(/\s+/g, ' ')
const code = (text: string) => {
  const ticks = text.includes('`') ? '``' : '`'
  const space = ticks === '``' || /^ | $/.test(text) ? ' ' : ''
  return `${ticks}${space}${cell(text)}${space}${ticks}`
}
const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
]

function entryMarkdown(entry: Entry): string[] {
  const lines = [
    `## ${entry.name}`,
    '',
    entry.summary,
    '',
    ...table(
      ['', ''],
      answers(entry).map(([q, a]) => [q, cell(a)]),
    ),
  ]
  const options = optionRows(entry)
  lines.push('')
  if (options.length === 0) lines.push('It has no options.', '')
  else {
    const rows = options.map((row) => [
      code(row.name),
      cell(row.takes),
      row.byDefault === undefined ? (row.required ? 'required' : '') : code(row.byDefault),
      cell(row.description),
    ])
    lines.push(...table(['Option', 'Takes', 'Default', 'What it is'], rows), '')
  }
  const failures = Object.entries(entry.failures) as [FailureCode, string][]
  if (failures.length > 0) {
    lines.push('What can go wrong with a value; the field’s `else:` says what follows:', '')
    lines.push(...failures.map(([failure, when]) => `- \`${failure}\`: ${when}`), '')
  }
  lines.push(`**What it does not stop.** ${entry.doesNotStop}`, '')
  if (entry.examples.length > 0) {
    const rows = entry.examples.map((example) => [
      cell(example.title),
      code(rule(example, entry.name)),
      code(example.input) + (given(example) === '' ? '' : ` (${cell(given(example))})`),
      typeof example.output === 'string' ? code(example.output) : `fails: \`${example.output.fails}\``,
    ])
    lines.push(...table(['Example', 'Rule', 'Value', 'Result'], rows), '')
  }
  return lines
}

const INTRO = `<!-- Generated by \`npm run docs\` from the register. Do not edit. -->
# The transforms

Each is one file under this folder; its name is its path. A transform never sees an absent value, \`null\` or
the empty text: those pass as they are. What it cannot take is a failure of that field, and the field's
\`else:\` says what follows: \`dead-letter\` (by default), \`null\`, \`drop\` or a constant. \`drop\`, \`keep\` and
\`keep.subtree\` are words of the policy itself. Keyed examples run under the published test keyset,
\`config/keys/test.keyset.json\`. Tokens are pseudonyms: still personal data for whoever holds the key.
`

/** The text of `transforms/README.md`. */
export function catalogueMarkdown(entries: readonly Entry[]): string {
  const summary = entries.map((entry) => [
    `[${entry.name}](#${entry.name.replaceAll('.', '')})`,
    cell(entry.summary),
    cell(entry.properties.reversible),
    entry.properties.uniqueness,
    entry.properties.keyed ? 'yes' : 'no',
  ])
  const head = ['Transform', 'What it does', 'Reversible?', 'Unique?', 'Key?']
  const failures = Object.entries(FAILURE_CODES).map(([name, text]) => [`\`${name}\``, cell(text)])
  const lines = [INTRO, ...table(head, summary), '', ...entries.flatMap(entryMarkdown)]
  lines.push('## Failures', '', ...table(['Code', 'Meaning'], failures), '')
  return lines.join('\n')
}

/** One transform for a terminal, at most `width` columns wide where words allow. */
export function entryText(entry: Entry, { bold, dim, cyan }: Paint, width: number): string {
  const indent = (text: string) => wrap(text, width - 2).map((line) => `  ${line}`)
  const lines = [bold(entry.name), ...indent(entry.summary), '']
  lines.push(
    ...columns(answers(entry).map(([question, answer]) => [`  ${question}`, answer])),
    '',
    bold('Options'),
  )
  const options = optionRows(entry)
  if (options.length === 0) lines.push('  none')
  for (const row of options) {
    const byDefault =
      row.byDefault === undefined ? (row.required ? 'required' : 'optional') : `default ${row.byDefault}`
    lines.push(`  ${cyan(row.name)}  ${row.takes}  ${dim(`(${byDefault})`)}`)
    lines.push(...wrap(row.description, width - 6).map((line) => `      ${line}`))
  }
  const failures = Object.entries(entry.failures)
  if (failures.length > 0) {
    lines.push('', bold('What can go wrong with a value'))
    for (const [failure, when] of failures) lines.push(...indent(`${failure}: ${when}`))
  }
  lines.push('', bold('What it does not stop'), ...indent(entry.doesNotStop))
  if (entry.examples.length > 0) lines.push('', bold('Examples'))
  for (const example of entry.examples) {
    const context = given(example) === '' ? '' : dim(`  (${given(example)})`)
    lines.push(`  ${example.title}`, `    ${rule(example, entry.name)}`)
    lines.push(`    ${example.input} ${dim('->')} ${outcome(example)}${context}`)
  }
  return `${lines.join('\n')}\n`
}

/** The list of all, a line each, by family. */
export function catalogueText(entries: readonly Entry[], { bold, dim }: Paint, width: number): string {
  const widest = Math.max(...entries.map((entry) => entry.name.length))
  const lines: string[] = []
  let family = ''
  for (const entry of entries) {
    const own = entry.name.slice(0, entry.name.indexOf('.'))
    if (own !== family && family !== '') lines.push('')
    family = own
    const summary = wrap(entry.summary, Math.max(30, width - widest - 2))
    lines.push(`${bold(entry.name.padEnd(widest))}  ${summary[0] ?? ''}`)
    for (const more of summary.slice(1)) lines.push(`${' '.repeat(widest)}  ${more}`)
  }
  lines.push('', dim('lethe transforms NAME says more of one.'))
  return `${lines.join('\n')}\n`
}

/** For programs: everything that the catalogue says, options as rows. */
export function catalogueJson(entries: readonly Entry[]): object[] {
  return entries.map((entry) => ({
    name: entry.name,
    summary: entry.summary,
    version: entry.version,
    properties: entry.properties,
    options: optionRows(entry).map(({ byDefault, ...row }) => ({
      ...row,
      ...(byDefault === undefined ? {} : { default: JSON.parse(byDefault) as unknown }),
    })),
    failures: entry.failures,
    doesNotStop: entry.doesNotStop,
    examples: entry.examples,
  }))
}
