/** Types of JSON values, as sets of bits, and what a schema of JSON Schema (draft-07 and later) says of the values at paths. */
import type { Segment } from '../../policy/path.ts'
import type { SchemaText } from '../schema-text.ts'
import { isObject, pointed, SchemaDocuments } from './schema-documents.ts'

export const JsonType = {
  null: 1,
  boolean: 2,
  integer: 4,
  /** With `integer`, which it holds. */
  number: 8,
  string: 16,
  object: 32,
  array: 64,
} as const

export const NUMBERS: number = JsonType.integer | JsonType.number
export const SCALARS: number = JsonType.null | JsonType.boolean | NUMBERS | JsonType.string
export const ANY_TYPE: number = SCALARS | JsonType.object | JsonType.array

const NAMES = Object.entries(JsonType)

/** The names of a set, as JSON Schema writes them. */
export function typeNames(types: number): string[] {
  const names = NAMES.filter(([, bit]) => (types & bit) !== 0).map(([name]) => name)
  return names.includes('number') ? names.filter((name) => name !== 'integer') : names
}

export type JsonSchema = boolean | { readonly [word: string]: unknown }

/** References that lead to references, and combinations of combinations. */
const MOST_DEPTH = 64
/** Schemas that one question may look at: references let a few bytes be many. */
const MOST_LOOKS = 10_000

const asSchema = (value: unknown): JsonSchema =>
  typeof value === 'boolean' || isObject(value) ? value : true
const schemasOf = (value: unknown): readonly JsonSchema[] => (Array.isArray(value) ? value.map(asSchema) : [])

/** What a JSON Schema says of the values at paths. What it does not say may be anything. */
export class JsonSchemaTypes {
  readonly #root: JsonSchema
  #looks = 0

  /** @throws SchemaFault where the text is no schema of records, or beyond what is taken */
  constructor(schema: SchemaText) {
    this.#root = new SchemaDocuments(schema).root
  }

  /** Of the values at a path; 0: there is none that the schema allows. */
  typesAt(segments: readonly Segment[]): number {
    return this.#at(segments, false).reduce((types, schema) => types | this.#types(schema, 0), 0)
  }

  /** Whether the schema names what stands at a path. */
  declares(segments: readonly Segment[]): boolean {
    return this.#at(segments, true).length > 0
  }

