/** Takes stored keys out of the frames of a schema registry: they are texts or JSON, as routes write them. */
import { AvroKeys } from '../record/avro/avro-key.ts'
import { JsonFrames } from '../record/json/json-frames.ts'
import { ProtoKeys } from '../record/protobuf/proto-key.ts'
import type { SchemaNews } from '../record/schema-text.ts'
import type { Open, ValueFormat } from '../record/wire-form.ts'
import type { SchemaProblem, StoredSchemas } from './stored-schemas.ts'

interface KeyOpener {
  readonly open: Open
  readonly learn: (news: SchemaNews) => void
}

function openers(): Readonly<Record<ValueFormat, KeyOpener>> {
  const [avro, json, protobuf] = [new AvroKeys(undefined), new JsonFrames('key'), new ProtoKeys()]
  return {
    avro: { open: avro.open, learn: (news) => avro.learn(news) },
    json: { open: json.openKey, learn: (news) => json.learn(news) },
    protobuf: { open: (key) => keyOf(protobuf.open(key)), learn: (news) => protobuf.learn(news) },
  }
}

/** Routes write a key as a message of one text, `key`. */
function keyOf(json: ReturnType<Open>): ReturnType<Open> {
  if (typeof json === 'string') return json
  const message = JSON.parse(Buffer.from(json).toString('utf8')) as Readonly<Record<string, unknown>>
  const { key } = message
  return typeof key === 'string' && Object.keys(message).length === 1
    ? new Uint8Array(Buffer.from(key))
    : json
}

export interface StoredKey {
  /** Null where there is none, or it cannot be read. */
  readonly bytes: Uint8Array | null
  readonly isUnread: boolean
  readonly problem: SchemaProblem | undefined
}

export class StoredKeys {
  readonly #openers = openers()
  /** The schema that was learnt last: most keys of a topic have one. */
  readonly #last = new Map<ValueFormat, number>()

  open(key: Uint8Array | null, schemas: StoredSchemas): StoredKey {
    const found = key === null ? undefined : schemas.of(key)
    if (found === undefined) return { bytes: key, isUnread: false, problem: undefined }
    if ('code' in found) return { bytes: null, isUnread: false, problem: found }
    const { id, format, schema } = found
    const opener = this.#openers[format]
    const last = this.#last.get(format)
    if (last !== id) {
      const forgotten = last === undefined ? [] : [{ id: last, part: 'key' as const }]
      opener.learn({ known: [{ id, part: 'key', schema }], forgotten })
      this.#last.set(format, id)
    }
    const bytes = opener.open(key!)
    return typeof bytes === 'string'
      ? { bytes: null, isUnread: true, problem: undefined }
      : { bytes, isUnread: false, problem: undefined }
  }
}
