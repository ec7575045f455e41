/**
 * What is written for a message under a policy: its fields under their names and numbers, with types that follow from those of
 * the writer and from what rules make of values. What is dropped is gone.
 */
import { createHash } from 'node:crypto'
import type { Plan, PlanField, PlanRule } from '../../policy/plan.ts'
import { SchemaFault } from '../schema-text.ts'
import type { DerivedTree } from '../shape-node.ts'
import { Container } from '../typed/record-type.ts'
import type { Step, TypedProgram } from '../typed/typed-program.ts'
import { Leaf, scalarNames } from './proto-leaf.ts'
import { typesAt } from './proto-paths.ts'
import { isSingle, type ProtoField, type ProtoType } from './proto-type.ts'

type ProtoStep = Step<ProtoType>

export type OutType =
  /** A leaf or a message that stands for one value or for JSON, as the writer has it. */
  | { readonly kind: 'own'; readonly type: ProtoType }
  /** What rules make. */
  | { readonly kind: 'made'; readonly made: MadeScalar }
  | { readonly kind: 'message'; readonly message: OutMessage }

/** Scalars of Protobuf. */
export type MadeScalar = 'string' | 'int64' | 'double' | 'bool'

export interface OutField {
  readonly name: string
  readonly number: number
  readonly type: OutType
  readonly form: 'one' | 'list' | 'map'
  /** Of a map. */
  readonly key: OutType | undefined
  /** Whether absence means the default value: what has that is not written. */
  isImplicit: boolean
  /** Position of its oneof; -1 where it is in none. */
  readonly oneof: number
}

export interface OutMessage {
  /** Without its package; another message may have the same. */
  readonly name: string
  readonly fields: OutField[]
  readonly byName: Map<string, OutField>
}

const newMessage = (name: string): OutMessage => ({ name, fields: [], byName: new Map() })

/** `a.b.Name` is `Name`. */
const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

const refused = (message: string): SchemaFault => new SchemaFault('schema-refused', message)

const WHOLE: ReadonlySet<number> = new Set([
  ...[Leaf.int32, Leaf.int64, Leaf.uint32, Leaf.uint64, Leaf.sint32, Leaf.sint64],
  ...[Leaf.fixed32, Leaf.fixed64, Leaf.sfixed32, Leaf.sfixed64],
])
const leafOf = ({ leaf, wrapped }: ProtoType): number => wrapped?.leaf ?? leaf
const isWhole = (type: ProtoType): boolean => WHOLE.has(leafOf(type))
const isNumber = (type: ProtoType): boolean =>
  isWhole(type) || leafOf(type) === Leaf.double || leafOf(type) === Leaf.float

/** Whether numbers that the rule makes of such values are whole. */
function makesWhole({ use, options }: PlanRule, type: ProtoType): boolean {
  if (use === 'hash.integer') return true
  if (use === 'shift.date') return isWhole(type)
  return use === 'noise.number' && isWhole(type) && options?.['decimals'] === 0
}

/** What the values of one place become. */
interface Becoming {
  readonly own: Set<ProtoType>
  readonly made: Set<MadeScalar>
  /** Whether nothing may stand there. */
  hasNothing: boolean
}

export class ProtoOutput {
  readonly root: OutMessage
  /** The package. */
  readonly scope: string
  /** Whether all enums have a symbol of zero, as proto3 asks for; else it is proto2. */
  readonly isProto3: boolean
  readonly #plan: Plan
  readonly #program: TypedProgram<ProtoType>
  readonly #messages = new Map<ProtoStep, OutMessage>()
  readonly #plain = new Map<ProtoType, OutMessage>()

  /** @throws SchemaFault where no schema says what the policy makes of such messages */
  constructor(plan: Plan, program: TypedProgram<ProtoType>) {
    this.#plan = plan
    this.#program = program
    if (program.root.code !== Container.record)
      throw refused('a record of the output is a message, and the schema has none')
    this.root = this.#message(program.root)
    const { name } = program.type
    this.scope = name.slice(0, Math.max(0, name.indexOf(`.${this.root.name}`)))
    const all = messagesOf(this.root)
    this.isProto3 = !all.some(({ fields }) => fields.some(hasOpenEnum))
    // Without defaults of its own, absence says nothing.
    if (!this.isProto3) for (const { fields } of all) for (const field of fields) field.isImplicit = false
  }

