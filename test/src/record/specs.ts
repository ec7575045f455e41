/** Arbitrary policies, and records that fit them more or less. */
import fc from 'fast-check'
import type { Spec, SpecField, SpecRule, Step } from './reference.ts'
import { type Json, readStrictly } from './strict-json.ts'

// 'Aa' and 'BB' have one hash in the walker; the others need quotes in a path or mean something to JavaScript.
const NAMES = ['a', 'b', 'Aa', 'BB', 'é', 'a.b', '"', '__proto__', '', '$x', 'constructor', 'x y', '😀']

type Tree =
  | { readonly kind: 'scalar' | 'subtree' | 'drop' }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] }
  | { readonly kind: 'array' | 'map'; readonly item: Tree }

const leaf: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Tree>({ kind: 'scalar' }) },
  fc.constantFrom<Tree>({ kind: 'subtree' }, { kind: 'drop' }),
)

const objectOf = (item: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), item), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name,
    })
    .map((members): Tree => ({ kind: 'object', members }))

const tree = (depth: number): fc.Arbitrary<Tree> =>
  depth === 0
    ? leaf
    : fc.oneof(
        { weight: 3, arbitrary: leaf },
        { weight: 2, arbitrary: objectOf(tree(depth - 1)) },
        { weight: 1, arbitrary: tree(depth - 1).map((item): Tree => ({ kind: 'array', item })) },
        { weight: 1, arbitrary: tree(depth - 1).map((item): Tree => ({ kind: 'map', item })) },
      )

function leavesOf(node: Tree, at: readonly Step[] = []): { path: readonly Step[]; kind: string }[] {
  if (node.kind === 'object')
    return node.members.flatMap(([name, child]) => leavesOf(child, [...at, { name }]))
  if (node.kind === 'array') return leavesOf(node.item, [...at, 'element'])
  if (node.kind === 'map')
    return [{ path: [...at, 'names'], kind: 'names' }, ...leavesOf(node.item, [...at, 'member'])]
  return [{ path: at, kind: node.kind }]
}

const wildcards = (path: readonly Step[]): readonly Step[] =>
  path.slice(0, path.findLastIndex((step) => step === 'element' || step === 'member') + 1)

/** What the rules of a policy may be. */
export interface Uses {
  /** For values. */
  readonly values: readonly SpecRule[]
  /** For the names of maps. */
  readonly names: readonly SpecRule[]
  /** For what must leave no trace of an element, which cannot be dropped. */
  readonly blank: SpecRule
}

const MARK_USES: Uses = {
  values: [
    'mark.brackets',
    'mark.many',
    'mark.hex',
    'mark.same',
    'mark.length',
    'mark.null',
    'mark.each',
    'mark.all',
    'keep',
    'keep',
  ].map((use) => ({ use })),
  names: [
    { use: 'keep' },
    { use: 'mark.first' },
    { use: 'mark.brackets' },
    { use: 'mark.brackets', otherwise: 'drop' },
  ],
  blank: { use: 'mark.null' },
}

const otherwise: fc.Arbitrary<SpecRule['otherwise']> = fc.constantFrom<SpecRule['otherwise'][]>(
  undefined,
  'null',
  'drop',
  { constant: 'c"é' },
  { constant: 0.5 },
  { constant: true },
)

function ruleFor(
  path: readonly Step[],
  conditions: readonly (readonly Step[])[],
  uses: Uses,
): fc.Arbitrary<SpecRule[]> {
  const inArray = path.at(-1) === 'element'
  const one = fc.tuple(fc.constantFrom(...uses.values), otherwise).map(([rule, other]): SpecRule => {
    const allowed = inArray && other === 'drop' ? 'null' : other
    return rule.use === 'keep' ? rule : { ...rule, otherwise: allowed }
  })
  const near = conditions.filter((condition) => {
    const reach = wildcards(condition)
    return reach.every((step, i) => JSON.stringify(step) === JSON.stringify(path[i]))
  })
  if (near.length === 0) return one.map((rule) => [rule])
  const conditional = fc
    .tuple(
      one,
      fc.constantFrom(...near),
      fc.uniqueArray(fc.constantFrom<string | null>('1', 'US', 'é', 'true', null), { minLength: 1 }),
      fc.boolean(),
    )
    .map(([rule, condition, values, drops]): SpecRule => {
      const when = { path: condition, values }
      return drops && !inArray ? { use: 'drop', when } : { ...rule, when }
    })
  return fc.oneof(
    { weight: 3, arbitrary: one.map((rule) => [rule]) },
    { weight: 1, arbitrary: fc.tuple(conditional, one).map((rules) => [...rules]) },
    { weight: 1, arbitrary: fc.tuple(conditional).map((rules) => [...rules]) },
  )
}

