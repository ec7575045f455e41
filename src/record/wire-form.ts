/** How records stand in the bytes of messages: what a pipeline says under `from:` of its values and keys. */
import type { RecordCode } from '../errors.ts'

/** `confluent`: 0x00 and the id of a schema, 4 bytes big endian, stand before the payload. */
export type Framing = 'none' | 'confluent'

/** What values may be. */
export type ValueFormat = 'json' | 'avro' | 'protobuf'

export interface PayloadForm {
  /** What the payload is. Each format has a codec, which `run/engines.ts` chooses. All but JSON is always framed. */
  readonly format: ValueFormat
  readonly framing: Framing
  /**
   * `json-text`: the payload is a JSON string, and the text in it is the record. `payload`: it is an object of `schema` and
   * `payload`, as the JSON converter of Kafka Connect writes it, and the record is in `payload`.
   */
  readonly inner: 'json-text' | 'payload' | 'none'
}

export interface KeyForm {
  /** `text`: the bytes are the key, as text or JSON. All else is always framed. */
  readonly format: 'text' | ValueFormat
  readonly framing: Framing
  /** `payload`: as of values. */
  readonly inner?: 'payload' | 'none' | undefined
}

/** How records are change events of Debezium, which hold the row before and after. */
export interface ChangeForm {
  /** Whether a delete is published with the row before it, or written as a tombstone under the de-identified key. */
  readonly deletes: 'publish' | 'tombstone'
  /**
   * `full`: `before` holds the whole row, as PostgreSQL logs it under `REPLICA IDENTITY FULL`. `key`: what it holds beside the key is made
   * up, so that it is neither published nor judged.
   */
  readonly before: 'full' | 'key'
  /** What stands in place of a value that is unchanged and was not logged. */
  readonly placeholder: string
}

export const DEFAULT_PLACEHOLDER = '__debezium_unavailable_value'

/** As it is unless a pipeline says otherwise. */
export const DEBEZIUM: ChangeForm = { deletes: 'publish', before: 'key', placeholder: DEFAULT_PLACEHOLDER }

export interface WireForm {
  readonly value: PayloadForm
  readonly key: KeyForm
  /** Whether values of framed JSON name schemas that have to be known; those of other formats always do. */
  readonly checksFrames?: boolean | undefined
  /** What outputs are: JSON unless stated. Avro and Protobuf go with values of their own. All but plain JSON is framed. */
  readonly output?: OutputForm | undefined
  /** Undefined: a record is a row by itself. */
  readonly change?: ChangeForm | undefined
}

export type OutputForm = 'json' | 'framed-json' | 'avro' | 'protobuf'

/** Whether values, and keys, name schemas that have to be known before they are read. */
export const valuesNameSchemas = ({ value, checksFrames }: WireForm): boolean =>
  value.format !== 'json' || (value.framing === 'confluent' && checksFrames === true)
export const keysNameSchemas = ({ key }: WireForm): boolean => key.format !== 'text'

/** Values are JSON and keys are text, as they stand. */
export const PLAIN_FORM: WireForm = {
  value: { format: 'json', framing: 'none', inner: 'none' },
  key: { format: 'text', framing: 'none', inner: 'none' },
}

/** Takes a payload out of its bytes, or says why there is none. It may give a part of them. */
export type Open = (bytes: Uint8Array) => Uint8Array | RecordCode

/** What opens the messages of a route before they are read; undefined where the bytes are the payload. */
export interface Opening {
  readonly value: Open | undefined
  readonly key: Open | undefined
}

export const MAGIC = 0x00
/** The magic byte and the id of a schema: the wire format of Confluent Schema Registry. */
export const FRAME_BYTES = 5

/** The id of the schema in the frame that begins at `at`. */
export const schemaIdAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0

/** Whether the bytes begin as a frame of a schema registry does. */
export const beginsFramed = (bytes: Uint8Array): boolean => bytes[0] === MAGIC

export function frameOf(id: number): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES)
  new DataView(frame.buffer).setUint32(1, id)
  return frame
}

/** Reads the frame and drops it; `otherwise` where there is none. */
export const unframed =
  (otherwise: RecordCode): Open =>
  (bytes) =>
    beginsFramed(bytes) && bytes.length >= FRAME_BYTES ? bytes.subarray(FRAME_BYTES) : otherwise
