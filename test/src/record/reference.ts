/**
 * What a policy does to one JSON record, the slow and plain way: find the values of every field, judge them, then
 * build the output from the record. Independent of the walker, the shape and the writer.
 */
import type { CompiledTransform } from '../../../transforms/transform.ts'
import { isFailure, MARKS } from './marks.ts'
import { type Json, readStrictly } from './strict-json.ts'

export type Step = { readonly name: string } | 'element' | 'member' | 'names'

export interface SpecRule {
  readonly use: string
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Why a weak choice is right here. */
  readonly accept?: string | undefined
  readonly when?: { readonly path: readonly Step[]; readonly values: readonly (string | null)[] } | undefined
  readonly otherwise?: 'null' | 'drop' | { readonly constant: string | number | boolean } | undefined
}

export interface SpecField {
  readonly path: readonly Step[]
  readonly from?: readonly Step[] | undefined
  readonly rules: readonly SpecRule[]
}

export interface Spec {
  readonly fields: readonly SpecField[]
  readonly unlisted: 'drop' | 'reject'
}

export const printPath = (path: readonly Step[]): string =>
  path
    .map((step, index) => {
      if (step === 'element') return '[]'
      const text = step === 'member' ? '*' : step === 'names' ? '$names' : JSON.stringify(step.name)
      return index === 0 ? text : `.${text}`
    })
    .join('')

/** The policy as YAML (every JSON text is YAML). */
export function policyText(spec: Spec): string {
  const fields = spec.fields.map((field) => {
    const rules = field.rules.map((rule, index) => ({
      use: rule.use,
      ...rule.options,
      ...(rule.accept === undefined ? {} : { accept: rule.accept }),
      ...(index === 0 && field.from !== undefined ? { from: printPath(field.from) } : {}),
      ...(rule.when === undefined ? {} : { when: { [printPath(rule.when.path)]: rule.when.values } }),
      ...(rule.otherwise === undefined ? {} : { else: rule.otherwise }),
      ...(rule.use === 'keep.subtree' || (rule.use === 'keep' && field.path.at(-1) === 'names')
        ? { accept: 'the tests need a container' }
        : {}),
    }))
    return `  ${JSON.stringify(printPath(field.path))}: ${JSON.stringify(rules)}\n`
  })
  return `policy: p\nversion: 1\npurpose: train_ai_system\nunlisted: ${spec.unlisted}\nfields:\n${fields.join('')}`
}

export type Expected =
  | { readonly publish: string }
  /** One of these codes; `syntax` stands for both codes of a text that is not JSON. */
  | { readonly dead: readonly string[] }

/** What a rule does with a text. */
export type TransformOf = (rule: SpecRule, field: SpecField) => Pick<CompiledTransform, 'yields' | 'apply'>

/** Why a rule refuses a text before anything is made of it, if it does. */
export type Refuses = (rule: SpecRule, field: SpecField, text: string) => string | undefined

/** Where a value stands: the path's steps with the names and indexes of this record. */
type Place = readonly (string | number)[]

export function expect(
  spec: Spec,
  bytes: Uint8Array,
  transformOf: TransformOf = (rule) => MARKS[rule.use]!,
  refuses: Refuses = () => undefined,
): Expected {
  const read = readStrictly(bytes)
  if (typeof read === 'string') return { dead: [read] }
  const items = read.kind === 'array' ? read.items : [read]
  const [record] = items
  if (items.length !== 1 || record === undefined) return { dead: ['array-length'] }
  if (record.kind !== 'object') return { dead: ['not-an-object'] }
  const { fault } = shapeOf(spec, record)
  if (fault !== undefined) return { dead: [fault] }
  const results = new Map<string, string | undefined>()
  for (const field of spec.fields) {
    const codes: string[] = []
    for (const { place, value } of matches(record, field.from ?? field.path)) {
      const result = apply(transformOf, refuses, field, record, place, value)
      if (typeof result === 'object') codes.push(result.code)
      else results.set(key(field, place), result === DROPPED ? undefined : result)
    }
    if (codes.includes('no-rule-matches')) return { dead: ['no-rule-matches'] }
    if (codes.length > 0) return { dead: codes }
  }
  const out = write(spec, record, [], [], results)
  return out === undefined ? { dead: ['map-name-collision'] } : { publish: out }
}

const DROPPED = '\0dropped'

const key = (field: SpecField, place: Place): string => `${printPath(field.path)} ${JSON.stringify(place)}`

const same = (a: Step, b: Step): boolean =>
  typeof a === 'object' && typeof b === 'object' ? a.name === b.name : a === b

