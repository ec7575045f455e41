/** Byte strings: UTF-8 held as a string with one character a byte (latin1), as the walkers compare names. */

const BEYOND_ASCII = /[^\x00-\x7f]/

/** Text to byte string. */
export function encodeBytes(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}

/** A byte string as bytes. A plain `Uint8Array`, like all others here: V8 is fastest where it meets one kind only. */
export function latin1(bytes: string): Uint8Array {
  return new Uint8Array(Buffer.from(bytes, 'latin1'))
}
