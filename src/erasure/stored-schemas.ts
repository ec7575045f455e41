/**
 * The schemas that stored records name, asked of the registry: what they say of themselves counts, whatever the pipeline writes today.
 * What it does not give is told, with its code: records of it are never taken for searched.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError, type RecordCode } from '../errors.ts'
import type { InputRecord } from '../kafka/record.ts'
import { SchemaFault, type SchemaText } from '../record/schema-text.ts'
import { beginsFramed, FRAME_BYTES, schemaIdAt, type ValueFormat } from '../record/wire-form.ts'
import type { RegistryClient, SchemaKind } from '../registry/registry-client.ts'
import { readWriterSchema } from '../run/writer-schemas.ts'

/** A registry; undefined: the pipeline names none. */
export type SchemaSource = Pick<RegistryClient, 'schema'> | undefined

export interface StoredSchema {
  readonly id: number
  readonly format: ValueFormat
  readonly schema: SchemaText
}

/** Why records that name a schema cannot be read. */
export interface SchemaProblem {
  readonly id: number
  readonly code: SchemaProblemCode
}
export type SchemaProblemCode = RecordCode | AwayCode

/** Records that cannot be read without a schema. */
export interface WithoutSchema extends SchemaProblem {
  readonly rows: number
}

const FORMATS: Readonly<Record<SchemaKind, ValueFormat>> = {
  AVRO: 'avro',
  JSON: 'json',
  PROTOBUF: 'protobuf',
}

type AwayCode = 'registry-unreachable' | 'registry-refused'

/** Why a registry gives nothing; undefined: it is no fault of the registry. */
const awayOf = (error: unknown): AwayCode | undefined =>
  error instanceof LetheError && (error.code === 'registry-unreachable' || error.code === 'registry-refused')
    ? error.code
    : undefined

/** So many are kept, and those that are named now. */
const MOST_KEPT = 1000
/** A registry that does not answer is asked again after so many ms, each time. */
const WAITS: readonly number[] = [250, 1000]

export const isFramed = (bytes: Uint8Array): boolean => beginsFramed(bytes) && bytes.length >= FRAME_BYTES

export class StoredSchemas {
  readonly #source: SchemaSource
  readonly #known = new Map<number, StoredSchema | SchemaProblem>()
  /** Why the registry is asked no more. */
  #away: AwayCode | undefined

  constructor(source: SchemaSource) {
    this.#source = source
  }

  /** Asks for what these records name, before they are judged. @throws LetheError where it cannot ask, as for a secret that is not there */
  async learn(records: readonly Pick<InputRecord, 'key' | 'value'>[]): Promise<void> {
    const ids = new Set<number>()
    for (const { key, value } of records)
      for (const bytes of [key, value]) if (bytes !== null && isFramed(bytes)) ids.add(schemaIdAt(bytes, 0))
    for (const id of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break
      if (!ids.has(id)) this.#known.delete(id)
    }
    for (const id of ids) if (!this.#known.has(id)) this.#known.set(id, await this.#find(id))
  }

  /** What the bytes name; undefined where they stand in no frame. */
  of(bytes: Uint8Array): StoredSchema | SchemaProblem | undefined {
    if (!isFramed(bytes)) return undefined
    const id = schemaIdAt(bytes, 0)
    return this.#known.get(id) ?? { id, code: 'schema-unknown' }
  }

  async #find(id: number): Promise<StoredSchema | SchemaProblem> {
    const source = this.#source
    if (source === undefined) return { id, code: 'schema-registry-framed' }
    if (this.#away !== undefined) return { id, code: this.#away }
    try {
      const found = await source.schema(id)
      if (found === undefined) return { id, code: 'schema-unknown' }
      const format = FORMATS[found.kind]
      // Its text alone may import what only a descriptor holds.
      const whole = format === 'protobuf' ? await source.schema(id, true) : found
      if (whole === undefined) return { id, code: 'schema-unknown' }
      readWriterSchema(format, whole)
      const { text, references, names } = whole
      return { id, format, schema: { text, references, names } }
    } catch (error) {
      if (error instanceof SchemaFault) return { id, code: error.code }
      const away = awayOf(error)
      if (away === undefined) throw error
      this.#away = away
      return { id, code: away }
    }
  }
}

/** A registry that is asked again where it does not answer. */
export const patient = (source: NonNullable<SchemaSource>): SchemaSource => ({
  async schema(id, isSerialized) {
    for (const wait of WAITS)
      try {
        return await source.schema(id, isSerialized)
      } catch (error) {
        if (awayOf(error) === undefined) throw error
        await sleep(wait)
      }
    return await source.schema(id, isSerialized)
  },
})
