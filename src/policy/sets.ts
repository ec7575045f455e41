/**
 * What several outputs of one input tell together. Rules are judged as sets: all that read one input path and can apply
 * to one record, before the first step of retention and from each step on.
 */
import { covers } from '../../transforms/reveals/covers.ts'
import type { Part, Revelation } from '../../transforms/reveals/revelation.ts'
import { type Strictness, tellsLengthOnly, tellsNearlyAll, union } from '../../transforms/reveals/together.ts'
import type { Fault } from './faults.ts'
import type { PolicyField, PolicyRule, PolicyStep } from './policy.ts'
import { type PolicyCode, quote, type TextPosition } from './problems.ts'
import { revealedBy } from './revealed.ts'
import type { Said } from './weak.ts'

const ACCEPT = 'leave one of the two out, or add accept: "the reason" to one of them'

/** A rule in force, and what it tells. */
interface Told {
  readonly rule: PolicyRule
  readonly field: PolicyField
  readonly revealed: Revelation
}

/**
 * The faults of all sets. Rules in `known` tell nearly all of a direct identifier by themselves, which is said of them
 * already.
 */
export function weakSets(
  fields: readonly PolicyField[],
  steps: readonly PolicyStep[],
  said: Said,
  known: ReadonlySet<PolicyRule>,
): Fault[] {
  const byInput = new Map<string, PolicyField[]>()
  for (const field of fields) {
    const input = inputOf(field, said)
    byInput.set(input, [...(byInput.get(input) ?? []), field])
  }
  const faults = new Faults()
  for (const [input, sharing] of byInput) {
    if (sharing.length < 2) continue
    const identifies =
      said.roles.get(input)?.has('direct-identifier') ||
      said.suspected.get(input)?.role === 'direct-identifier'
    const strict: Strictness = identifies ? 'identifier' : 'value'
    for (let reached = 0; reached <= steps.length; reached++) {
      const told = sharing
        .map((field) => inForce(field, steps.slice(0, reached)).map((rule) => toldBy(field, rule)))
        .map((rules) => rules.filter(({ rule, revealed }) => !known.has(rule) && tellsSomething(revealed)))
        .filter((rules) => rules.length > 0)
      for (const [one, other] of pairsOf(told)) {
        judgeSecret(one, other, faults)
        judgeParts(one, other, strict, faults)
      }
    }
  }
  return faults.all
}

/** What a field is judged by. The timestamp of a record is the moment that its event time tells, or next to it. */
function inputOf({ from }: PolicyField, { time }: Said): string {
  return from.envelope === 'timestamp' && time !== undefined ? time : from.text
}

function inForce(field: PolicyField, reached: readonly PolicyStep[]): readonly PolicyRule[] {
  const step = reached.findLast((one) => one.fields.has(field.path.text))
  return step === undefined ? field.rules : [step.fields.get(field.path.text)!]
}

function toldBy(field: PolicyField, rule: PolicyRule): Told {
  return { field, rule, revealed: revealedBy(rule) }
}

function tellsSomething(revealed: Revelation): boolean {
  return revealed.tells === 'part' ? !revealed.parts.every(tellsLengthOnly) : revealed.tells !== 'nothing'
}

/** Collects faults of pairs, each pair once: most rules stay in force over several steps. */
class Faults {
  readonly all: Fault[] = []
  readonly #said = new Map<PolicyRule, Set<PolicyRule>>()

  add(code: PolicyCode, [one, other]: readonly [Told, Told], message: (paths: string) => string): void {
    const said = this.#said.get(one.rule) ?? new Set()
    if (said.has(other.rule)) return
    this.#said.set(one.rule, said.add(other.rule))
    const last = isBefore(one.rule.useAt, other.rule.useAt) ? other : one
    this.all.push({
      rules: [one.rule, other.rule],
      at: last.rule.useAt,
      code,
      message: message(`${quote(one.field.path.text)} and ${quote(other.field.path.text)}`),
      suggestion: ACCEPT,
    })
  }
}

