/**
 * Reads Avro schemas (Avro specification 1.11.1) into a tree. The package `avsc` judges whether a text is one; what is read
 * here beside that are logical types and tags, which it does not keep.
 */
import { createRequire } from 'node:module'
import type AvscType from 'avsc'
import { SchemaFault, type SchemaText } from '../schema-text.ts'
import { OuterTagsOf } from '../tags/outer-tags.ts'
import { UNREADABLE_TAG } from '../tags/tagged-type.ts'

export const AVRO_PRIMITIVES = [
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
] as const

export type AvroKind =
  | (typeof AVRO_PRIMITIVES)[number]
  | 'fixed'
  | 'enum'
  | 'array'
  | 'map'
  | 'union'
  | 'record'

/** Those that change how a value is read. Another one, or one on a type that it does not fit, is ignored, as Avro says. */
export type AvroLogical =
  | 'decimal'
  | 'uuid'
  | 'date'
  | 'time-millis'
  | 'time-micros'
  | 'timestamp-millis'
  | 'timestamp-micros'
  | 'timestamp-nanos'
  | 'local-timestamp-millis'
  | 'local-timestamp-micros'
  | 'local-timestamp-nanos'

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** As the schema has it; undefined: none. */
  readonly initial: unknown
  /** Of `confluent:tags`, beside those of its type. */
  readonly tags: readonly string[]
}

/** A type of a schema; those with names stand in the tree as often as they are named, as one object. */
export interface AvroType {
  readonly kind: AvroKind
  /** With its namespace, of record, enum and fixed; else empty. */
  readonly name: string
  readonly logical: AvroLogical | undefined
  /** Of decimals. */
  readonly scale: number
  readonly precision: number
  /** Of fixed, in bytes. */
  readonly size: number
  readonly symbols: readonly string[]
  readonly fields: readonly AvroField[]
  /** Of the elements of an array and the values of a map. */
  readonly item: AvroType | undefined
  /** Of a union. */
  readonly branches: readonly AvroType[]
  /** Of `confluent:tags` where the type is defined: they hold wherever it stands. */
  readonly tags: readonly string[]
}

/** A longer schema is refused; 1 MiB. */
export const MAX_SCHEMA_BYTES: number = 1 << 20
/** Types and fields that a schema may have, references included. */
const MOST_PARTS = 20_000
/** How deep definitions may nest. */
const MOST_DEPTH = 64
/** Tags of one part. */
const MOST_TAGS = 100
const MOST_TAG_LENGTH = 256
/** Digits of a decimal at most. */
const MOST_PRECISION = 1000

const PRIMITIVES: ReadonlySet<string> = new Set(AVRO_PRIMITIVES)

/** On which types a logical type stands. */
const LOGICAL: Readonly<Record<AvroLogical, readonly AvroKind[]>> = {
  decimal: ['bytes', 'fixed'],
  uuid: ['string', 'fixed'],
  date: ['int'],
  'time-millis': ['int'],
  'time-micros': ['long'],
  'timestamp-millis': ['long'],
  'timestamp-micros': ['long'],
  'timestamp-nanos': ['long'],
  'local-timestamp-millis': ['long'],
  'local-timestamp-micros': ['long'],
  'local-timestamp-nanos': ['long'],
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }
type Attributes = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const newType = (kind: AvroKind, name = ''): Mutable<AvroType> => ({
  kind,
  name,
  logical: undefined,
  scale: 0,
  precision: 0,
  size: 0,
  symbols: [],
  fields: [],
  item: undefined,
  branches: [],
  tags: [],
})

const refused = (message: string): SchemaFault => new SchemaFault('schema-refused', message)

/** Reads the schemas of one text and of its references, with one book of names. */
class Reader {
  readonly #names = new Map<string, AvroType>()
  readonly #outer: OuterTagsOf
  #parts = 0

  constructor(outer: OuterTagsOf) {
    this.#outer = outer
  }

