/** From a rule to what runs: finds the transform, checks its options, keys and weaknesses, and compiles it. */
import { intervalStart } from '../../transforms/calendar/interval.ts'
import { expire } from '../../transforms/retention/expire.ts'
import {
  type CompiledTransform,
  fail,
  OptionError,
  type RuleTransform,
  type Transform,
  type Weakness,
} from '../../transforms/transform.ts'
import { LetheError } from '../errors.ts'
import { checkShape } from './check-form.ts'
import { contextFor, FileError, type Sources } from './context.ts'
import type { Register } from './custom/read-transforms.ts'
import { entryOf, type MapNode, type TreeNode } from './document.ts'
import { type KeySource, placeholderKeys } from './key-source.ts'
import type { Action } from './plan.ts'
import type { PolicyField, PolicyRule } from './policy.ts'
import type { PolicyFile } from './policy-file.ts'
import { type Findings, quote, type TextPosition } from './problems.ts'
import { readByField, stepByField } from './reading.ts'
import { isWatched, nearlyAll } from './revealed.ts'
import { FIELD_WORDS, RULE_WORDS } from './schema.ts'
import { suggestion } from './suggest.ts'
import { typedByField, typedStep } from './typed-results.ts'
import { fitsType } from './value-type.ts'

export interface RuleSetting {
  readonly source: PolicyFile
  readonly register: Register
  /** Undefined: the policy is only checked. */
  readonly keys: KeySource | undefined
  readonly sources: Sources
  readonly findings: Findings
  /** Words that stand for nothing. */
  readonly nulls: readonly string[]
  /** Which of the things that transforms need the policy names. */
  readonly has: { readonly subject: boolean; readonly time: boolean }
}

/** Compiles one rule of a field in place: fills in transform, options, weaknesses and action. */
export function compileRule(rule: PolicyRule, field: PolicyField, setting: RuleSetting): void {
  const { findings } = setting
  const { path } = field
  if (path.segments.at(-1)?.kind === 'names') checkNamesRule(rule, findings)
  if (Object.hasOwn(FIELD_WORDS, rule.use)) compileWord(rule, field, findings)
  else compileTransform(rule, field, setting)
  if (rule.tagged !== undefined && rule.action !== undefined && !nearlyAll(rule))
    findings.add(
      rule.tagged.at,
      'misplaced-word',
      `${quote(rule.use)} lets no value leave as it is, so \`tagged\` means nothing`,
      'remove tagged',
    )
  if (rule.lineBreaksAt !== undefined && rule.action !== undefined && !isWatched(rule))
    findings.add(
      rule.lineBreaksAt,
      'misplaced-word',
      `${quote(rule.use)} lets no cell leave as it is, so \`lineBreaks\` means nothing`,
      'remove lineBreaks',
    )
}

function compileWord(rule: PolicyRule, field: PolicyField, findings: Findings): void {
  const { path } = field
  const { use, otherwise, otherwiseAt, key, useAt } = rule
  for (const entry of rule.written.entries)
    findings.add(
      entry.at,
      'unknown-option',
      `${quote(use)} takes no option ${quote(entry.key)}`,
      suggestion(entry.key, RULE_WORDS),
    )
  const fits = use === 'keep' && field.type !== undefined ? fitsType(field.type.type) : undefined
  if (otherwiseAt !== undefined && otherwise !== undefined && fits === undefined)
    findings.add(
      otherwiseAt,
      'misplaced-word',
      `${quote(use)} takes every value, so \`else\` means nothing`,
      'remove else',
    )
  if (key !== undefined) findings.add(key.at, 'misplaced-word', `${quote(use)} uses no key`, 'remove key')
  if (use === 'undecided')
    findings.add(
      useAt,
      'undecided',
      `it is not decided what happens to ${quote(path.text)}`,
      'keep, drop or a transform',
    )
  if (use === 'keep.subtree' && path.envelope !== undefined)
    findings.add(useAt, 'bad-path', `${quote(path.text)} is one value and no container`, 'use keep')
  if (use === 'keep.subtree' && (path.isPattern || path.tag !== undefined))
    findings.add(
      useAt,
      'bad-path',
      path.isPattern
        ? `${quote(path.text)} is a pattern, and matches single values`
        : 'the rule of a tag takes single values, also below a container that carries it',
      'list the container itself',
    )
  if (use === 'keep') rule.action = fits === undefined ? { kind: 'keep' } : { kind: 'keep', fits }
  if (use === 'keep.subtree') rule.action = { kind: 'keep-subtree' }
  if (use === 'drop') rule.action = { kind: 'drop' }
}

