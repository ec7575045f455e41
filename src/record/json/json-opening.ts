/** Takes a JSON record out of the value of a message. */
import { isUtf8 } from 'node:buffer'
import { beginsFramed, type Open, type PayloadForm, unframed } from '../wire-form.ts'
import { payloadOpening } from './payload-opening.ts'

/** Undefined where the value is the record, as it stands. `open`: what takes it out of its frame, where that is looked at. */
export function jsonOpening({ framing, inner }: PayloadForm, open?: Open): Open | undefined {
  const isFramed = framing === 'confluent'
  const frame = isFramed ? (open ?? unframed('not-framed')) : undefined
  if (inner === 'none') return frame
  const innerOf = inner === 'payload' ? payloadOpening() : innerText
  return (value) => {
    const payload = frame?.(value) ?? value
    if (typeof payload === 'string') return payload
    return !isFramed && beginsFramed(payload) ? 'schema-registry-framed' : innerOf(payload)
  }
}

/** The text in a JSON string, once: what it holds is the record, whatever that is. */
function innerText(payload: Uint8Array): ReturnType<Open> {
  if (payload.length === 0) return 'value-empty'
  if (!isUtf8(payload)) return 'bad-utf8'
  let text: unknown
  try {
    text = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
  } catch {
    return 'json-syntax'
  }
  if (typeof text !== 'string') return 'not-json-text'
  // Half of a pair has no UTF-8: it would become another text.
  return text.isWellFormed() ? Buffer.from(text) : 'json-lone-surrogate'
}