/** A policy, and the tree that its records have. Not every one compiles: paths of derived fields may clash. */
export const anySpec: fc.Arbitrary<{ spec: Spec; tree: Tree }> = objectOf(tree(3)).chain((root) =>
  specFor(root, MARK_USES),
)

/** The same with other rules. */
export const specWith = (uses: Uses): fc.Arbitrary<{ spec: Spec; tree: Tree }> =>
  objectOf(tree(3)).chain((root) => specFor(root, uses))

/** A policy for a flat record with these members, as the columns of a table are. */
export const flatSpecWith = (uses: Uses, columns: readonly string[]): fc.Arbitrary<Spec> =>
  specFor({ kind: 'object', members: columns.map((name) => [name, { kind: 'scalar' }]) }, uses).map(
    ({ spec }) => spec,
  )

function specFor(root: Tree, uses: Uses): fc.Arbitrary<{ spec: Spec; tree: Tree }> {
  const leaves = leavesOf(root)
  const scalars = leaves.filter(({ kind }) => kind === 'scalar').map(({ path }) => path)
  const fields = leaves.map(({ path, kind }): fc.Arbitrary<SpecField> => {
    if (kind === 'names') return fc.constantFrom(...uses.names).map((rule) => ({ path, rules: [rule] }))
    if (kind === 'subtree') return fc.constant({ path, rules: [{ use: 'keep.subtree' }] })
    if (kind === 'drop')
      return fc.constant({ path, rules: [path.at(-1) === 'element' ? uses.blank : { use: 'drop' }] })
    return ruleFor(path, scalars, uses).map((rules) => ({ path, rules }))
  })
  const derived =
    scalars.length === 0
      ? fc.constant([])
      : fc.array(
          fc
            .tuple(
              fc.constantFrom(...scalars),
              fc.array(fc.constantFrom('a', 'b', 'Aa', 'new', 'new2', 'é'), { minLength: 1, maxLength: 3 }),
            )
            .chain(([from, behind]) => {
              const path = [...wildcards(from), ...behind.map((name) => ({ name }))]
              return ruleFor(path, scalars, uses).map((rules): SpecField => ({ path, from, rules }))
            }),
          { maxLength: 3 },
        )
  return fc
    .tuple(
      fc.tuple(...fields),
      derived,
      fc.constantFrom('drop' as const, 'drop' as const, 'reject' as const),
      fc.nat(),
    )
    .map(([own, more, unlisted, turn]) => {
      const all = [...own, ...more]
      // A derived field may be written before, between or behind the others.
      const at = all.length === 0 ? 0 : turn % all.length
      return { spec: { fields: [...all.slice(at), ...all.slice(0, at)], unlisted }, tree: root }
    })
}

const SCALARS = [
  '1', '-0', '1.0', '1e400', '9007199254740993', '0.1E-7', '"x"', '"f"', '"é"', '"\\u00e9"', '"\\ud83d\\uDE00"',
  '"\\/\\b"', '"\\u0000"', 'true', 'false', 'null', '""', '"a\\"b"', '"US"', '"1"', '"😀"',
] // biome-ignore format: a list

const space = fc.constantFrom('', '', '', '', ' ', '\t \r')
const nameText = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    JSON.stringify(name),
    JSON.stringify(name),
    `"${[...name]
      .flatMap((c) => c.split(''))
      .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')}"`,
  )

const anyValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SCALARS) },
  fc.json({ maxDepth: 2 }),
  fc.constantFrom('{ "a" : [ 1 , {} ] }', '[]', '{}', '[ [1.0, "\\u0041"],null]'),
)

const container = (open: string, parts: readonly string[], close: string, gap: string): string =>
  `${open}${gap}${parts.join(`${gap},${gap}`)}${gap}${close}`

/** The text of a value that fits `node`, mostly. */
function textOf(node: Tree): fc.Arbitrary<string> {
  return fc.oneof({ weight: 14, arbitrary: fitting(node) }, fc.constantFrom('null', '1'), anyValue)
}

