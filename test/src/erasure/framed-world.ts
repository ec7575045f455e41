/** Records as routes would write them: as JSON, framed JSON or Avro, rows or change events, with a registry that says what wrote them. */
import avsc from 'avsc'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import { framedJsonString, framedString } from '../../../src/kafka/batch-outputs.ts'
import type { InputRecord } from '../../../src/kafka/record.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { type ChangeForm, frameOf, type OutputForm } from '../../../src/record/wire-form.ts'
import type { FoundSchema } from '../../../src/registry/registry-client.ts'
import { messageEngine, outputSchemaOf } from '../../../src/run/engines.ts'

/** Schemas by id, as a client gets them. */
export class SchemaBook {
  readonly schemas: FoundSchema[] = []
  /** Ids that were asked for. */
  readonly asked: number[] = []
  fault: (() => Error) | undefined

  put(text: string, kind: FoundSchema['kind'] = 'AVRO'): number {
    const at = this.schemas.findIndex((one) => one.text === text)
    if (at >= 0) return at + 1
    return this.schemas.push({ text, references: [], kind })
  }

  readonly schema = async (id: number): Promise<FoundSchema | undefined> => {
    this.asked.push(id)
    if (this.fault !== undefined) throw this.fault()
    return this.schemas[id - 1]
  }
}

const UNTOLD = { topic: 'out', partition: 0, timestamp: 1_770_000_000_000 }

/** A value of Avro in its frame. */
export function avroValue(schema: unknown, id: number, value: unknown): Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true })
  return Buffer.concat([frameOf(id), type.toBuffer(value)])
}

export interface Writing {
  readonly plan: Plan
  readonly book: SchemaBook
  readonly output: OutputForm
  readonly change?: ChangeForm | undefined
}

/** The records that a route writes of values of one schema. `key`: what `$key` is made of. */
export function written(
  { plan, book, output, change }: Writing,
  schema: unknown,
  events: readonly { readonly key: string; readonly value: unknown }[],
): readonly InputRecord[] {
  const text = JSON.stringify(schema)
  const engine = messageEngine(
    plan,
    { now: UNTOLD.timestamp, gates: [], compacted: false, keyRules: [] },
    {
      value: { format: 'avro', framing: 'confluent', inner: 'none' },
      key: { format: 'text', framing: 'none' },
      output,
      change,
    },
  )
  const made =
    output === 'json' ? undefined : outputSchemaOf(plan, { text, references: [] }, 'avro', output, change)
  const id = made === undefined ? 0 : book.put(made, output === 'avro' ? 'AVRO' : 'JSON')
  engine.learn({
    known: [
      {
        ...{ id: 1, part: 'value', schema: { text, references: [] } },
        ...(made === undefined ? {} : { output: { id, text: made } }),
      },
    ],
    forgotten: [],
  })
  const batch = new MessageBatch()
  for (const { key, value } of events)
    batch.add({ key: Buffer.from(key), value: avroValue(schema, 1, value), headers: undefined, timestamp: 1 })
  const outcomes = engine.rewrite(batch)
  const label = `${plan.name}@${plan.version}#${plan.fingerprint}`
  const framed: Partial<Record<OutputForm, (key: Uint8Array) => Uint8Array>> = {
    avro: (key) => framedString(book.put('"string"'), key),
    'framed-json': (key) => framedJsonString(book.put('{"type":"string"}', 'JSON'), key),
  }
  return events.map((_, at) => {
    if (outcomes.kind(at) !== 'publish') throw new Error(`not published: ${outcomes.code(at)}`)
    const key = outcomes.key(at)?.slice() ?? null
    return {
      ...UNTOLD,
      offset: at,
      key: key === null ? null : (framed[output]?.(Buffer.from(key)) ?? key),
      value: outcomes.value(at)!.slice(),
      headers: [{ name: 'lethe-policy', value: Buffer.from(label) }],
    }
  })
}
