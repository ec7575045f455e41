/** Which rule of a list takes which values, before and after: every combination of the values that conditions name. */
import type { PolicyCondition, PolicyRule } from '../policy/policy.ts'
import { quote } from '../policy/problems.ts'

/** Two rules that take the same values, one of each policy; undefined where none does. */
export interface Selection {
  readonly before: PolicyRule | undefined
  readonly after: PolicyRule | undefined
  /** Of which values, in words; empty for all. */
  readonly where: string
}

/** Of a condition's path: a value that a rule names, nothing, or any other value. */
type Value = string | null | undefined

/** More combinations than these are not compared. */
const MOST_CASES = 20_000

/** Undefined where there are too many combinations to look at. */
export function selections(
  before: readonly PolicyRule[],
  after: readonly PolicyRule[],
): readonly Selection[] | undefined {
  if (sameConditions(before, after))
    return before.map((rule, at) => ({ before: rule, after: after[at], where: describeRule(rule) }))
  const paths = [...new Set([...before, ...after].flatMap(({ when }) => when.map(({ path }) => path.text)))]
  const classes = paths.map((path) => classesOf(path, [...before, ...after]))
  if (classes.reduce((product, one) => product * one.length, 1) > MOST_CASES) return undefined
  const groups = new Map<string, { before: number; after: number; cases: Value[][] }>()
  for (const values of combinations(classes)) {
    const pair = { before: firstOf(before, paths, values), after: firstOf(after, paths, values) }
    const key = `${pair.before} ${pair.after}`
    const group = groups.get(key) ?? { ...pair, cases: [] }
    group.cases.push(values)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({
    before: before[group.before],
    after: after[group.after],
    where: describeCases(paths, classes, group.cases),
  }))
}

export function sameConditions(before: readonly PolicyRule[], after: readonly PolicyRule[]): boolean {
  return before.length === after.length && before.every((rule, at) => textOf(rule) === textOf(after[at]!))
}

function textOf({ when }: PolicyRule): string {
  return JSON.stringify(
    when
      .map(({ path, values, orNothing }) => [path.text, [...values].sort(), orNothing] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function classesOf(path: string, rules: readonly PolicyRule[]): readonly Value[] {
  const named = rules.flatMap(({ when }) =>
    when.flatMap((condition) => (condition.path.text === path ? [...condition.values] : [])),
  )
  return [...new Set(named), null, undefined]
}

function* combinations(classes: readonly (readonly Value[])[]): Generator<Value[]> {
  const [first, ...others] = classes
  if (first === undefined) yield []
  else for (const rest of combinations(others)) for (const value of first) yield [value, ...rest]
}

/** The position of the first rule whose conditions hold; -1 where none does. */
function firstOf(rules: readonly PolicyRule[], paths: readonly string[], values: readonly Value[]): number {
  return rules.findIndex(({ when }) =>
    when.every((condition) => holds(condition, values[paths.indexOf(condition.path.text)])),
  )
}

function holds({ values, orNothing }: PolicyCondition, value: Value): boolean {
  return value === null ? orNothing : value !== undefined && values.has(value)
}

const MOST_SHOWN = 5

function describeRule({ when }: PolicyRule): string {
  return when
    .map(({ path, values, orNothing }) => describe(path.text, [...values, ...(orNothing ? [null] : [])]))
    .join(' and ')
}

function describeCases(
  paths: readonly string[],
  classes: readonly (readonly Value[])[],
  cases: readonly Value[][],
): string {
  const met = paths.map((_, at) => [...new Set(cases.map((values) => values[at]))])
  const isProduct = met.reduce((product, one) => product * one.length, 1) === cases.length
  if (!isProduct) {
    const [first] = cases
    const others = cases.length - 1
    return `${paths.map((path, at) => describe(path, [first![at]])).join(' and ')}, and in ${others} other cases`
  }
  return paths
    .flatMap((path, at) => (met[at]!.length === classes[at]!.length ? [] : [describe(path, met[at]!)]))
    .join(' and ')
}

function describe(path: string, values: readonly Value[]): string {
  const words = values.map((value) =>
    value === null ? 'nothing' : value === undefined ? 'any other value' : quote(value),
  )
  const more = words.length - MOST_SHOWN
  const shown = more > 0 ? [...words.slice(0, MOST_SHOWN), `one of ${more} more`] : words
  return `${quote(path)} is ${shown.join(' or ')}`
}
