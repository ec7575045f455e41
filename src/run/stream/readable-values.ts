/** Values of an output topic as JSON, for people: by the schemas that the registry holds, where they have any. */
import type { Pipeline, Route } from '../../kafka/pipeline-file/pipeline.ts'
import { AvroKeys } from '../../record/avro/avro-key.ts'
import { ProtoKeys } from '../../record/protobuf/proto-key.ts'
import { SchemaFault } from '../../record/schema-text.ts'
import { FRAME_BYTES, MAGIC, schemaIdAt } from '../../record/wire-form.ts'
import { registryClient } from './examine-subjects.ts'

/** Gives a value as JSON; as its bytes stand, where they are no record of its schema, or that is not there. */
export function readableValues(
  pipeline: Pipeline,
  route: Route,
): (value: Uint8Array | null) => Promise<Uint8Array | null> {
  const client = registryClient(pipeline)
  if (client === undefined || (route.to.value?.form ?? 'json') === 'json') return async (value) => value
  if (route.to.value?.form === 'framed-json')
    return async (value) => (value?.[0] === MAGIC ? value.subarray(FRAME_BYTES) : value)
  const isProtobuf = route.to.value?.form === 'protobuf'
  const reader = isProtobuf ? new ProtoKeys() : new AvroKeys(undefined)
  const known = new Set<number>()
  return async (value) => {
    if (value === null || value.length < FRAME_BYTES || value[0] !== MAGIC) return value
    const id = schemaIdAt(value, 0)
    if (!known.has(id)) {
      known.add(id)
      try {
        const schema = await client.schema(id, isProtobuf)
        if (schema !== undefined) reader.learn({ known: [{ id, part: 'key', schema }], forgotten: [] })
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
      }
    }
    const json = reader.open(value)
    return typeof json === 'string' ? value : json
  }
}