function compileTransform(rule: PolicyRule, field: PolicyField, setting: RuleSetting): void {
  const { path } = field
  const { findings, register } = setting
  const transform = register.transforms.get(rule.use)
  if (transform === undefined) {
    // It may be one of those that could not be loaded, which is told where they are named.
    if (!register.isWhole) return
    findings.add(
      rule.useAt,
      'unknown-transform',
      rule.use === expire.name
        ? `${quote(rule.use)} is of the whole record, and no rule of a field`
        : `no transform is called ${quote(rule.use)}`,
      rule.use === expire.name
        ? 'write it as `retention:` beside `fields:`, with steps'
        : (suggestion(rule.use, [...register.transforms.keys(), ...Object.keys(FIELD_WORDS)]) ??
            'see `lethe transforms`'),
    )
    return
  }
  rule.transform = transform
  checkNeeds(rule, transform.name, transform.properties.needs ?? [], setting)
  if (!checkKey(rule, transform, setting)) return
  const options = checkShape(
    transform.options,
    { ...rule.written, at: rule.at },
    { unknown: 'unknown-option', missing: 'missing-key', wrong: 'bad-option', alsoKnown: RULE_WORDS },
    findings,
  )
  if (options === undefined) return
  rule.options = options
  checkNeeds(rule, transform.name, transform.needsOf(options), setting)
  checkFormats(rule.written, 'bad-option', findings)
  try {
    rule.weaknesses = transform.weaknesses(rule.options)
    const keys = setting.keys ?? placeholderKeys
    const context = contextFor({ path, keyId: rule.key?.id }, setting.source, keys, setting.sources)
    const compiled = transform.compile(options, context)
    rule.weaknesses = [...rule.weaknesses, ...(compiled.weaknesses ?? [])]
    if (
      path.segments.at(-1)?.kind === 'names' &&
      (compiled.yields === 'number' || compiled.yields === 'null')
    )
      findings.add(
        rule.useAt,
        'bad-names-rule',
        `${rule.use} yields no text, and a name is one`,
        'use a transform that yields text',
      )
    if (path.envelope === 'timestamp' && !yieldsTime(compiled)) {
      findings.add(
        rule.useAt,
        'bad-timestamp-rule',
        `what ${transform.name} makes of a timestamp is not a time, so that the record would leave without one`,
        'use generalize.date or shift.date; drop leaves the timestamp out',
      )
      return
    }
    const { otherwise } = rule
    if (
      path.envelope === 'timestamp' &&
      otherwise.kind === 'constant' &&
      intervalStart(String(otherwise.value)) === undefined
    )
      findings.add(
        rule.otherwiseAt ?? rule.useAt,
        'bad-timestamp-rule',
        'what `else` writes is not a time, so that the record would leave without a timestamp',
        'write a date, dead-letter, or drop, which leaves the timestamp out',
      )
    const read = typedByField(readByField(compiled, field, setting.nulls), field)
    rule.action = {
      kind: 'transform',
      name: transform.name,
      transform: setting.keys === undefined && transform.properties.keyed ? refusing(read) : read,
      domain: compiled.domain,
      ladder: compiled.ladder,
      restep: (previous) => {
        const step = transform.restep(previous, options) ?? compiled.restep?.(previous)
        return step && typedStep(stepByField(step, field, setting.nulls), field)
      },
    }
  } catch (error) {
    reportCompileError(error, rule, transform, findings)
  }
}

function checkNeeds(
  rule: PolicyRule,
  name: string,
  needs: readonly ('subject' | 'time')[],
  { has, findings }: RuleSetting,
): void {
  for (const need of needs)
    if (!has[need])
      findings.add(
        rule.useAt,
        need === 'subject' ? 'needs-subject' : 'needs-time',
        `${name} needs the ${need === 'subject' ? 'data subject' : 'event time'}, and the policy names none`,
        `add \`${need}:\` at the top`,
      )
}

