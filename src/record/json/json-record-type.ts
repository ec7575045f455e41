/**
 * What a JSON Schema says of records, as types that may carry tags: `confluent:tags` of whatever holds for a value, and what the
 * registry has beside the schema, by paths as Confluent writes them (`$.order.items[0].email`).
 *
 * A value may have several schemas (`allOf`, `anyOf`, `oneOf`, `$ref`, `if` …): their tags all count, and their members are put
 * together, since which of them a value has is told by no schema alone.
 */
import { SchemaFault, type SchemaText } from '../schema-text.ts'
import { type OuterState, OuterTagsOf } from '../tags/outer-tags.ts'
import { UNREADABLE_TAG } from '../tags/tagged-type.ts'
import { Container, type RecordType } from '../typed/record-type.ts'
import { JsonType, ownTypes, SCALARS } from './json-types.ts'
import { isObject, SchemaDocuments } from './schema-documents.ts'

export interface JsonRecordType extends RecordType<JsonRecordType> {
  readonly kind: 'leaf' | 'record' | 'array' | 'map' | 'union'
  /** Of a record: whether members that are not among its fields may be there. `item` is their type. */
  readonly isOpen: boolean
}

type Making = { -readonly [Name in keyof JsonRecordType]: JsonRecordType[Name] }
type Schema = Readonly<Record<string, unknown>>

/** Of other types than leaves the number is that of their kind. */
export const jsonCode = ({ kind }: JsonRecordType): number => (kind === 'leaf' ? 0 : Container[kind])

/** A schema that lets everything be. */
const ANY: Schema = {}

/** Types that are made, and schemas that hold for one value. */
const MOST_TYPES = 20_000
const MOST_SCHEMAS = 500
/** Members that are looked for, in all schemas of a value. */
const MOST_LOOKS = 1_000_000
/** Tags of one schema, and characters of one. */
const MOST_TAGS = 100
const MOST_LENGTH = 256