function matches(record: Json, path: readonly Step[]): { place: Place; value: Json }[] {
  let here: { place: Place; value: Json }[] = [{ place: [], value: record }]
  for (const step of path)
    here = here.flatMap(({ place, value }): { place: Place; value: Json }[] => {
      if (step === 'element')
        return value.kind === 'array'
          ? value.items.map((item, i) => ({ place: [...place, i], value: item }))
          : []
      if (value.kind !== 'object') return []
      if (step === 'names')
        return value.members.map(([name, , raw]) => ({
          place: [...place, name],
          value:
            name === ''
              ? { kind: 'nothing', raw: '""' }
              : { kind: 'scalar', raw, text: name, isNumber: false },
        }))
      return value.members
        .filter(([name]) => step === 'member' || name === step.name)
        .map(([name, member]) => ({ place: [...place, name], value: member }))
    })
  return here
}

function apply(
  transformOf: TransformOf,
  refuses: Refuses,
  field: SpecField,
  record: Json,
  place: Place,
  value: Json,
): string | { code: string } {
  const rule = field.rules.find(({ when }) => {
    if (when === undefined) return true
    const concrete = matches(record, when.path).find(({ place: at }) =>
      when.path.every((step, i) => typeof step === 'object' || at[i] === place[i]),
    )
    if (concrete === undefined || concrete.value.kind === 'nothing') return when.values.includes(null)
    return concrete.value.kind === 'scalar' && when.values.includes(concrete.value.text)
  })
  if (rule === undefined) return value.kind === 'nothing' ? value.raw : { code: 'no-rule-matches' }
  if (rule.use === 'drop') return DROPPED
  const refused = value.kind === 'scalar' ? refuses(rule, field, value.text) : undefined
  if (refused !== undefined) return { code: refused }
  if (rule.use === 'keep' || rule.use === 'keep.subtree' || value.kind === 'nothing') return value.raw
  if (value.kind !== 'scalar') throw new Error('a container came this far')
  const { yields, apply: transform } = transformOf(rule, field)
  const result = transform(value.text, {
    subject: undefined,
    eventTime: undefined,
    now: Date.UTC(2026, 5, 1),
  })
  let code: string
  if (isFailure(result)) code = result.code
  else if (yields === 'null') return 'null'
  else if (yields === 'string' || (yields === 'same' && !value.isNumber)) return JSON.stringify(result)
  else if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(result)) return result
  else code = 'not-a-number'
  if (rule.otherwise === undefined) return { code }
  if (rule.otherwise === 'null') return 'null'
  return rule.otherwise === 'drop' ? DROPPED : JSON.stringify(rule.otherwise.constant)
}

/** Every path that is read, and what must stand at its end. */
function reads(spec: Spec): { path: readonly Step[]; end: 'scalar' | 'any' }[] {
  const all = spec.fields.flatMap((field) => {
    const whole = field.rules.every(({ use }) => use === 'drop' || use === 'keep.subtree')
    const own = { path: field.from ?? field.path, end: whole ? ('any' as const) : ('scalar' as const) }
    const conditions = field.rules.flatMap(({ when }) =>
      when === undefined ? [] : [{ path: when.path, end: 'scalar' as const }],
    )
    return [own, ...conditions]
  })
  return all
}

/**
 * The first value, in the order of the record, that does not stand where the policy expects its kind; and how many
 * members of listed objects no path names.
 */
export function shapeOf(spec: Spec, record: Json): { fault: string | undefined; unlisted: number } {
  const paths = reads(spec)
  let unlisted = 0
  let fault: string | undefined
  const visit = (value: Json, at: readonly Step[]): void => {
    const under = paths.filter(({ path }) => at.every((step, i) => i < path.length && same(step, path[i]!)))
    const ends = under.filter(({ path }) => path.length === at.length)
    const through = under.filter(({ path }) => path.length > at.length)
    if (value.kind === 'nothing') {
      if (through.length > 0 && value.raw === '""') fault ??= 'scalar-for-container'
      return
    }
    if (ends.length > 0) {
      if (value.kind !== 'scalar' && ends.some(({ end }) => end === 'scalar'))
        fault ??= 'container-for-scalar'
      return
    }
    const next = through[0]?.path[at.length]
    if (next === 'element') {
      if (value.kind === 'array') for (const item of value.items) visit(item, [...at, 'element'])
      else fault ??= 'scalar-for-container'
      return
    }
    if (value.kind !== 'object') {
      fault ??= 'scalar-for-container'
      return
    }
    for (const [name, member] of value.members) {
      const step: Step = typeof next === 'object' ? { name } : 'member'
      if (step === 'member' || through.some(({ path }) => same(path[at.length]!, step)))
        visit(member, [...at, step])
      else {
        unlisted++
        if (spec.unlisted === 'reject') fault ??= 'unlisted-field'
      }
    }
  }
  visit(record, [])
  return { fault, unlisted }
}