/** `format` has a default, which hides whether it is written: so the text is asked, of a rule and of `time:`. */
export function checkFormats(
  written: TreeNode | undefined,
  code: 'bad-option' | 'bad-time',
  findings: Findings,
): void {
  const list = entryOf(written, 'formats')
  if (list !== undefined && entryOf(written, 'format') !== undefined)
    findings.add(list.at, code, 'format and formats exclude each other', 'remove one of the two')
}

/** Whether a transform makes a time of the timestamp of a record, or nothing. */
function yieldsTime({ yields, apply }: CompiledTransform): boolean {
  if (yields === 'null') return true
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const result = apply('2026-01-02T03:04:05.678Z', { subject: 'a', eventTime: now, now })
  return typeof result === 'string' && intervalStart(result) !== undefined
}

/** Whether the rule's key may be used. */
function checkKey(rule: PolicyRule, transform: Transform, { keys, findings }: RuleSetting): boolean {
  if (rule.key === undefined) return true
  const { id, at } = rule.key
  if (!transform.properties.keyed) {
    findings.add(at, 'misplaced-word', `${transform.name} uses no key`, 'remove key')
    return true
  }
  if (keys === undefined) return true
  const state = keys.keyset.keys.find((k) => k.id === id)?.status
  if (state === 'enabled') return true
  if (state === undefined)
    findings.add(at, 'unknown-key-id', `the keyset has no key ${quote(id)}`, 'see `lethe keys list`')
  else
    findings.add(
      at,
      state === 'disabled' ? 'disabled-key' : 'compromised-key',
      `the key ${quote(id)} is ${state}`,
      'use an enabled key, or remove this field',
    )
  return false
}

/** The names of a map stay names: texts, never nothing, and never one for several members. */
function checkNamesRule(rule: PolicyRule, findings: Findings): void {
  if (rule.use === 'drop' || rule.use === 'keep.subtree')
    findings.add(rule.useAt, 'bad-names-rule', 'a member has a name', 'keep, or a transform that yields text')
  if (rule.otherwise.kind === 'null' || rule.otherwise.kind === 'constant')
    findings.add(
      rule.otherwiseAt ?? rule.at,
      'bad-names-rule',
      'a name cannot be null, and two members cannot have one name',
      'else: dead-letter, or drop, which leaves the member out',
    )
}

/** A keyed transform that was compiled without keys is there to be checked: run by accident, it refuses all. */
function refusing(compiled: RuleTransform): RuleTransform {
  return { yields: compiled.yields, apply: () => fail('transform-error') }
}

function reportCompileError(
  error: unknown,
  rule: PolicyRule,
  transform: Transform,
  findings: Findings,
): void {
  if (error instanceof FileError) {
    findings.add(
      entryWithText(rule.written, error.file) ?? rule.at,
      'bad-file',
      error.message,
      error.suggestion,
    )
    return
  }
  if (error instanceof OptionError) {
    findings.add(optionAt(rule, error.option), 'bad-option', error.message, error.suggestion)
    return
  }
  if (error instanceof LetheError) {
    findings.add(rule.useAt, 'bad-option', error.message, error.suggestion)
    return
  }
  // A defect of the transform; its words are not passed on, since they may quote what a file holds.
  findings.add(rule.useAt, 'bad-option', `${transform.name} broke while it was compiled with these options`)
}

function entryWithText(written: MapNode, text: string): TextPosition | undefined {
  return written.entries.find(({ value }) => value.kind === 'scalar' && value.text === text)?.value.at
}

export function optionAt(rule: PolicyRule, option: string | undefined): TextPosition {
  return (option === undefined ? undefined : entryOf(rule.written, option)?.value.at) ?? rule.useAt
}

export function placeOf(rule: PolicyRule, weakness: Weakness): TextPosition {
  return optionAt(rule, weakness.option)
}

export function isKeep(action: Action | undefined): boolean {
  return action?.kind === 'keep' || action?.kind === 'keep-subtree'
}