  /** The tags (`confluent:tags`) of what stands at a path, and of all below it where `below`. */
  tagsAt(segments: readonly Segment[], below: boolean): ReadonlySet<string> {
    const tags = new Set<string>()
    const seen = new Set<JsonSchema>()
    // Elements have the tags of their array.
    for (let length = segments.length; length > 0; length--) {
      for (const schema of this.#at(segments.slice(0, length), true))
        this.#gather(schema, tags, seen, below && length === segments.length)
      if (segments[length - 1]!.kind !== 'element') break
    }
    return tags
  }

  #at(segments: readonly Segment[], isDeclared: boolean): readonly JsonSchema[] {
    this.#looks = 0
    let found: readonly JsonSchema[] = [this.#root]
    for (const segment of segments) {
      if (segment.kind === 'names') return isDeclared ? found : [{ type: 'string' }]
      found = [...new Set(found.flatMap((schema) => this.#below(schema, segment, isDeclared, 0)))]
    }
    return found
  }

  /** The schemas of which one holds for what stands in a container; with `isDeclared` those that the schema names. */
  #below(schema: JsonSchema, segment: Segment, isDeclared: boolean, depth: number): readonly JsonSchema[] {
    const open = isDeclared ? [] : [true]
    if (++this.#looks > MOST_LOOKS || depth > MOST_DEPTH) return open
    if (typeof schema === 'boolean') return schema ? open : []
    const within = (one: JsonSchema): readonly JsonSchema[] =>
      this.#below(one, segment, isDeclared, depth + 1)
    if (typeof schema['$ref'] === 'string') {
      const found = this.#resolve(schema['$ref'])
      return found === undefined ? open : within(found)
    }
    const sets = [ownBelow(schema, segment, isDeclared)]
    for (const word of ['anyOf', 'oneOf'])
      if (Array.isArray(schema[word])) sets.push(schemasOf(schema[word]).flatMap(within))
    for (const one of schemasOf(schema['allOf'])) sets.push(within(one))
    if (isDeclared) return sets.flat()
    // All hold; one that says something is as good as all of them.
    return sets.find((set) => !set.includes(true)) ?? open
  }

  /** The types that a schema lets be. */
  #types(schema: JsonSchema, depth: number): number {
    if (++this.#looks > MOST_LOOKS || depth > MOST_DEPTH) return ANY_TYPE
    if (typeof schema === 'boolean') return schema ? ANY_TYPE : 0
    const of = (one: JsonSchema): number => this.#types(one, depth + 1)
    if (typeof schema['$ref'] === 'string') {
      const found = this.#resolve(schema['$ref'])
      return found === undefined ? ANY_TYPE : of(found)
    }
    let types = ownTypes(schema)
    for (const word of ['anyOf', 'oneOf'])
      if (Array.isArray(schema[word]))
        types &= schemasOf(schema[word]).reduce<number>((sum, one) => sum | of(one), 0)
    for (const one of schemasOf(schema['allOf'])) types &= of(one)
    return types
  }

  /** A reference within the document: a pointer of RFC 6901; undefined for all others. */
  #resolve(ref: string): JsonSchema | undefined {
    return ref === '#' || ref.startsWith('#/') ? pointed(this.#root, ref.slice(1)) : undefined
  }

  #gather(schema: JsonSchema, tags: Set<string>, seen: Set<JsonSchema>, below: boolean): void {
    if (typeof schema === 'boolean' || seen.has(schema)) return
    seen.add(schema)
    const own = schema['confluent:tags']
    if (Array.isArray(own)) for (const tag of own) if (typeof tag === 'string') tags.add(tag)
    const also = (one: JsonSchema): void => this.#gather(one, tags, seen, below)
    const ref = typeof schema['$ref'] === 'string' ? this.#resolve(schema['$ref']) : undefined
    if (ref !== undefined) also(ref)
    for (const word of ['anyOf', 'oneOf', 'allOf']) schemasOf(schema[word]).forEach(also)
    if (!below) return
    for (const word of ['properties', 'patternProperties'])
      if (isObject(schema[word])) Object.values(schema[word]).map(asSchema).forEach(also)
    for (const word of ['items', 'prefixItems', 'additionalItems', 'additionalProperties']) {
      const found = schema[word]
      for (const one of Array.isArray(found) ? schemasOf(found) : [asSchema(found)]) also(one)
    }
  }
}

/** What a schema says by itself of what stands in a container. */
function ownBelow(
  schema: { readonly [word: string]: unknown },
  segment: Segment,
  isDeclared: boolean,
): readonly JsonSchema[] {
  const given = (word: string): readonly JsonSchema[] => {
    const found = schema[word]
    if (found === undefined || found === true) return isDeclared ? [] : [true]
    if (found === false) return []
    return Array.isArray(found) ? schemasOf(found) : [asSchema(found)]
  }
  if (segment.kind === 'element') {
    const heads = schema['prefixItems'] === undefined ? [] : given('prefixItems')
    const tails = Array.isArray(schema['items']) ? given('additionalItems') : []
    return [...heads, ...given('items'), ...tails]
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  if (segment.kind === 'name' && Object.hasOwn(properties, segment.name))
    return [asSchema(properties[segment.name])]
  const patterns = isObject(schema['patternProperties'])
    ? Object.values(schema['patternProperties']).map(asSchema)
    : []
  const others = [...patterns, ...given('additionalProperties')]
  return segment.kind === 'name' ? others : [...Object.values(properties).map(asSchema), ...others]
}

/** The types that a schema states itself; any where it states none. */
export function ownTypes(schema: { readonly [word: string]: unknown }): number {
  const values = 'const' in schema ? [schema['const']] : schema['enum']
  if (Array.isArray(values)) return values.reduce<number>((types, value) => types | typeOfValue(value), 0)
  const { type } = schema
  const names: readonly unknown[] = Array.isArray(type) ? type : [type]
  return names.reduce<number>((types, name) => types | typeNamed(name), 0)
}

const typeNamed = (name: unknown): number => {
  if (name === 'number') return NUMBERS
  return typeof name === 'string' && Object.hasOwn(JsonType, name)
    ? JsonType[name as keyof typeof JsonType]
    : ANY_TYPE
}

function typeOfValue(value: unknown): number {
  if (value === null) return JsonType.null
  if (Array.isArray(value)) return JsonType.array
  if (typeof value === 'number') return Number.isInteger(value) ? JsonType.integer : NUMBERS
  return JsonType[typeof value as 'boolean' | 'string' | 'object']
}