const scopeOf = (path: readonly Step[]): number => path.findLastIndex((step) => typeof step !== 'object') + 1

type Results = ReadonlyMap<string, string | undefined>
/** A name's text, then the name as it is written. */
type Out = { members: [string, Out, string?][] } | { items: Out[] } | string

/** The output of a container, as text; undefined where two names of a map become one. */
function write(
  spec: Spec,
  record: Json,
  at: readonly Step[],
  place: Place,
  results: Results,
): string | undefined {
  try {
    return print(build(spec, record, at, place, results)!)
  } catch (error) {
    if (error instanceof Collision) return undefined
    throw error
  }
}

class Collision extends Error {}

function print(out: Out): string {
  if (typeof out === 'string') return out
  if ('items' in out) return `[${out.items.map(print).join(',')}]`
  return `{${out.members.map(([name, value, raw]) => `${raw ?? JSON.stringify(name)}:${print(value)}`).join(',')}}`
}

/** What becomes of the value at `place`; undefined where it does not leave. */
function build(
  spec: Spec,
  value: Json,
  at: readonly Step[],
  place: Place,
  results: Results,
): Out | undefined {
  const here = spec.fields.find(
    ({ path, from }) =>
      from === undefined && path.length === at.length && path.every((s, i) => same(s, at[i]!)),
  )
  if (here !== undefined) return results.get(key(here, place))
  const leads = spec.fields.some(({ path, from }) => {
    const reach = from === undefined ? path.length - 1 : scopeOf(path)
    return reach >= at.length && at.every((step, i) => same(step, path[i]!))
  })
  if (!leads) return undefined
  let out: Out
  if (value.kind === 'nothing') out = 'null'
  else if (value.kind === 'array')
    return {
      items: value.items.map(
        (item, i) => build(spec, item, [...at, 'element'], [...place, i], results) ?? 'nothing',
      ),
    }
  else if (value.kind === 'object') {
    const names = spec.fields.find(({ path }) => printPath(path) === printPath([...at, 'names']))
    const members: [string, Out, string][] = []
    for (const [name, member] of value.members) {
      const step: Step = names === undefined ? { name } : 'member'
      const written = names === undefined ? JSON.stringify(name) : results.get(key(names, [...place, name]))
      if (written === undefined) continue
      const built = build(spec, member, [...at, step], [...place, name], results)
      if (built === undefined) continue
      const decoded = JSON.parse(written) as string
      if (names !== undefined && members.some(([before]) => before === decoded)) throw new Collision()
      members.push([decoded, built, written])
    }
    out = { members }
  } else throw new Error('a scalar came this far')
  const derived = spec.fields
    .filter(
      ({ path, from }) =>
        from !== undefined && scopeOf(path) === at.length && at.every((s, i) => same(s, path[i]!)),
    )
    .map((field) => {
      // One scope holds at most one value of a field: behind the scope there are names only.
      const found = [...results].find(
        ([k]) => k.startsWith(`${printPath(field.path)} `) && startsWith(k, field, place),
      )
      const names = field.path.slice(at.length).map((step) => (step as { name: string }).name)
      return { names, value: found?.[1] }
    })
  return insert(out, derived)
}

function startsWith(k: string, field: SpecField, place: Place): boolean {
  const at = JSON.parse(k.slice(printPath(field.path).length + 1)) as Place
  return place.every((part, i) => at[i] === part)
}

/** Derived members come last: values first, then containers that the record does not hold. */
function insert(
  into: Out,
  derived: readonly { readonly names: readonly string[]; readonly value: string | undefined }[],
): Out {
  if (derived.every(({ value }) => value === undefined)) return into
  const members = typeof into === 'string' || 'items' in into ? [] : [...into.members]
  for (const { names, value } of derived)
    if (names.length === 1 && value !== undefined) members.push([names[0]!, value])
  const groups = new Map<string, { names: readonly string[]; value: string | undefined }[]>()
  for (const { names, value } of derived)
    if (names.length > 1) {
      const group = groups.get(names[0]!) ?? []
      group.push({ names: names.slice(1), value })
      groups.set(names[0]!, group)
    }
  for (const [name, group] of groups) {
    const there = members.findIndex(([before]) => before === name)
    if (there >= 0) members[there] = [name, insert(members[there]![1], group)]
    else if (group.some(({ value }) => value !== undefined))
      members.push([name, insert({ members: [] }, group)])
  }
  return { members }
}
