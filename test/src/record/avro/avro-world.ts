/** Engines over messages of Avro, and values encoded by another implementation of Avro. */
import avsc from 'avsc'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import type { MessageEngine } from '../../../../src/engine/message-engine.ts'
import { Keyring } from '../../../../src/keys/keyring.ts'
import { testKeyset } from '../../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../../src/policy/compile.ts'
import type { Plan } from '../../../../src/policy/plan.ts'
import type { KnownSchema } from '../../../../src/record/schema-text.ts'
import { PLAIN_FORM, type WireForm } from '../../../../src/record/wire-form.ts'
import { messageEngine } from '../../../../src/run/engines.ts'

export const AVRO_FORM: WireForm = {
  ...PLAIN_FORM,
  value: { format: 'avro', framing: 'confluent', inner: 'none' },
}

export function planOf(fields: string, more = ''): Plan {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\n${more}fields:\n${fields
    .trim()
    .split('\n')
    .map((line) => `  ${line.trim()}\n`)
    .join('')}`
  const { plan, problems } = compilePolicy(
    {
      file: 'p.yaml',
      text,
      readFile: () => {
        throw new Error('no file')
      },
    },
    { keys: Keyring.fromKeyset(testKeyset()) },
  )
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  return plan
}

export const framed = (id: number, payload: Uint8Array): Buffer => {
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(id, 1)
  return Buffer.concat([frame, payload])
}

export const typeOf = (schema: unknown): avsc.Type =>
  avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true })

export const textOf = (schema: unknown): KnownSchema['schema'] => ({
  text: JSON.stringify(schema),
  references: [],
})

/** An engine that knows these schemas by their ids, from 1 on. */
export function avroEngine(
  plan: Plan,
  schemas: readonly unknown[],
  form: WireForm = AVRO_FORM,
): MessageEngine {
  const engine = messageEngine(plan, { now: 0, compacted: false, keyRules: [] }, form)
  engine.learn({
    known: schemas.map((schema, at) => ({ id: at + 1, part: 'value', schema: textOf(schema) })),
    forgotten: [],
  })
  return engine
}

export type Outcome = { readonly value: unknown } | { readonly code: string; readonly rule: number }

/** What becomes of values. */
export function outcomesOf(
  engine: MessageEngine,
  values: readonly (Uint8Array | null)[],
  read: (bytes: Uint8Array) => unknown = (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')),
): Outcome[] {
  const outcomes = engine.rewrite(
    MessageBatch.of(values.map((value) => ({ key: null, value, headers: undefined, timestamp: 0 }))),
  )
  return values.map((_, index) =>
    outcomes.kind(index) === 'publish'
      ? { value: read(outcomes.value(index)!) }
      : { code: outcomes.code(index) ?? outcomes.kind(index), rule: outcomes.rule(index) },
  )
}
