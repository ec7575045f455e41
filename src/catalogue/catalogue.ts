/** The catalogue of transforms, from the register: text for a terminal, and JSON. */
import { z } from 'zod'
import { expire } from '../../transforms/retention/expire.ts'
import { inWords } from '../../transforms/reveals/words.ts'
import type { Example, Transform } from '../../transforms/transform.ts'
import { columns, type Paint, wrap } from '../terminal.ts'

/** What the catalogue shows of a transform; the rule behind `retention:` has the same form and no `compile`. */
export type Entry = Omit<
  Transform,
  'versionOf' | 'needsOf' | 'weaknesses' | 'reveals' | 'restep' | 'compile'
> &
  Partial<Pick<Transform, 'reveals'>>

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

/** The least that a transform has to be told: of every option without a default, the smallest value that it takes. */
function leastOptions(entry: Entry): Record<string, unknown> {
  const schema = z.toJSONSchema(entry.options, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  const needed = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name))
  return Object.fromEntries(
    needed.map(([name, { type, enum: values, minimum }]) => [
      name,
      values?.[0] ?? (type === 'string' ? name : (minimum ?? 1)),
    ]),
  )
}

/** What the results reveal about their values, with the options of the examples. */
function revealed(entry: Entry): (readonly [string, string])[] {
  const { reveals, options, examples } = entry
  if (reveals === undefined) return []
  const sets = examples.length > 0 ? examples.map((example) => example.options) : [leastOptions(entry)]
  const words = new Set(sets.map((set) => inWords(reveals(options.parse(set)))))
  return [['Tells of its value', [...words].join('; or ')]]
}

/** The questions that everybody asks, answered for one transform. */
export function answers(entry: Entry): readonly (readonly [string, string])[] {
  const { properties: p } = entry
  return [
    ['Takes', p.accepts],
    ['Yields', p.yields],
    ...revealed(entry),
    ['Reversible?', p.reversible],
    ['Repeatable?', p.repeatable],
    ['Unique?', UNIQUE[p.uniqueness]],
    ['Format kept?', p.formatKept],
    ['Needs a key?', p.keyed ? 'yes' : 'no'],
    ['Joins records?', p.stableToken ? 'yes: the result stands for one value, over time' : 'no'],
    ['May return its input?', p.mayReturnInput ? 'yes, for some values' : 'never'],
  ]
}

/** The rule of an example, as a policy writes it. */
export function ruleText(example: Example, name: string): string {
  const options = Object.entries(example.options).map(([key, value]) => `${key}: ${flow(value)}`)
  // Of the whole record, and no rule of a field.
  if (name === expire.name) return `retention: { ${options.join(', ')} }`
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

/** What comes of an example. */
export function outcome(example: Example): string {
  return typeof example.output === 'string' ? example.output : `fails: ${example.output.fails}`
}

/** What the record of an example says beside the value; empty where nothing. */
export function given(example: Example): string {
  const parts = [example.subject === undefined ? '' : `subject ${example.subject}`]
  if (example.eventTime !== undefined) parts.push(`event time ${example.eventTime}`)
  return parts.filter((part) => part !== '').join(', ')
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
    lines.push(`  ${example.title}`, `    ${ruleText(example, entry.name)}`)
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
    tells: revealed(entry)[0]?.[1],
    options: optionRows(entry).map(({ byDefault, ...row }) => ({
      ...row,
      ...(byDefault === undefined ? {} : { default: JSON.parse(byDefault) as unknown }),
    })),
    failures: entry.failures,
    doesNotStop: entry.doesNotStop,
    examples: entry.examples,
  }))
}
