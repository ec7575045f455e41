/** From the tree to rules: the words of one rule, its conditions, and what happens on failure. */

import { checkShape, pick, type ShapeCodes } from './check-form.ts'
import { entryOf, type MapEntry, type MapNode, type ScalarNode } from './document.ts'
import { type Path, PathError, parsePath } from './path.ts'
import type { Otherwise } from './plan.ts'
import type { PolicyCondition, PolicyRule } from './policy.ts'
import { type Findings, quote, type TextPosition } from './problems.ts'
import { RULE_WORDS, RuleWords } from './schema.ts'

const RULE_CODES: ShapeCodes = {
  unknown: 'unknown-key',
  missing: 'missing-key',
  wrong: 'wrong-type',
  byKey: {
    when: 'bad-when',
    else: 'bad-else',
    accept: 'bad-accept',
    key: 'unknown-key-id',
    read: 'bad-read',
    tagged: 'bad-tags',
    type: 'bad-type',
  },
}

/** Words that hold for a field as a whole: of a list, its first rule says them. */
const FIELD_LEVEL = ['from', 'category', 'role', 'read', 'type', 'statistics'] as const
/** Words that a rule of a retention step does not take. */
export const NOT_IN_STEPS: readonly string[] = [...FIELD_LEVEL, 'when', 'tagged']

/** Characters of a reason, at least. */
export const MIN_REASON = 10

export interface RuleText {
  readonly rule: PolicyRule
  /** The words as written, for those that hold for the field. */
  readonly words: MapNode
}

/** Reads a path, or says at `at` why it is none. Patterns stand only where fields are named. */
export function readPath(
  text: string,
  at: TextPosition,
  findings: Findings,
  place: 'field' | 'value' = 'value',
): Path | undefined {
  try {
    const path = parsePath(text)
    if (path.isPattern !== true || place === 'field') return path
    findings.add(
      at,
      'bad-path',
      `${quote(text)} is a pattern, and here stands one value`,
      'patterns are keys of `fields:`, there and in steps of retention',
    )
    return undefined
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    findings.add(at, 'bad-path', `${quote(text)} is not a path: ${error.message}`, error.suggestion)
    return undefined
  }
}

/** Reads one rule: a word, a transform's name, or a mapping with `use`. */
export function readRule(
  entry: Pick<MapEntry, 'at' | 'value'>,
  place: 'field' | 'further' | 'step',
  findings: Findings,
): RuleText | undefined {
  const { value } = entry
  if (value.kind === 'scalar' && typeof value.value === 'string') {
    const words: MapNode = { kind: 'map', entries: [], at: value.at }
    return { rule: plainRule(value, words), words }
  }
  if (value.kind !== 'map') {
    const at = value.kind === 'scalar' && value.value === null ? entry.at : value.at
    findings.add(
      at,
      'wrong-type',
      'expected a rule: a word, a transform or a mapping',
      '{ use: … }, keep or drop',
    )
    return undefined
  }
  const misplaced = place === 'step' ? NOT_IN_STEPS : place === 'further' ? FIELD_LEVEL : []
  for (const word of misplaced) {
    const wrong = entryOf(value, word)
    if (wrong !== undefined)
      findings.add(
        wrong.at,
        'misplaced-word',
        place === 'step'
          ? `a step replaces the rule of a field, so ${quote(word)} means nothing here`
          : `${quote(word)} holds for the field: of a list, only the first rule may say it`,
      )
  }
  const words = pick(value, (key) => RULE_WORDS.includes(key))
  const shape = checkShape(RuleWords, words, RULE_CODES, findings)
  const useEntry = entryOf(words, 'use')
  if (shape === undefined || useEntry === undefined) return undefined
  const accept = entryOf(words, 'accept')
  if (accept !== undefined && shape.accept!.trim().length < MIN_REASON)
    findings.add(accept.value.at, 'bad-accept', `a reason has at least ${MIN_REASON} characters`)
  const otherwise = entryOf(words, 'else')
  const key = entryOf(words, 'key')
  const tagged = entryOf(words, 'tagged')
  const rule: PolicyRule = {
    at: value.at,
    useAt: useEntry.value.at,
    use: shape.use,
    written: pick(value, (name) => !RULE_WORDS.includes(name)),
    when: readWhen(entryOf(words, 'when'), findings),
    otherwise: readOtherwise(shape.else),
    otherwiseAt: otherwise?.at,
    key: key && { id: shape.key!, at: key.value.at },
    lineBreaksAt: entryOf(words, 'lineBreaks')?.at,
    accept: accept && { reason: shape.accept!.trim(), at: accept.at },
    tagged: tagged && { tags: shape.tagged!, at: tagged.at },
  }
  return { rule, words }
}

function plainRule(value: ScalarNode, written: MapNode): PolicyRule {
  return {
    at: value.at,
    useAt: value.at,
    use: value.text,
    written,
    when: [],
    otherwise: { kind: 'dead-letter' },
    otherwiseAt: undefined,
    key: undefined,
    lineBreaksAt: undefined,
    accept: undefined,
    tagged: undefined,
  }
}

function readOtherwise(written: unknown): Otherwise {
  if (written === undefined || written === 'dead-letter') return { kind: 'dead-letter' }
  if (written === null || written === 'null') return { kind: 'null' }
  if (written === 'drop') return { kind: 'drop' }
  return { kind: 'constant', value: (written as { constant: string | number | boolean }).constant }
}

function readWhen(entry: MapEntry | undefined, findings: Findings): PolicyCondition[] {
  if (entry?.value.kind !== 'map') return []
  if (entry.value.entries.length === 0)
    findings.add(
      entry.value.at,
      'bad-when',
      'a condition names no path',
      'remove `when` or say what must hold',
    )
  const seen = new Set<string>()
  const conditions: PolicyCondition[] = []
  for (const { key, at, value } of entry.value.entries) {
    const path = readPath(key, at, findings)
    if (path === undefined) continue
    if (seen.has(path.text)) {
      findings.add(at, 'bad-when', `the condition on ${quote(path.text)} is here twice`)
      continue
    }
    seen.add(path.text)
    const texts = new Set<string>()
    let orNothing = false
    for (const item of value.kind === 'list' ? value.items : [value]) {
      if (item.kind !== 'scalar') continue
      if (item.value === null) orNothing = true
      else if (item.text === '')
        findings.add(item.at, 'bad-when', 'an empty text counts as nothing', 'write null')
      else texts.add(typeof item.value === 'boolean' ? String(item.value) : item.text)
    }
    conditions.push({ path, at, values: texts, orNothing })
  }
  return conditions
}

/** The entry of a word that holds for the field, if the first rule says it. */
export function fieldWord(
  words: MapNode,
  word: (typeof FIELD_LEVEL)[number],
): { text: string; at: TextPosition } | undefined {
  const entry = entryOf(words, word)
  if (entry?.value.kind !== 'scalar') return undefined
  return { text: entry.value.text, at: entry.value.at }
}