/** Words that say something of the same value. */
const ALSO = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'not']
const BY_NAME = ['dependentSchemas', 'dependencies']
/** Words whose schemas are found, that hold values, or that hold for nothing by themselves. */
const KNOWN: ReadonlySet<string> = new Set([
  ...ALSO,
  ...BY_NAME,
  ...['$ref', '$dynamicRef', '$recursiveRef', '$defs', 'definitions', 'confluent:tags'],
  ...['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'],
  ...['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'contains'],
  ...['const', 'enum', 'default', 'examples'],
])

/** What holds for one value. */
interface Held {
  readonly schemas: readonly Schema[]
  readonly tags: readonly string[]
  /** Whether one of them stands in another document than those around: paths beside that begin with it. */
  readonly isOther: boolean
}

/**
 * The type of the records of a schema. `isKey`: of keys, which may be anything.
 * @throws SchemaFault where the text is no schema, or beyond what is taken
 */
export function jsonRecordType(schema: SchemaText, isKey = false): JsonRecordType {
  const { root } = new Types(schema)
  if (!isKey && ![root, ...root.branches].some(({ kind }) => kind === 'record' || kind === 'map'))
    throw new SchemaFault('schema-refused', 'a record is an object, and the schema lets it be none')
  return root
}

class Types {
  readonly root: JsonRecordType
  readonly #documents: SchemaDocuments
  readonly #outer: OuterTagsOf
  /** At the root. */
  readonly #first: OuterState
  readonly #numbers = new Map<Schema, number>()
  readonly #types = new Map<string, JsonRecordType>()
  readonly #tags = new Map<Schema, readonly string[]>()
  #looks = 0

  constructor(schema: SchemaText) {
    this.#documents = new SchemaDocuments(schema)
    // Which element is meant is not known before.
    const outer = (schema.tags ?? []).map(
      ([pattern, tags]) => [pattern.replaceAll(/\[[\d*?]+\]/g, '[0]'), tags] as const,
    )
    this.#outer = new OuterTagsOf(outer)
    this.#first = this.#outer.after(this.#outer.start, '$')
    this.root = this.#of([this.#documents.root], this.#first)
  }

  /** The type of values that have these schemas, at a path. */
  #of(given: readonly unknown[], around: OuterState): JsonRecordType {
    const { schemas, tags, isOther } = this.#held(given)
    const outer = isOther ? this.#outer.both(around, this.#first) : around
    const numbers = schemas.map((one) => this.#numberOf(one)).toSorted((a, b) => a - b)
    const key = JSON.stringify([numbers, tags, this.#outer.keyOf(outer)])
    const known = this.#types.get(key)
    if (known !== undefined) return known
    if (this.#types.size >= MOST_TYPES)
      throw new SchemaFault('schema-too-large', `it makes more than ${MOST_TYPES} types`)
    const made: Making = { ...LEAF, tags: [...tags, ...this.#outer.tagsAt(outer)] }
    this.#types.set(key, made)
    const forms = formsOf(schemas)
    const parts: ((into: Making) => void)[] = []
    if ((forms & SCALARS) !== 0) parts.push(() => {})
    if ((forms & JsonType.object) !== 0) parts.push((into) => this.#object(into, schemas, outer))
    if ((forms & JsonType.array) !== 0)
      parts.push((into) => {
        into.kind = 'array'
        into.item = this.#of(schemas.flatMap(itemsOf), this.#outer.after(outer, '[0]'))
      })
    // Null stands in the place of anything.
    if (parts.length > 1 && (forms & SCALARS & ~JsonType.null) === 0 && (forms & SCALARS) !== 0) parts.shift()
    if (parts.length === 1) parts[0]!(made)
    else {
      made.kind = 'union'
      made.branches = parts.map((part) => {
        const branch: Making = { ...LEAF }
        part(branch)
        return branch
      })
    }
    return made
  }

  #object(into: Making, schemas: readonly Schema[], outer: OuterState): void {
    const names = new Set(
      schemas.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])),
    )
    const rest = schemas.flatMap(restOf)
    this.#looks += (names.size + 1) * schemas.length
    if (this.#looks > MOST_LOOKS)
      throw new SchemaFault('schema-too-large', 'its schemas name too many members of one another')
    into.isOpen = rest.length > 0
    into.item = this.#of(rest.length > 0 ? rest : [ANY], this.#outer.nowhere)
    into.kind = names.size === 0 && into.isOpen ? 'map' : 'record'
    into.fields = [...names].map((name) => ({
      name,
      type: this.#of(
        schemas.flatMap((schema) => memberOf(schema, name)),
        this.#outer.after(outer, `.${name}`),
      ),
      tags: [],
    }))
  }

  /** All schemas that hold for a value for which some are given, and their tags. */
  #held(given: readonly unknown[]): Held {
    const schemas = new Set<Schema>()
    const tags = new Set<string>()
    let isOther = false
    const open = [...given]
    while (open.length > 0) {
      const one = open.pop()
      if (one === true) schemas.add(ANY)
      if (!isObject(one) || schemas.has(one)) continue
      schemas.add(one)
      if (schemas.size > MOST_SCHEMAS)
        throw new SchemaFault('schema-too-large', `more than ${MOST_SCHEMAS} schemas hold for one value`)
      for (const tag of this.#tagsOf(one)) tags.add(tag)
      for (const word of ALSO) {
        const also = one[word]
        if (Array.isArray(also)) open.push(...(also as unknown[]))
        else if (also !== undefined) open.push(also)
      }
      for (const word of BY_NAME) if (isObject(one[word])) open.push(...Object.values(one[word]))
      const refs = [one['$ref'], one['$dynamicRef'], one['$recursiveRef']]
      for (const ref of refs.filter((ref) => ref !== undefined)) {
        const found = this.#documents.resolve(ref, one)
        // It may be tagged, which cannot be told.
        if (found === undefined) tags.add(UNREADABLE_TAG)
        else {
          open.push(found)
          isOther ||= isObject(found) && !this.#documents.areTogether(found, one)
        }
      }
    }
    return { schemas: [...schemas], tags: [...tags].toSorted(), isOther }
  }

  #tagsOf(schema: Schema): readonly string[] {
    const known = this.#tags.get(schema) ?? tagsOf(schema)
    this.#tags.set(schema, known)
    return known
  }

  #numberOf(schema: Schema): number {
    const known = this.#numbers.get(schema) ?? this.#numbers.size
    this.#numbers.set(schema, known)
    return known
  }
}

const LEAF: JsonRecordType = {
  kind: 'leaf',
  fields: [],
  item: undefined,
  branches: [],
  tags: [],
  isOpen: false,
}

/** What a value may be: bits of `JsonType`. Where nothing says it, anything. */
function formsOf(schemas: readonly Schema[]): number {
  const said = schemas.filter((one) => 'type' in one || 'enum' in one || 'const' in one)
  const forms = said.reduce((all, one) => all | ownTypes(one), 0)
  return forms === 0 ? ~0 : forms
}

const isSchema = (value: unknown): boolean => typeof value === 'boolean' || isObject(value)

/** What holds for elements, wherever they stand. */
function itemsOf(schema: Schema): readonly unknown[] {
  const words = ['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'contains']
  const found = words.flatMap((word) => schema[word] ?? []).filter(isSchema)
  return found.length === 0 ? [ANY] : found
}

/** What holds for members of which no name is known. */
function restOf(schema: Schema): readonly unknown[] {
  const { additionalProperties: others = true, patternProperties, unevaluatedProperties } = schema
  const found = [others, unevaluatedProperties].filter((one) => isSchema(one) && one !== false)
  return isObject(patternProperties) ? [...found, ...Object.values(patternProperties)] : found
}

/** What holds for the member of a name. */
function memberOf(schema: Schema, name: string): readonly unknown[] {
  const { properties, patternProperties, additionalProperties } = schema
  const found: unknown[] = []
  if (isObject(properties) && Object.hasOwn(properties, name)) found.push(properties[name])
  if (isObject(patternProperties))
    for (const [pattern, one] of Object.entries(patternProperties))
      if (mayMatch(pattern, name)) found.push(one)
  if (found.length === 0 && isObject(additionalProperties)) found.push(additionalProperties)
  return found
}

/** A pattern of a producer may take time without end: only plain ones are looked at, and all others may match. */
function mayMatch(pattern: string, name: string): boolean {
  const plain = /^(\^?)([\w-]*)(?:(\$)|\.\*\$?)?$/.exec(pattern)
  if (plain === null) return true
  const [, start, text = '', end] = plain
  if (start && end) return name === text
  return start ? name.startsWith(text) : end ? name.endsWith(text) : name.includes(text)
}

/** Of the schema itself, and of what stands in words that are not known: it may hold for the value. */
function tagsOf(schema: Schema): readonly string[] {
  const found: unknown[] = [schema['confluent:tags'] ?? []].flat()
  for (const [word, value] of Object.entries(schema)) if (!KNOWN.has(word)) deepTags(value, found)
  if (found.length > MOST_TAGS)
    throw new SchemaFault('schema-too-large', `one of its parts has more than ${MOST_TAGS} tags`)
  return found.map((tag) => (typeof tag === 'string' && tag.length <= MOST_LENGTH ? tag : UNREADABLE_TAG))
}

/** A text nests no deeper than its reading lets it. */
function deepTags(value: unknown, into: unknown[]): void {
  if (typeof value !== 'object' || value === null) return
  if ('confluent:tags' in value) into.push(...[value['confluent:tags']].flat())
  for (const below of Object.values(value)) deepTags(below, into)
}