  read(schema: unknown, namespace: string, depth: number): AvroType {
    if (depth > MOST_DEPTH) throw refused(`its types nest more than ${MOST_DEPTH} deep`)
    if (++this.#parts > MOST_PARTS) throw refused(`it has more than ${MOST_PARTS} types and fields`)
    if (typeof schema === 'string') return this.#named(schema, namespace)
    if (Array.isArray(schema)) {
      const union = newType('union')
      union.branches = schema.map((branch: unknown) => this.read(branch, namespace, depth + 1))
      return union
    }
    if (!isObject(schema)) throw refused('a type is neither a name, an object nor a union')
    const { type } = schema
    if (typeof type !== 'string') return this.read(type, namespace, depth + 1)
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace, depth)
      case 'enum': {
        const made = this.#define('enum', schema, namespace)
        made.symbols = (schema['symbols'] as string[]).slice()
        return made
      }
      case 'fixed': {
        const made = this.#define('fixed', schema, namespace)
        made.size = Number(schema['size'])
        if (!Number.isSafeInteger(made.size) || made.size < 0) throw refused('a fixed type has no size')
        logicalOf(made, schema)
        return made
      }
      case 'array':
      case 'map': {
        const made = newType(type)
        made.item = this.read(type === 'array' ? schema['items'] : schema['values'], namespace, depth + 1)
        made.tags = tagsOf(schema)
        return made
      }
      default: {
        if (!PRIMITIVES.has(type)) return this.#named(type, namespace)
        const made = newType(type as AvroKind)
        made.tags = tagsOf(schema)
        logicalOf(made, schema)
        return made
      }
    }
  }

  #named(name: string, namespace: string): AvroType {
    if (PRIMITIVES.has(name)) return newType(name as AvroKind)
    const within =
      name.includes('.') || namespace === '' ? undefined : this.#names.get(`${namespace}.${name}`)
    const found = within ?? this.#names.get(name)
    if (found === undefined) throw refused('it names a type that it does not define')
    return found
  }

  #define(kind: AvroKind, schema: Attributes, around: string): Mutable<AvroType> {
    const name = fullName(schema, around)
    const made = newType(kind, name)
    made.tags = [...tagsOf(schema), ...this.#outer.of(name)]
    this.#names.set(name, made)
    return made
  }

  #record(schema: Attributes, around: string, depth: number): AvroType {
    const made = this.#define('record', schema, around)
    const namespace = made.name.includes('.') ? made.name.slice(0, made.name.lastIndexOf('.')) : ''
    const fields = schema['fields'] as readonly Attributes[]
    made.fields = fields.map((field) => ({
      name: field['name'] as string,
      type: this.read(field['type'], namespace, depth + 1),
      initial: field['default'],
      tags: [...tagsOf(field), ...this.#outer.of(`${made.name}.${field['name'] as string}`)],
    }))
    return made
  }
}

function fullName(schema: Attributes, around: string): string {
  const name = schema['name'] as string
  if (name.includes('.')) return name
  const namespace = typeof schema['namespace'] === 'string' ? schema['namespace'] : around
  return namespace === '' ? name : `${namespace}.${name}`
}

/** What should be tags and is none is a tag without a name: no policy has a rule for it. */
const tagsOf = (part: Attributes): readonly string[] => {
  const tags = part['confluent:tags'] ?? []
  const all: readonly unknown[] = Array.isArray(tags) ? tags : [tags]
  if (all.length > MOST_TAGS) throw refused(`one of its parts has more than ${MOST_TAGS} tags`)
  return all.map((tag) => (typeof tag === 'string' && tag.length <= MOST_TAG_LENGTH ? tag : UNREADABLE_TAG))
}

function logicalOf(type: Mutable<AvroType>, schema: Attributes): void {
  const logical = schema['logicalType']
  if (typeof logical !== 'string' || !Object.hasOwn(LOGICAL, logical)) return
  const known = logical as AvroLogical
  if (!LOGICAL[known].includes(type.kind)) return
  if (known === 'uuid' && type.kind === 'fixed' && type.size !== 16) return
  if (known === 'decimal') {
    const { precision, scale = 0 } = schema
    const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value)
    if (!isNumber(precision) || precision < 1 || precision > MOST_PRECISION) return
    if (!isNumber(scale) || scale < 0 || scale > precision) return
    type.scale = scale
    type.precision = precision
  }
  type.logical = known
}

function parse(text: string): unknown {
  if (text.length > MAX_SCHEMA_BYTES)
    throw new SchemaFault('schema-too-large', `it is longer than ${MAX_SCHEMA_BYTES / 1024} KiB`)
  try {
    return JSON.parse(text)
  } catch {
    // A registry may hold the name of a primitive type without quotes.
    if (PRIMITIVES.has(text.trim())) return text.trim()
    throw refused('its text is not JSON')
  }
}

/** Few runs need the package: it is loaded by the first schema. */
let avsc: typeof AvscType | undefined
function library(): typeof AvscType {
  avsc ??= createRequire(import.meta.url)('avsc') as typeof AvscType
  return avsc
}

/**
 * Reads a schema.
 * @throws SchemaFault where it is not Avro, or beyond what is taken
 */
export function readAvroSchema({ text, references, tags = [] }: SchemaText): AvroType {
  const parts = [...references, text].map(parse)
  const size = references.reduce((sum, one) => sum + one.length, text.length)
  if (size > MAX_SCHEMA_BYTES)
    throw new SchemaFault(
      'schema-too-large',
      `with its references it is longer than ${MAX_SCHEMA_BYTES / 1024} KiB`,
    )
  for (const part of parts) refuseDepth(part)
  const registry = {}
  for (const part of parts)
    try {
      library().Type.forSchema(part as AvscType.Schema, { registry, wrapUnions: true })
    } catch {
      // The words of the library may quote a default, which is a value.
      throw refused('it is not a valid Avro schema')
    }
  const reader = new Reader(new OuterTagsOf(tags))
  return parts.map((part) => reader.read(part, '', 0)).at(-1)!
}

/** Before anything recurses: a text nests as deep as it is long. */
function refuseDepth(schema: unknown): void {
  // A type is at most three levels of JSON below the one around it: fields, field, type.
  const most = 3 * (MOST_DEPTH + 1)
  let level: unknown[] = [schema]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) throw refused(`its types nest more than ${MOST_DEPTH} deep`)
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value as object) : [],
    )
  }
}

/** Whether the union has null among its branches. */
export const takesNull = (type: AvroType): boolean =>
  type.kind === 'null' || (type.kind === 'union' && type.branches.some(({ kind }) => kind === 'null'))
