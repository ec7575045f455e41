/** Byte strings: UTF-8 held as a string with one character a byte (latin1), as the walkers compare names. */

const BEYOND_ASCII = /[^\x00-\x7f]/

/** Text to byte string. */
export function encodeBytes(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}
