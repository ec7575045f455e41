/** Takes the keys of messages out of Protobuf: a message becomes an object of JSON. */
import type { RecordCode } from '../../errors.ts'
import { SchemaFault, type SchemaNews } from '../schema-text.ts'
import { beginsFramed, FRAME_BYTES, type Open, schemaIdAt } from '../wire-form.ts'
import { readIndexes } from './message-indexes.ts'
import { ProtoJson } from './proto-json.ts'
import { readProtoSchema } from './proto-schema.ts'
import { messageAt, type ProtoFile } from './proto-type.ts'

/** Keys are short; what is longer than this as JSON is refused. */
const MOST_KEY_TEXT = 1 << 20

export class ProtoKeys {
  readonly #files = new Map<number, ProtoFile | RecordCode>()
  readonly #json = new ProtoJson(MOST_KEY_TEXT)

  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'key') this.#files.delete(id)
    for (const { id, part, schema } of known) {
      if (part !== 'key') continue
      let file: ProtoFile | RecordCode
      try {
        file = typeof schema === 'string' ? schema : readProtoSchema(schema)
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
        file = error.code
      }
      this.#files.set(id, file)
    }
  }

  /** What it gives is a copy. */
  readonly open: Open = (bytes) => {
    if (!beginsFramed(bytes) || bytes.length < FRAME_BYTES) return 'key-not-framed'
    const file = this.#files.get(schemaIdAt(bytes, 0)) ?? 'schema-unknown'
    if (typeof file === 'string') return file
    const indexes = readIndexes(bytes, FRAME_BYTES, bytes.length)
    if (indexes === undefined) return 'payload-malformed'
    const type = messageAt(file, indexes.path.split('.').map(Number))
    if (type === undefined) return 'payload-malformed'
    return type === 'ambiguous' ? 'schema-refused' : this.#json.of(type, bytes, indexes.end)
  }
}
