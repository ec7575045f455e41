/** Checks a part of the tree against a zod schema and turns each issue into a problem at its place. */
import { z } from 'zod'
import { entryOf, type MapNode, type TreeNode, toPlain } from './document.ts'
import { type Findings, type PolicyCode, quote, type TextPosition } from './problems.ts'
import { nearest, suggestion } from './suggest.ts'

/** Which code an issue gets: by what it is, and first of all by the key that it stands under. */
export interface ShapeCodes<Code extends string = PolicyCode> {
  readonly unknown: Code
  readonly missing: Code
  readonly wrong: Code
  /** Codes by the dotted keys that a wrong value stands under, or begins to; positions in lists left out. */
  readonly byKey?: Readonly<Record<string, Code>>
  /** Suggestions by dotted key (positions in lists left out), in place of the nearest value. */
  readonly hints?: Readonly<Record<string, string>>
  /** Further names that a wrong key may have been meant for. */
  readonly alsoKnown?: readonly string[]
  /** What is said of an unknown key, given the dotted keys above it; undefined: the usual. */
  readonly foreign?: (under: string, name: string) => Foreign<Code> | undefined
  /** Dotted keys below which no name is quoted, because it may be a secret in the wrong place. */
  readonly unquoted?: ReadonlySet<string>
}

export interface Foreign<Code extends string> {
  readonly code: Code
  readonly message: string
  readonly suggestion?: string | undefined
}

type Issue = z.core.$ZodIssue

/** The parsed value, defaults filled in; undefined where `node` does not fit, and `findings` says why. */
export function checkShape<T, Code extends string>(
  schema: z.ZodType<T>,
  node: TreeNode,
  codes: ShapeCodes<Code>,
  findings: Findings<Code>,
): T | undefined {
  const result = schema.safeParse(toPlain(node))
  if (result.success) return result.data
  for (const issue of result.error.issues) report(issue, schema, node, codes, findings)
  return undefined
}

function report<Code extends string>(
  issue: Issue,
  schema: z.ZodType,
  node: TreeNode,
  codes: ShapeCodes<Code>,
  findings: Findings<Code>,
): void {
  const { node: here, at, found } = locate(node, issue.path)
  const wrong = codeFor(issue.path, codes)
  const keys = keysOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    const alsoKnown = issue.path.length === 0 ? (codes.alsoKnown ?? []) : []
    for (const name of issue.keys) {
      const place = entryOf(here, name)?.at ?? at
      const foreign = codes.foreign?.(keys, name)
      if (foreign !== undefined) findings.add(place, foreign.code, foreign.message, foreign.suggestion)
      else
        findings.add(
          place,
          codes.unknown,
          codes.unquoted?.has(keys) ? 'unknown key' : `unknown key ${quote(name)}`,
          nearest(name, [...known, ...alsoKnown]) === undefined
            ? suggestion(name, known)
            : suggestion(name, [...known, ...alsoKnown]),
        )
    }
    return
  }
  const isDiscriminator = issue.code === 'invalid_union' && issue.errors.length === 0
  if (issue.code === 'invalid_union' && !(isDiscriminator && !found)) {
    const branch = likeliest(issue.errors)
    if (branch !== undefined) {
      for (const inner of branch)
        report({ ...inner, path: [...issue.path, ...inner.path] } as Issue, schema, node, codes, findings)
      return
    }
    const forms = issue.errors
      .flat()
      .map((inner) => listed(inner) ?? sentence(inner).replace(/^expected /, ''))
    findings.add(
      at,
      wrong,
      `${label(issue.path)}${[...new Set(forms)].join(', or ') || 'fits no form'}`,
      codes.hints?.[keys],
    )
    return
  }
  if (!found) {
    const key = String(issue.path.at(-1))
    const meaning = schemasAt(schema, issue.path).find((one) => one.description !== undefined)?.description
    const way = codes.hints?.[keys] ?? (meaning && `add \`${key}:\`. ${meaning}`)
    findings.add(at, codes.missing, `the key ${quote(key)} is missing`, way)
    return
  }
  const values = issue.code === 'invalid_value' && issue.values.length > 1 ? issue.values.map(String) : []
  const given = here?.kind === 'scalar' ? here.text : ''
  findings.add(
    at,
    wrong,
    `${label(issue.path)}${sentence(issue)}`,
    codes.hints?.[keys] ?? suggestion(given, values),
  )
}

/** The dotted keys of a path; positions in lists left out. */
function keysOf(path: readonly PropertyKey[]): string {
  return path.filter((step) => typeof step === 'string').join('.')
}

function codeFor<Code extends string>(path: readonly PropertyKey[], codes: ShapeCodes<Code>): Code {
  const keys = path.filter((step) => typeof step === 'string')
  for (let length = keys.length; length > 0; length--) {
    const code = codes.byKey?.[keys.slice(0, length).join('.')]
    if (code !== undefined) return code
  }
  return codes.wrong
}

/** The form that the author meant: the only one whose type fits. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) =>
      !issues.some((i) => i.path.length === 0 && (i.code === 'invalid_type' || i.code === 'invalid_value')),
  )
  return fitting.length === 1 ? fitting[0] : undefined
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

/** Zod's own sentences name the expected form and never the value. */
function sentence(issue: Issue): string {
  if (issue.code === 'invalid_type') return `expected ${KINDS[issue.expected] ?? issue.expected}`
  if (issue.code === 'invalid_value') {
    const [only, ...others] = issue.values.map(String)
    return others.length === 0 ? `expected ${only}` : 'none of the values that it takes'
  }
  return issue.message.replace(/^Invalid (input|string|option): /, '')
}

function listed(issue: Issue): string | undefined {
  return issue.code === 'invalid_value' ? issue.values.map(String).join(', ') : undefined
}

function label(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${quote(path.map(String).join('.'))}: `
}

/** The node at `path`; where the way ends early, the place of the last mapping or list on it. */
export function locate(
  node: TreeNode,
  path: readonly PropertyKey[],
): { node: TreeNode | undefined; at: TextPosition; found: boolean } {
  let here = node
  for (const step of path) {
    const next = here.kind === 'list' ? here.items[Number(step)] : entryOf(here, String(step))?.value
    if (next === undefined) return { node: undefined, at: here.at, found: false }
    here = next
  }
  return { node: here, at: here.at, found: true }
}

/** The keys that an object schema knows at `path`; none where the schema cannot tell. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  return schemasAt(schema, path).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []))
}

/** What may stand at `path`; nothing where the schema cannot tell. */
function schemasAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly z.ZodType[] {
  let here: unknown = schema
  for (const step of path) {
    const options = objectsOf(here)
    here = undefined
    for (const option of options) {
      if (option instanceof z.ZodObject) here ??= option.shape[String(step)]
      else if (option instanceof z.ZodArray) here ??= option.element
    }
  }
  return objectsOf(here).filter((one) => one instanceof z.ZodType)
}

/** Looks through optional, default and union. */
function objectsOf(schema: unknown): readonly unknown[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  )
    return objectsOf(schema.unwrap())
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(objectsOf)
  return [schema]
}

/** A mapping with only those entries whose key passes. */
export function pick(node: MapNode, keep: (key: string) => boolean): MapNode {
  return { ...node, entries: node.entries.filter((entry) => keep(entry.key)) }
}