function isBefore(a: TextPosition, b: TextPosition): boolean {
  return a.line < b.line || (a.line === b.line && a.column < b.column)
}

/**
 * Two rules of two fields that can apply to one record. Pairs are enough: what several parts leave open, a pair of them
 * leaves open already, and so it is with tokens and noise.
 */
function pairsOf(told: readonly (readonly Told[])[]): [Told, Told][] {
  return told.flatMap((rules, at) =>
    rules.flatMap((one) =>
      told
        .slice(at + 1)
        .flat()
        .filter((other) => mayMeet(one.rule, other.rule))
        .map((other): [Told, Told] => [one, other]),
    ),
  )
}

/** A token, noise or shift, and what leaves beside it. */
function judgeSecret(one: Told, other: Told, faults: Faults): void {
  const pair: readonly [Told, Told] = [one, other]
  const hidden = pair.find(({ revealed }) => revealed.tells === 'equality' || revealed.tells === 'noisy')
  if (hidden === undefined) return
  const beside = hidden === one ? other : one
  if (sameSecret(one, other)) return
  const [a, b] = [hidden.revealed.tells, beside.revealed.tells]
  if (b !== 'equality' && b !== 'noisy' && tellsNearlyAll(beside.revealed))
    faults.add(
      'kept-beside-keyed',
      pair,
      () =>
        `${quote(beside.field.path.text)} ${b === 'all' ? 'keeps' : 'nearly tells'} the value that ${quote(hidden.field.path.text)} replaces: each record gives the pair away`,
    )
  else if (a === 'noisy' && b === 'noisy')
    faults.add(
      'several-noises',
      pair,
      (paths) =>
        `${paths} are one value under several noises or shifts: what they have in common is the value`,
    )
  else if (a === 'noisy' || b === 'noisy')
    faults.add(
      'noise-beside-part',
      pair,
      (paths) => `${paths} are one value: what the one tells of it undoes the noise or shift of the other`,
    )
  else if (b === 'part')
    faults.add(
      'token-beside-part',
      pair,
      (paths) =>
        `${paths} are one value: a part of it beside a stable token lets the values behind tokens be told apart`,
    )
}

/** Two tokens of one value tell what one of them does; two noises only where they are the same. */
function sameSecret({ revealed: one, field: a }: Told, { revealed: other, field: b }: Told): boolean {
  if (one.tells === 'equality' && other.tells === 'equality') return true
  if (one.tells !== 'noisy' || other.tells !== 'noisy' || one.draw !== other.draw) return false
  return (one.domain ?? a.path.text) === (other.domain ?? b.path.text)
}

/** Whether the conditions of two rules can hold for one record. */
function mayMeet(one: PolicyRule, other: PolicyRule): boolean {
  return one.when.every((condition) => {
    const same = other.when.find(({ path }) => path.text === condition.path.text)
    if (same === undefined || (condition.orNothing && same.orNothing)) return true
    return [...condition.values].some((value) => same.values.has(value))
  })
}

/** Two parts that leave next to nothing open together, where neither does so alone. */
function judgeParts(one: Told, other: Told, strict: Strictness, faults: Faults): void {
  const revealed = [one.revealed, other.revealed]
  if (revealed.some(({ tells }) => tells !== 'part')) return
  if (union(revealed.flatMap(partsOf), strict).tells !== 'all') return
  // Where one tells nearly all by itself, or what both do, the other adds nothing to it.
  if (revealed.some((alone) => tellsNearlyAll(alone, strict) && !isUnmatched(alone))) return
  if (covers(one.revealed, other.revealed) || covers(other.revealed, one.revealed)) return
  faults.add(
    'parts-tell-all',
    [one, other],
    (paths) => `${paths} are parts of one value, and together nearly all of it`,
  )
}

function partsOf(revealed: Revelation): readonly Part[] {
  return revealed.tells === 'part' ? revealed.parts : []
}

/** It may hide exactly what another one shows. */
function isUnmatched(revealed: Revelation): boolean {
  return partsOf(revealed).some((part) => part.of === 'unmatched')
}
