/** Schemas as a registry holds them: what a thread is told of those that messages name by an id. */
import type { RecordCode } from '../errors.ts'

/** Tags beside a schema: a pattern of full names, and the tags of the fields and types that it matches. */
export type OuterTags = readonly (readonly [pattern: string, tags: readonly string[]])[]

/** The text of a schema, and those of the schemas that it refers to, each before those that need it. */
export interface SchemaText {
  readonly text: string
  readonly references: readonly string[]
  /** What the references are called where they are imported, for formats that go by that. */
  readonly names?: readonly string[] | undefined
  /** What the registry tags beside the text; undefined: nothing. */
  readonly tags?: OuterTags | undefined
}

/** What of a message a schema is of: one that both name is known for each. */
export type SchemaPart = 'value' | 'key'

export interface SchemaRef {
  readonly id: number
  readonly part: SchemaPart
}

/** What is known of the id of a schema. */
export interface KnownSchema extends SchemaRef {
  /** The schema, or why records of it become dead letters. */
  readonly schema: SchemaText | RecordCode
  /** The schema of what is written for such values, and its id; undefined where outputs have none. */
  readonly output?: { readonly id: number; readonly text: string } | undefined
}

/** What changed in a book of schemas. */
export interface SchemaNews {
  readonly known: readonly KnownSchema[]
  readonly forgotten: readonly SchemaRef[]
}

/** Something cannot be done by a schema: `code` becomes that of its records, `message` shows no value. */
export class SchemaFault extends Error {
  readonly code: RecordCode
  constructor(code: RecordCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Does what goes over the types of a schema, which name each other: the stack bounds how deep they may.
 * @throws SchemaFault where they name each other deeper, and what the work throws
 */
export function overTypes<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RangeError && error.message.includes('call stack'))) throw error
    throw new SchemaFault('schema-too-large', 'its types refer to each other too deeply')
  }
}
