/**
 * The JSON Schema of what a plan makes of records, as far as it is certain: the names that can leave, and the types of their
 * values by the rules and the schema of the writer. Nothing else of the writer's schema stands in it: titles, defaults, examples
 * and lists of values are texts and values of the producer.
 */
import type { Segment } from '../../policy/path.ts'
import type { Plan, PlanField, PlanRule } from '../../policy/plan.ts'
import { latin1 } from '../byte-text.ts'
import { SchemaFault } from '../schema-text.ts'
import type { Shape } from '../shape.ts'
import type { DerivedTree, ShapeNode } from '../shape-node.ts'
import { ANY_TYPE, JsonType, NUMBERS, SCALARS, typeNames } from './json-types.ts'

/** The types of the values at a path, as a writer's schema has them: bits of `JsonType`. */
export type TypesAt = (segments: readonly Segment[]) => number

export interface JsonOutput {
  /** JSON without white space: the same text for the same policy and writer's schema. */
  readonly text: string
  /** By field of the plan: the types that its results may have. */
  readonly types: Uint8Array
}

interface Written {
  readonly type?: readonly string[] | string
  properties?: Record<string, Written>
  additionalProperties?: Written | false
  items?: Written
}

/** Without what draft-07 says of a value, it may be any. */
const ofTypes = (types: number): Written => {
  if (types === ANY_TYPE) return {}
  const names = typeNames(types)
  return { type: names.length === 1 ? names[0]! : names }
}

/**
 * @param typesAt what the schema of the writer says
 * @throws SchemaFault where the schema of what leaves cannot be derived
 */
export function jsonOutput(plan: Plan, shape: Shape, typesAt: TypesAt): JsonOutput {
  if (shape.openNodes !== undefined)
    throw new SchemaFault('schema-refused', 'the policy has patterns: which names leave is not known before')
  if (shape.hasForms)
    throw new SchemaFault(
      'schema-refused',
      'the policy reads JSON in texts, or one value in place of an array: its schema is not derived',
    )
  if ((typesAt([]) & JsonType.object) === 0)
    throw new SchemaFault('schema-refused', 'a record is an object, and the schema lets it be none')
  const types = Uint8Array.from(plan.fields, (field) =>
    typesOfField(plan, field, typesAt(field.from.segments)),
  )
  const fieldOf = (field: number): Written => ofTypes(types[field]!)
  const of = (node: ShapeNode): Written | undefined => {
    switch (node.kind) {
      case 'scalar':
      case 'subtree':
        return node.field < 0 || types[node.field] === 0 ? undefined : fieldOf(node.field)
      case 'array':
        return node.emitted ? { type: ['array', 'null'], items: of(node.item!) ?? {} } : undefined
      case 'map':
        return node.emitted
          ? { type: ['object', 'null'], additionalProperties: of(node.item!) ?? false }
          : undefined
      case 'object':
        return node.emitted ? objectOf(node) : undefined
      default:
        return undefined
    }
  }
  const objectOf = (node: ShapeNode): Written => {
    const properties: Record<string, Written> = {}
    for (const [name, child] of node.children) {
      const written = of(child)
      if (written !== undefined) properties[Buffer.from(latin1(name)).toString('utf8')] = written
    }
    if (node.tree !== undefined) addDerived(node.tree, properties)
    // A container that is null stays null.
    const type = node === shape.root ? 'object' : ['object', 'null']
    return { type, properties, additionalProperties: false }
  }
  const addDerived = (tree: DerivedTree, properties: Record<string, Written>): void => {
    for (const { name, field } of tree.leaves)
      if (types[field] !== 0) properties[memberName(name)] = fieldOf(field)
    for (const { name, tree: below, node } of tree.containers) {
      // One that the input may hold has its members there.
      const known = node === undefined ? undefined : properties[memberName(name)]
      const inner = known?.properties ?? {}
      addDerived(below, inner)
      properties[memberName(name)] = known ?? {
        type: ['object', 'null'],
        properties: inner,
        additionalProperties: false,
      }
    }
  }
  const text = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...of(shape.root) })
  return { text, types }
}

/** Of `"name":` in bytes. */
const memberName = (literal: Uint8Array): string =>
  JSON.parse(Buffer.from(literal.subarray(0, -1)).toString('utf8')) as string

function typesOfField({ input }: Plan, { rulesByStep }: PlanField, given: number): number {
  // Null, the empty text and the words of the policy for nothing pass every rule as they are.
  const nothing = input.nulls === undefined ? JsonType.null | JsonType.string : SCALARS
  return rulesByStep.flat().reduce((types, rule) => types | typesOfRule(rule, given, given & nothing), 0)
}

function typesOfRule({ action, otherwise }: PlanRule, given: number, passing: number): number {
  if (action.kind === 'drop') return 0
  if (action.kind === 'keep') return (given & SCALARS) | typesOfElse(otherwise)
  if (action.kind === 'keep-subtree') return given
  const { yields } = action.transform
  let types = passing
  if (yields === 'null') types |= JsonType.null
  else if (yields === 'string') types |= JsonType.string
  else if (yields === 'number') types |= NUMBERS
  else types |= ((given & NUMBERS) === 0 ? 0 : NUMBERS) | ((given & ~NUMBERS) === 0 ? 0 : JsonType.string)
  return types | typesOfElse(otherwise)
}

function typesOfElse(otherwise: PlanRule['otherwise']): number {
  if (otherwise.kind === 'null') return JsonType.null
  if (otherwise.kind !== 'constant') return 0
  const { value } = otherwise
  return typeof value === 'number' ? NUMBERS : JsonType[typeof value as 'boolean' | 'string']
}

/** Whether a result that is written as JSON has one of these types. */
export function hasType(bytes: Uint8Array, start: number, end: number, types: number): boolean {
  switch (bytes[start]) {
    case 0x22:
      return (types & JsonType.string) !== 0
    case 0x7b:
      return (types & JsonType.object) !== 0
    case 0x5b:
      return (types & JsonType.array) !== 0
    case 0x74:
    case 0x66:
      return (types & JsonType.boolean) !== 0
    case 0x6e:
      return (types & JsonType.null) !== 0
    default:
      if ((types & JsonType.number) !== 0) return true
      return (types & JsonType.integer) !== 0 && isWhole(bytes, start, end)
  }
}

/** `1.0` and `1e3` are whole, too. */
function isWhole(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!
    if (byte !== 0x2d && (byte < 0x30 || byte > 0x39))
      return Number.isInteger(Number(Buffer.from(bytes.subarray(start, end)).toString('latin1')))
  }
  return true
}