function fitting(node: Tree): fc.Arbitrary<string> {
  if (node.kind === 'scalar') return fc.constantFrom(...SCALARS)
  if (node.kind === 'subtree' || node.kind === 'drop') return anyValue
  if (node.kind === 'array')
    return fc
      .tuple(fc.array(textOf(node.item), { maxLength: 3 }), space)
      .map(([items, gap]) => container('[', items, ']', gap))
  const member = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.tuple(nameText(name), space, space, value).map(([text, a, b, v]) => `${text}${a}:${b}${v}`)
  if (node.kind === 'map')
    return fc
      .tuple(
        fc
          .uniqueArray(fc.constantFrom(...NAMES, 'f', 'ab'), { maxLength: 3 })
          .chain((picked) => fc.tuple(...picked.map((name) => member(name, textOf(node.item))))),
        space,
      )
      .map(([members, gap]) => container('{', members, '}', gap))
  const { members: listedMembers } = node as Tree & { kind: 'object' }
  const listed = listedMembers.map(([name, child]) => fc.option(member(name, textOf(child)), { freq: 5 }))
  const known = new Set(listedMembers.map(([name]) => name))
  const extra = fc.option(
    fc.constantFrom(...NAMES.filter((name) => !known.has(name)), 'q').chain((name) => member(name, anyValue)),
    { freq: 1 },
  )
  return fc.tuple(fc.tuple(...listed, extra), space, fc.nat()).map(([members, gap, turn]) => {
    const there = members.filter((text) => text !== null)
    const at = there.length === 0 ? 0 : turn % there.length
    return container('{', [...there.slice(at), ...there.slice(0, at)], '}', gap)
  })
}

/** The text of a record that fits `node`, mostly; one line. */
export const recordFor = (node: Tree): fc.Arbitrary<string> =>
  fc.tuple(space, fitting(node), space).map((parts) => parts.join(''))

/** A change to a record's bytes that most often breaks it. */
export type Damage =
  | { readonly kind: 'cut' | 'remove'; readonly at: number }
  | { readonly kind: 'set' | 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }

const LIVELY = [...'{}[]",:\\u0019eE+-.ntf aA'].map((c) => c.charCodeAt(0))
const byte = fc.oneof(
  fc.constantFrom(...LIVELY),
  fc.constantFrom(0, 9, 13, 0x1f, 0x7f, 0x80, 0xc3, 0xed, 0xf5, 0xff),
)
const place = fc.nat({ max: 400 })

export const anyDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut' as const, 'remove' as const), at: place }),
  fc.record({ kind: fc.constantFrom('set' as const, 'insert' as const), at: place, byte }),
  fc.record({ kind: fc.constant('repeat' as const), at: place, length: fc.integer({ min: 1, max: 30 }) }),
)

export function damaged(bytes: Uint8Array, damage: Damage): Uint8Array {
  const at = bytes.length === 0 ? 0 : damage.at % bytes.length
  const before = bytes.subarray(0, at)
  switch (damage.kind) {
    case 'cut':
      return before
    case 'remove':
      return Buffer.concat([before, bytes.subarray(at + 1)])
    case 'set':
      return Buffer.concat([before, Uint8Array.of(damage.byte), bytes.subarray(at + 1)])
    case 'insert':
      return Buffer.concat([before, Uint8Array.of(damage.byte), bytes.subarray(at)])
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at + damage.length), bytes.subarray(at)])
  }
}

/** The record with one member of one of its objects written again at that object's end. */
export function withMemberTwice(record: string, which: number): string {
  const read = readStrictly(Buffer.from(record))
  if (typeof read === 'string') return record
  const objects: (Json & { kind: 'object' })[] = []
  const visit = (value: Json): void => {
    if (value.kind === 'array') value.items.forEach(visit)
    if (value.kind !== 'object') return
    if (value.members.length > 0) objects.push(value)
    for (const [, member] of value.members) visit(member)
  }
  visit(read)
  const object = objects[which % Math.max(1, objects.length)]
  if (object === undefined) return record
  const [, value, name] = object.members[which % object.members.length]!
  const at = record.indexOf(object.raw) + object.raw.length - 1
  return `${record.slice(0, at)},${name}:${value.raw}${record.slice(at)}`
}
