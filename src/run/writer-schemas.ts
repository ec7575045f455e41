/** The formats whose schemas a registry holds: what is asked of a writer's schema, whatever its format. */
import type { Segment } from '../policy/path.ts'
import type { Plan } from '../policy/plan.ts'
import { avroJsonTypes } from '../record/avro/avro-json-types.ts'
import { readAvroSchema } from '../record/avro/avro-schema.ts'
import { type KeptTag, keptTags } from '../record/avro/kept-tags.ts'
import { typesAt } from '../record/avro/output-type.ts'
import { type JsonOutput, jsonOutput } from '../record/json/json-output-schema.ts'
import { JsonSchemaTypes } from '../record/json/json-types.ts'
import { keptSchemaTags } from '../record/json/kept-schema-tags.ts'
import { hasPath, keptProtoTags, protoJsonTypes } from '../record/protobuf/proto-paths.ts'
import { readProtoSchema } from '../record/protobuf/proto-schema.ts'
import { allMessages } from '../record/protobuf/proto-type.ts'
import { SchemaFault, type SchemaText } from '../record/schema-text.ts'
import type { Shape } from '../record/shape.ts'
import type { OutputForm, ValueFormat } from '../record/wire-form.ts'
import type { FoundSchema, SchemaKind } from '../registry/registry-client.ts'

/** A schema that was read. */
export interface WriterSchema {
  /** Whether it names what stands at a path. */
  has(segments: readonly Segment[]): boolean
  /** The types of the values at a path, as JSON: bits of `JsonType`. */
  typesAt(segments: readonly Segment[]): number
  /** By path of the policy, the tags of what a rule of it keeps. */
  keptTags(plan: Plan): readonly KeptTag[]
}

interface SchemaFormat {
  readonly kind: SchemaKind
  readonly name: string
  /** @throws SchemaFault where the text is no schema of the format, or beyond what is taken */
  readonly read: (schema: SchemaText) => WriterSchema
}

export const SCHEMA_FORMATS: Readonly<Record<ValueFormat, SchemaFormat>> = {
  json: {
    kind: 'JSON',
    name: 'JSON Schema',
    read: (schema) => {
      const types = new JsonSchemaTypes(schema)
      return {
        has: (segments) => types.declares(segments),
        typesAt: (segments) => types.typesAt(segments),
        keptTags: (plan) => keptSchemaTags(plan, types),
      }
    },
  },
  avro: {
    kind: 'AVRO',
    name: 'Avro',
    read: (schema) => {
      const type = readAvroSchema(schema)
      return {
        has: (segments) => typesAt(type, segments).length > 0,
        typesAt: (segments) => avroJsonTypes(type, segments),
        keptTags: (plan) => keptTags(plan, type),
      }
    },
  },
  protobuf: {
    kind: 'PROTOBUF',
    name: 'Protobuf',
    read: (schema) => {
      const file = readProtoSchema(schema)
      const messages = allMessages(file)
      return {
        // Which of its messages a record is, each says itself; with a schema of outputs it is the first.
        has: (segments) => messages.some((message) => hasPath(message, segments)),
        typesAt: (segments) => protoJsonTypes(file.messages[0]!.type, segments),
        keptTags: (plan) => keptProtoTags(plan, messages),
      }
    },
  },
}

/**
 * A schema of a registry, for values or keys of a format.
 * @throws SchemaFault where it is of another format, or cannot be used
 */
export function readWriterSchema(format: ValueFormat, found: FoundSchema): WriterSchema {
  const { kind, name, read } = SCHEMA_FORMATS[format]
  if (found.kind !== kind) throw new SchemaFault('schema-refused', `it is not of ${name}`)
  return read(found)
}

/** The kind of the schemas that outputs have; undefined where they have none. */
export const outputKind = (output: OutputForm): SchemaKind | undefined => KINDS[output]

const KINDS: Readonly<Record<OutputForm, SchemaKind | undefined>> = {
  json: undefined,
  'framed-json': 'JSON',
  avro: 'AVRO',
  protobuf: 'PROTOBUF',
}

/**
 * What is written in frames of JSON for values of a schema.
 * @throws SchemaFault where the schema cannot be used, or none says what the policy makes of its records
 */
export function framedJsonOf(plan: Plan, shape: Shape, format: ValueFormat, schema: SchemaText): JsonOutput {
  const written = SCHEMA_FORMATS[format].read(schema)
  return jsonOutput(plan, shape, (segments) => written.typesAt(segments))
}

/** What leaves in the format that is read, where schemas of it are asked for. */
export const formOf = (format: ValueFormat): Exclude<OutputForm, 'json'> =>
  format === 'json' ? 'framed-json' : format
