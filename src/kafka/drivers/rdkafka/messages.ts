/** From the client's messages to records of the port, and back: bytes as they are. */
import type { InputRecord } from '../../record.ts'
import type { LibraryMessage } from './client.ts'

/** Most messages are records as they are; a copy of each would be garbage. */
export function inputOf(message: LibraryMessage): InputRecord {
  if (message.headers === undefined && message.timestamp !== undefined)
    return message as unknown as InputRecord
  const { topic, partition, offset, value, timestamp } = message
  return {
    topic,
    partition,
    offset,
    value: value ?? null,
    key: (message.key as Buffer | null | undefined) ?? null,
    headers: message.headers === undefined ? undefined : headersOf(message.headers as never),
    timestamp: timestamp ?? -1,
  }
}

/** A header is an object of one member; a null value comes as no bytes. */
const headersOf = (headers: readonly Readonly<Record<string, Buffer>>[]): InputRecord['headers'] =>
  headers.flatMap((header) => Object.entries(header).map(([name, value]) => ({ name, value })))

/** No bytes, but somewhere: the client takes an empty buffer that lies nowhere for null, so for a tombstone. */
const EMPTY: Buffer = Buffer.alloc(1).subarray(0, 0)
export const filled = (bytes: Uint8Array | null): Buffer | null =>
  bytes?.length === 0 ? EMPTY : (bytes as Buffer | null)
