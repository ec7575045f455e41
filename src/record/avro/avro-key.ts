/** Takes the keys of messages out of Avro: a primitive becomes its text, a record an object of JSON. */
import type { RecordCode } from '../../errors.ts'
import type { Plan } from '../../policy/plan.ts'
import { SlotKind } from '../block.ts'
import { overTypes, SchemaFault, type SchemaNews } from '../schema-text.ts'
import { checkKeyTags } from '../tags/key-tags.ts'
import { beginsFramed, FRAME_BYTES, type Open, schemaIdAt } from '../wire-form.ts'
import { type AvroType, readAvroSchema } from './avro-schema.ts'
import { AvroValues } from './avro-values.ts'

/** Keys are short; what is longer than this as JSON is refused. */
const MOST_KEY_TEXT = 1 << 20

export class AvroKeys {
  readonly #plan: Plan | undefined
  readonly #types = new Map<number, AvroType | RecordCode>()
  readonly #values = new AvroValues((values, room) => {
    const larger = new Uint8Array(Math.max(2 * values.out.length, values.at + room))
    larger.set(values.out.subarray(0, values.at))
    values.out = larger
  })

  /** `plan`: whose rules keys have; undefined where they are read as they are. */
  constructor(plan: Plan | undefined) {
    this.#plan = plan
  }

  learn({ known, forgotten }: SchemaNews): void {
    for (const { id, part } of forgotten) if (part === 'key') this.#types.delete(id)
    for (const { id, part, schema } of known) {
      if (part !== 'key') continue
      let type: AvroType | RecordCode
      try {
        type = typeof schema === 'string' ? schema : readAvroSchema(schema)
        if (typeof type !== 'string') this.#check(type)
      } catch (error) {
        if (!(error instanceof SchemaFault)) throw error
        type = error.code
      }
      this.#types.set(id, type)
    }
  }

  /** @throws SchemaFault where the plan keeps what the schema tags */
  #check(type: AvroType): void {
    const plan = this.#plan
    if (plan !== undefined) overTypes(() => checkKeyTags(plan, type))
  }

  /** A key of null is an empty one. What it gives is a copy. */
  readonly open: Open = (bytes) => {
    if (!beginsFramed(bytes) || bytes.length < FRAME_BYTES) return 'key-not-framed'
    const type = this.#types.get(schemaIdAt(bytes, 0)) ?? 'schema-unknown'
    if (typeof type === 'string') return type
    const values = this.#values
    values.open(bytes)
    values.at = 0
    values.begin(FRAME_BYTES, bytes.length, MOST_KEY_TEXT)
    const end = values.json(type, FRAME_BYTES, 0)
    if (end < 0) return values.code
    if (end !== bytes.length) return 'payload-malformed'
    return textOf(values)
  }
}

/** Of a string the text, of anything else the JSON; of nothing nothing. */
function textOf({ out, from, to, kind }: AvroValues): Uint8Array {
  if (out[from] !== 0x22)
    return kind === SlotKind.nothing && out[from] === 0x6e ? new Uint8Array(0) : out.slice(from, to)
  const text: unknown = JSON.parse(Buffer.from(out.buffer, out.byteOffset + from, to - from).toString('utf8'))
  return new Uint8Array(Buffer.from(text as string))
}