  #message(step: ProtoStep): OutMessage {
    const known = this.#messages.get(step)
    if (known !== undefined) return known
    const { node, type } = step
    if (node.kind === 'map')
      throw refused(
        `the policy reads ${type.name} as a map, and the schema has a message: what is written of it has no schema`,
      )
    const made = newMessage(shortName(type.name))
    this.#messages.set(step, made)
    for (const [at, { step: below }] of step.fields.entries()) {
      if (!below.told) continue
      const found = this.#field(type.fields[at]!, below)
      if (found !== undefined) add(made, found)
    }
    if (node.tree !== undefined) this.#derive(node.tree, made)
    return made
  }

  /** What becomes of a field; undefined where nothing does. */
  #field(field: ProtoField, step: ProtoStep): OutField | undefined {
    const { name, number, oneof, isImplicit } = field
    const { node, type } = step
    const isTaken = node.kind === 'scalar' || node.kind === 'subtree'
    const found = { name, number, oneof, isImplicit, key: undefined, form: 'one' as const }
    if (isSingle(type)) {
      const becoming = this.#ofField(node.field, [type])
      const out = outOf(becoming)
      if (out === undefined) return undefined
      // What a rule makes may be the default value, and stands there all the same.
      return { ...found, type: out, isImplicit: isImplicit && out.kind === 'own' && !becoming.hasNothing }
    }
    if (isTaken) return this.#plainField(field)
    if (type.isJson) return { ...found, type: { kind: 'own', type } }
    if (type.kind === 'record') return { ...found, type: { kind: 'message', message: this.#message(step) } }
    const { item } = step
    if (type.kind === 'array') {
      const out = item?.told ? this.#item(item) : undefined
      return out && { ...found, type: out, form: 'list' }
    }
    if (node.kind !== 'map' || node.namesField < 0)
      throw refused(
        `the policy names members of \`${node.path || name}\`, which is a map: what is written of it has no schema`,
      )
    const out = item?.told ? this.#item(item) : undefined
    return out && { ...found, type: out, form: 'map', key: this.#key(node.namesField, type.key!) }
  }

  /** Keys are texts, numbers that are whole, or booleans. */
  #key(field: number, type: ProtoType): OutType {
    const out = outOf(this.#ofField(field, [type]))
    return out === undefined || (out.kind === 'made' && out.made === 'double') ? STRING : out
  }

  /** An element of a list, or a value of a map: where nothing stands, it is left out. */
  #item(step: ProtoStep): OutType | undefined {
    const { node, type } = step
    if (isSingle(type)) return outOf(this.#ofField(node.field, [type]))
    if (node.kind === 'scalar' || node.kind === 'subtree') return this.#plainType(type)
    if (type.isJson) return { kind: 'own', type }
    return { kind: 'message', message: this.#message(step) }
  }

  /** A field that is kept with all that is in it. */
  #plainField({ name, number, oneof, isImplicit, type }: ProtoField): OutField {
    const found = { name, number, oneof, isImplicit, key: undefined, form: 'one' as const }
    if (type.isJson || isSingle(type) || type.kind === 'record')
      return { ...found, type: this.#plainType(type) }
    const item = this.#plainType(type.item!)
    if (type.kind === 'array') return { ...found, type: item, form: 'list' }
    return { ...found, type: item, form: 'map', key: { kind: 'own', type: type.key! } }
  }

  #plainType(type: ProtoType): OutType {
    if (type.isJson || isSingle(type)) return { kind: 'own', type }
    let message = this.#plain.get(type)
    if (message === undefined) {
      message = newMessage(shortName(type.name))
      this.#plain.set(type, message)
      for (const field of type.fields) add(message, this.#plainField(field))
    }
    return { kind: 'message', message }
  }

  /** Members that have no counterpart among the fields of the writer: their numbers follow from their names. */
  #derive(tree: DerivedTree, into: OutMessage): void {
    const found = (name: string, type: OutType): OutField => ({
      name: named(name),
      number: numberOf(name),
      type,
      form: 'one',
      key: undefined,
      isImplicit: false,
      oneof: -1,
    })
    for (const { field } of tree.leaves) {
      const planned = this.#plan.fields[field]!
      const out = outOf(this.#ofField(field, typesAt(this.#program.type, planned.from.segments)))
      const last = planned.path.segments.at(-1)
      if (out !== undefined && last?.kind === 'name') add(into, found(last.name, out))
    }
    for (const { child, tree: below } of tree.containers) {
      const name = Buffer.from(child, 'latin1').toString('utf8')
      if (into.byName.has(name)) continue
      const message = newMessage(`${into.name}_${name}`)
      this.#derive(below, message)
      if (message.fields.length > 0) add(into, found(name, { kind: 'message', message }))
    }
  }

  #ofField(field: number, types: readonly ProtoType[]): Becoming {
    const becoming: Becoming = { own: new Set(), made: new Set(), hasNothing: false }
    const planned = this.#plan.fields[field]
    for (const type of planned === undefined ? [] : types) becomes(planned!, type, becoming)
    return becoming
  }
}

function messagesOf(root: OutMessage): readonly OutMessage[] {
  const found = new Set([root])
  for (const { fields } of found)
    for (const { type } of fields) if (type.kind === 'message') found.add(type.message)
  return [...found]
}

const hasOpenEnum = ({ type }: OutField): boolean =>
  type.kind === 'own' && type.type.leaf === Leaf.enum && !type.type.symbols.has(0)

function add(into: OutMessage, field: OutField): void {
  if (into.byName.has(field.name) || into.fields.some(({ number }) => number === field.number))
    throw refused(
      `the policy writes \`${field.name}\` into ${into.name}, which has a field of its name or number`,
    )
  into.fields.push(field)
  into.byName.set(field.name, field)
}

function named(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  throw refused(`the policy writes \`${name}\`, which is no name of Protobuf`)
}

/** Numbers of fields end at 2 ** 29 - 1: in the upper half of them, by the name alone, whatever else a writer adds. */
const numberOf = (name: string): number =>
  2 ** 28 + (createHash('sha256').update(name).digest().readUInt32BE(0) % (2 ** 28 - 1))

function becomes({ rulesByStep }: PlanField, type: ProtoType, into: Becoming): void {
  for (const rule of rulesByStep.flat()) {
    const { action, otherwise } = rule
    if (action.kind === 'drop') into.hasNothing = true
    else if (action.kind !== 'transform') into.own.add(type)
    else {
      const { yields } = action.transform
      if (yields === 'null') into.hasNothing = true
      else if (yields === 'string' || (yields === 'same' && !isNumber(type))) into.made.add('string')
      else into.made.add(makesWhole(rule, type) ? 'int64' : 'double')
    }
    if (action.kind === 'drop') continue
    if (otherwise.kind === 'null' || otherwise.kind === 'drop') into.hasNothing = true
    if (otherwise.kind === 'constant') into.made.add(madeOf(otherwise.value))
  }
}

const madeOf = (value: unknown): MadeScalar =>
  typeof value === 'number'
    ? Number.isInteger(value)
      ? 'int64'
      : 'double'
    : typeof value === 'boolean'
      ? 'bool'
      : 'string'

/** One type for all that values become: of several the text. */
function outOf({ own, made }: Becoming): OutType | undefined {
  const [type] = own
  const [first] = made
  if (made.size === 0 && type !== undefined) {
    const name = (one: ProtoType): string => `${scalarNames.get(one.leaf) ?? ''} ${one.name}`
    if (!type.isJson && !isSingle(type)) return undefined
    return [...own].every((other) => name(other) === name(type)) ? { kind: 'own', type } : STRING
  }
  if (own.size > 0) return STRING
  if (first === undefined) return undefined
  if (made.size === 1) return { kind: 'made', made: first }
  return [...made].every((one) => one === 'int64' || one === 'double')
    ? { kind: 'made', made: 'double' }
    : STRING
}

const STRING: OutType = { kind: 'made', made: 'string' }
