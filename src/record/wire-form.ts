/** How records stand in the bytes of messages: what a pipeline says under `from:` of its values and keys. */
import type { RecordCode } from '../errors.ts'

/** `confluent`: 0x00 and the id of a schema, 4 bytes big endian, stand before the payload. */
export type Framing = 'none' | 'confluent'

export interface PayloadForm {
  /** What the payload is. Each format has a codec, which `run/engines.ts` chooses. */
  readonly format: 'json'
  readonly framing: Framing
  /** `json-text`: the payload is a JSON string, and the text in it is the record. */
  readonly inner: 'json-text' | 'none'
}

export interface KeyForm {
  readonly framing: Framing
}

export interface WireForm {
  readonly value: PayloadForm
  readonly key: KeyForm
}

/** Values are JSON and keys are text, as they stand. */
export const PLAIN_FORM: WireForm = {
  value: { format: 'json', framing: 'none', inner: 'none' },
  key: { framing: 'none' },
}

/** Takes a payload out of its bytes, or says why there is none. It may give a part of them. */
export type Open = (bytes: Uint8Array) => Uint8Array | RecordCode

/** What opens the messages of a route before they are read; undefined where the bytes are the payload. */
export interface Opening {
  readonly value: Open | undefined
  readonly key: Open | undefined
}

const MAGIC = 0x00
/** The magic byte and the id of a schema: the wire format of Confluent Schema Registry. */
const FRAME_BYTES = 5

/** Whether the bytes begin as a frame of a schema registry does. */
export const beginsFramed = (bytes: Uint8Array): boolean => bytes[0] === MAGIC

/** Reads the frame and drops it; `otherwise` where there is none. */
export const unframed =
  (otherwise: RecordCode): Open =>
  (bytes) =>
    beginsFramed(bytes) && bytes.length >= FRAME_BYTES ? bytes.subarray(FRAME_BYTES) : otherwise
