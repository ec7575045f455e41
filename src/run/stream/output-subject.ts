/** Schemas of what a route writes: derived from each schema that it reads, and registered under the subject of the output. */
import { LetheError } from '../../errors.ts'
import type { OutputKey, OutputValue } from '../../kafka/pipeline-file/pipeline.ts'
import type { Plan } from '../../policy/plan.ts'
import { SchemaFault } from '../../record/schema-text.ts'
import type { ChangeForm, ValueFormat } from '../../record/wire-form.ts'
import type { RegistryClient } from '../../registry/registry-client.ts'
import { outputSchemaOf } from '../engines.ts'
import { outputKind } from '../writer-schemas.ts'
import type { Describe } from './route-schemas.ts'

type Client = Pick<RegistryClient, 'mode' | 'setMode' | 'register' | 'lookup'>

/**
 * Gives the id of the schema of the output. `format`: of what is read.
 * @throws SchemaFault where the registry refuses it for good, or there is none
 * @throws LetheError where it may be there later
 */
export function describeOutput(
  client: Client,
  plan: Plan,
  format: ValueFormat,
  output: OutputValue,
  change?: ChangeForm,
): Describe {
  let isChecked = output.compatibility === undefined
  return async (found) => {
    const text = outputSchemaOf(plan, found, format, output.form, change)
    if (!isChecked) {
      await holdMode(client, output)
      isChecked = true
    }
    const { subject, register, form } = output
    const kind = outputKind(form)
    const id = register
      ? await client.register(subject, text, kind)
      : await client.lookup(subject, text, kind)
    if (id !== undefined) return { output: { id, text } }
    throw new LetheError(
      'schema-unregistered',
      `the subject ${subject} lacks the schema of what would be written`,
      'register what `lethe schema` prints, or write `register: true`',
    )
  }
}

/** The schemas of keys: tokens are texts, whatever a key was. */
const KEY_SCHEMAS = {
  avro: { kind: 'AVRO', schema: '"string"' },
  json: { kind: 'JSON', schema: '{"type":"string"}' },
  protobuf: { kind: 'PROTOBUF', schema: 'syntax = "proto3";\nmessage Key {\n  string key = 1;\n}\n' },
} as const

/**
 * Gives the id of the schema of keys.
 * @throws LetheError where it may be there later
 */
export async function keySchema(
  client: Client,
  { subject, format }: OutputKey,
  { register }: OutputValue,
): Promise<number> {
  const { kind, schema } = KEY_SCHEMAS[format]
  try {
    const id = register
      ? await client.register(subject, schema, kind)
      : await client.lookup(subject, schema, kind)
    if (id !== undefined) return id
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    throw new LetheError(
      'subject-mismatch',
      `the subject ${subject} does not take keys that are strings`,
      'name another `subject` under `key`',
    )
  }
  throw new LetheError(
    'schema-unregistered',
    `the subject ${subject} lacks the schema ${schema}`,
    'register it',
  )
}

/** Makes sure that the subject has the mode that is stated. */
async function holdMode(client: Client, { subject, compatibility, register }: OutputValue): Promise<void> {
  const mode = await client.mode(subject)
  if (mode === compatibility) return
  if (mode === undefined && register) {
    await client.setMode(subject, compatibility!)
    return
  }
  throw new LetheError(
    'subject-mismatch',
    `the subject ${subject} has the compatibility mode ${mode ?? 'of the registry'}, and the pipeline says ${compatibility}`,
    'make the two the same',
  )
}
