/** Whether a plan has a rule for whatever the schema of a writer tags, of each format whose tags are read. */
import { LetheError } from '../errors.ts'
import type { Plan } from '../policy/plan.ts'
import { avroProgram } from '../record/avro/avro-codec.ts'
import { readAvroSchema } from '../record/avro/avro-schema.ts'
import { JsonProgram } from '../record/json/json-program.ts'
import { jsonRecordType } from '../record/json/json-record-type.ts'
import { readProtoSchema } from '../record/protobuf/proto-schema.ts'
import { allMessages } from '../record/protobuf/proto-type.ts'
import { protoProgram } from '../record/protobuf/protobuf-codec.ts'
import {
  type KnownSchema,
  overTypes,
  SchemaFault,
  type SchemaNews,
  type SchemaPart,
  type SchemaText,
} from '../record/schema-text.ts'
import type { Shape } from '../record/shape.ts'
import { checkKeyTags } from '../record/tags/key-tags.ts'
import type { TaggedPlaces } from '../record/tags/tagged-places.ts'
import type { TaggedType } from '../record/tags/tagged-type.ts'
import { type PayloadForm, type ValueFormat, valuesNameSchemas, type WireForm } from '../record/wire-form.ts'
import { runShape } from './planned.ts'

/** What the rules of tags take of the records of a schema, by tag; and tagged places that are left out, as no rule names them. */
export type TaggedTold = Pick<TaggedPlaces, 'taken' | 'leftOut'>

interface TaggedFormat {
  /**
   * What the rules of tags take of records; undefined: nothing is to be told. `isRead`: a fault counts if no record can leave.
   * @throws SchemaFault where something tagged has no rule, or the schema cannot be used
   */
  readonly ofRecords: (
    schema: SchemaText,
    shape: Shape,
    plan: Plan,
    isRead: boolean,
  ) => TaggedTold | undefined
  /** What keys may be. */
  readonly ofKeys: (schema: SchemaText) => readonly TaggedType[]
}

const FORMATS: Readonly<Record<ValueFormat, TaggedFormat>> = {
  avro: {
    ofRecords: (schema, shape, plan) => avroProgram(schema, shape, plan, 'json').tagged!,
    ofKeys: (schema) => [readAvroSchema(schema)],
  },
  json: {
    ofRecords: (schema, shape, plan) => new JsonProgram(schema, shape, plan).tagged,
    ofKeys: (schema) => [jsonRecordType(schema, true)],
  },
  protobuf: { ofRecords: ofMessages, ofKeys: (schema) => allMessages(readProtoSchema(schema)) },
}

/**
 * Each record says which message of a file it is. Where its records would wait for a rule, all messages are looked at, as it is
 * not known before which they are; else the first one. `isRead`: a fault of all alone is one, since of others the records are
 * judged as they are read.
 */
function ofMessages(schema: SchemaText, shape: Shape, plan: Plan, isRead: boolean): TaggedTold | undefined {
  const [first, ...others] = allMessages(readProtoSchema(schema)).map(
    (type) => (): TaggedTold => protoProgram(type, shape, plan).tagged!,
  )
  if (plan.tags!.withoutRule === 'refuse') for (const other of others) other()
  try {
    return first!()
  } catch (error) {
    if (!(error instanceof SchemaFault) || !isRead || !others.some(isGood)) throw error
    return undefined
  }
}

function isGood(judge: () => unknown): boolean {
  try {
    judge()
    return true
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    return false
  }
}

/**
 * Looks whether a plan has a rule for whatever a schema tags. Undefined: nothing is to be told. `isRead`: whether records are
 * about to be read, so that only what none of them can pass is a fault.
 * @throws SchemaFault where something tagged has no rule, or the schema cannot be used
 */
export function checkTags(
  plan: Plan,
  schema: SchemaText,
  part: SchemaPart,
  format: ValueFormat,
  isRead = false,
): TaggedTold | undefined {
  if (plan.tags === undefined) return undefined
  const { ofRecords, ofKeys } = FORMATS[format]
  return overTypes(() => {
    if (part === 'value') return ofRecords(schema, runShape(plan), plan, isRead)
    for (const type of ofKeys(schema)) checkKeyTags(plan, type)
    return undefined
  })
}

/** Keys whose tags the plan has no rule for have the code of that in place of their schema. */
export function withCheckedKeys(
  plan: Plan,
  { known, forgotten }: SchemaNews,
  format: ValueFormat,
): SchemaNews {
  const checked = (one: KnownSchema): KnownSchema => {
    if (one.part !== 'key' || typeof one.schema === 'string') return one
    try {
      checkTags(plan, one.schema, 'key', format)
      return one
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error
      return { ...one, schema: error.code }
    }
  }
  return { known: known.map(checked), forgotten }
}

/**
 * What no schema describes carries no tags: what a policy means by them cannot be told there.
 * @throws LetheError where the plan goes by tags; `input` is what is read
 */
export function refuseTags({ name, tags }: Plan, input: string): void {
  if (tags !== undefined)
    throw new LetheError(
      'tags-need-schema',
      `the policy ${name} has rules by tags, and ${input} has no schema whose tags are read`,
      'give it a policy without `tags:`, whose paths name what the tags did',
    )
}

/** Whether the tags of what values name are read: of JSON in frames, where the record is the payload. */
export const readsTags = (
  form: Pick<WireForm, 'value' | 'checksFrames'> & { readonly value: PayloadForm },
): boolean =>
  form.value.format !== 'json' || (valuesNameSchemas({ ...form, key: NO_KEY }) && form.value.inner === 'none')

const NO_KEY = { format: 'text', framing: 'none' } as const
