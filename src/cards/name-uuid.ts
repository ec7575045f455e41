/** UUIDs that follow from a name: version 5 of RFC 9562, section 5.5. */
import { createHash } from 'node:crypto'

/** A space of our own, drawn once. */
const SPACE = Buffer.from('6f3b0c6a2d2e4c0f9a5d7d1c8e4b9a12', 'hex')

export function nameUuid(name: string): string {
  const bytes = createHash('sha1').update(SPACE).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
