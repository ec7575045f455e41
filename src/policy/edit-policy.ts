/**
 * Changes rules of a policy in its text: what is not changed stays as it is written, with comments, order and layout. The
 * text was read as a policy before, without a problem.
 */
import { isMap, isScalar, type Pair, parseDocument, stringify, type YAMLMap } from 'yaml'

import { PathError, parsePath } from './path.ts'
import type { TextEdit } from './unified-diff.ts'

/** What the rule of a field is to be. */
export interface RuleChange {
  /** Output path. */
  readonly path: string
  readonly use: string
  /** Options that are to be written, or to go (undefined); others stay as they are written. */
  readonly options: Readonly<Record<string, unknown>>
  /** Words that are to go with their values. */
  readonly without: readonly string[]
}

/** Words of the policy itself; those of a mapping are joined into the one that is there. */
export interface WordChange {
  readonly word: string
  readonly values: Readonly<Record<string, unknown>>
}

/** @returns what is to be written where; undefined where the policy is not written in a way that can be changed */
export function editPolicy(
  text: string,
  rules: readonly RuleChange[],
  words: readonly WordChange[] = [],
): TextEdit[] | undefined {
  const root = parseDocument(text, { version: '1.2', schema: 'core', merge: false }).contents
  if (!isMap(root)) return undefined
  const fields = root.get('fields', true)
  if (!isMap(fields)) return undefined
  const edits: TextEdit[] = []
  for (const change of rules) {
    const pair = fields.items.find(
      ({ key }) => isScalar(key) && isPath(String(key.source ?? key.value), change.path),
    )
    if (pair === undefined) return undefined
    edits.push(...editRule(text, pair, change))
  }
  for (const { word, values } of words) {
    const pair = root.items.find(({ key }) => isScalar(key) && key.value === word)
    if (pair === undefined) edits.push(...editMap(text, root, new Map([[word, inFlow(values)]]), new Set()))
    else if (isMap(pair.value)) {
      const written = Object.entries(values).map(([key, value]) => [key, inFlow(value)] as const)
      edits.push(...editMap(text, pair.value, new Map(written), new Set()))
    } else return undefined
  }
  return edits
}

export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text
  // Of two that are written in one place, the first stands first.
  for (const { start, end, text: written } of [...edits]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .reverse())
    result = result.slice(0, start) + written + result.slice(end)
  return result
}

function isPath(written: string, path: string): boolean {
  try {
    return parsePath(written).text === path
  } catch (error) {
    if (error instanceof PathError) return false
    throw error
  }
}

/** A value as YAML within braces. */
function inFlow(value: unknown): string {
  const text = stringify([value], {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: false,
  }).trim()
  const inner = text.slice(1, -1)
  return inner.startsWith('{') ? `{ ${inner.slice(1, -1)} }` : inner
}

const rangeOf = (node: unknown): readonly [start: number, end: number] => {
  const range = (node as { readonly range: readonly [number, number, number] }).range
  return [range[0], range[1]]
}

function editRule(text: string, pair: Pair, { use, options, without }: RuleChange): TextEdit[] {
  const value = pair.value
  if (!isMap(value)) {
    const [start, end] = rangeOf(value)
    const stated = Object.entries(options).filter(([, option]) => option !== undefined)
    const written = stated.length === 0 ? inFlow(use) : inFlow({ use, ...Object.fromEntries(stated) })
    return [{ start, end, text: written }]
  }
  const sets = new Map<string, string>([['use', inFlow(use)]])
  const removed = new Set(without)
  for (const [name, option] of Object.entries(options))
    if (option === undefined) removed.add(name)
    else sets.set(name, inFlow(option))
  return editMap(text, value, sets, removed)
}

const nameOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : '')

/** `sets`: what stands behind each key, as YAML in one line. New keys stand behind `use`, or at the end. */
function editMap(
  text: string,
  map: YAMLMap,
  sets: ReadonlyMap<string, string>,
  removed: ReadonlySet<string>,
): TextEdit[] {
  const pairs = map.items.map((pair) => {
    const [start] = rangeOf(pair.key)
    const [valueStart, end] = rangeOf(pair.value)
    return { name: nameOf(pair), start, valueStart, end }
  })
  const edits: TextEdit[] = []
  for (const { name, valueStart, end } of pairs) {
    const written = sets.get(name)
    if (written === undefined || removed.has(name) || text.slice(valueStart, end) === written) continue
    if (sameValue(text.slice(valueStart, end), written)) continue
    edits.push({ start: valueStart, end, text: written })
  }
  const fresh = [...sets].filter(([name]) => !pairs.some((pair) => pair.name === name))
  const behind = pairs.find(({ name }) => name === 'use') ?? pairs.at(-1)
  if (map.flow === true) {
    pairs.forEach((pair, at) => {
      if (!removed.has(pair.name)) return
      const isFirst = pairs.slice(0, at).every(({ name }) => removed.has(name))
      const next = pairs[at + 1]
      if (isFirst && next !== undefined) edits.push({ start: pair.start, end: next.start, text: '' })
      else edits.push({ start: pairs[at - 1]?.end ?? pair.start, end: pair.end, text: '' })
    })
    if (behind !== undefined && fresh.length > 0)
      edits.push({
        start: behind.end,
        end: behind.end,
        text: fresh.map(([name, value]) => `, ${name}: ${value}`).join(''),
      })
    return edits
  }
  pairs.forEach((pair, at) => {
    if (!removed.has(pair.name)) return
    const next = pairs[at + 1]
    if (next !== undefined) edits.push({ start: pair.start, end: next.start, text: '' })
    else edits.push({ start: pairs[at - 1]?.end ?? pair.start, end: pair.end, text: '' })
  })
  if (behind === undefined || fresh.length === 0) return edits
  const indent = ' '.repeat(pairs[0]!.start - (text.lastIndexOf('\n', pairs[0]!.start - 1) + 1))
  const end = endOfLine(text, behind.end)
  const lines = fresh.map(([name, value]) => `${indent}${name}: ${value}`)
  edits.push(
    end.hasBreak
      ? { start: end.at, end: end.at, text: lines.map((line) => `${line}${end.lineBreak}`).join('') }
      : { start: end.at, end: end.at, text: lines.map((line) => `\n${line}`).join('') },
  )
  return edits
}

/** Where the next line begins, behind what is left of this one: a comment at most. */
function endOfLine(text: string, from: number): { at: number; hasBreak: boolean; lineBreak: string } {
  // A block scalar or collection may end behind its last line break.
  if (from > 0 && text[from - 1] === '\n') return { at: from, hasBreak: true, lineBreak: '\n' }
  const at = text.indexOf('\n', from)
  if (at < 0) return { at: text.length, hasBreak: false, lineBreak: '\n' }
  return { at: at + 1, hasBreak: true, lineBreak: text[at - 1] === '\r' ? '\r\n' : '\n' }
}

function sameValue(before: string, after: string): boolean {
  const plain = (written: string): string =>
    JSON.stringify(parseDocument(written, { version: '1.2', schema: 'core' }).toJS())
  return plain(before) === plain(after)
}
