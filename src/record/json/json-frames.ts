/** Values and keys of JSON in the frame of a schema registry. */
import { isUtf8 } from 'node:buffer'
import type { RecordCode } from '../../errors.ts'
import type { SchemaNews, SchemaPart } from '../schema-text.ts'
import { beginsFramed, FRAME_BYTES, type Open, schemaIdAt } from '../wire-form.ts'

/** Keeps which schemas are known, and takes out of their frames what names one of them. */
export class JsonFrames {
  readonly #part: SchemaPart
  /** By id; undefined: the schema is there. */
  readonly #known = new Map<number, RecordCode | undefined>()

  constructor(part: SchemaPart) {
    this.#part = part
  }

  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === this.#part) this.#known.delete(id)
    for (const { id, part, schema } of known)
      if (part === this.#part) this.#known.set(id, typeof schema === 'string' ? schema : undefined)
  }

  readonly open: Open = (bytes) => {
    if (!beginsFramed(bytes) || bytes.length < FRAME_BYTES)
      return this.#part === 'key' ? 'key-not-framed' : 'not-framed'
    const id = schemaIdAt(bytes, 0)
    if (!this.#known.has(id)) return 'schema-unknown'
    return this.#known.get(id) ?? bytes.subarray(FRAME_BYTES)
  }

  /** Of a key that is a JSON string its text; any other JSON as it stands; of null nothing. */
  readonly openKey: Open = (bytes) => {
    const payload = this.open(bytes)
    return typeof payload === 'string' ? payload : keyText(payload)
  }
}

function keyText(payload: Uint8Array): ReturnType<Open> {
  if (!isUtf8(payload)) return 'key-not-utf8'
  const json = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return 'key-not-json'
  }
  if (value === null) return new Uint8Array(0)
  if (typeof value !== 'string') return new Uint8Array(Buffer.from(json.trim()))
  return value.isWellFormed() ? new Uint8Array(Buffer.from(value)) : 'key-not-utf8'
}
