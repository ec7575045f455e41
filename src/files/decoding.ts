/**
 * Decodes the bytes of a file to UTF-8, piece by piece. What is not text in the encoding becomes the byte 0xFF, which
 * stands in no UTF-8: so it makes its own record a dead letter, and no other.
 */

export interface Decoding {
  /** The next bytes of the file; gives UTF-8, which may be less or more. */
  push(bytes: Uint8Array): Uint8Array
  /** What is left at the end of the file. */
  end(): Uint8Array
}

const BAD = Buffer.of(0xff)
const NONE = Buffer.alloc(0)

/** UTF-8, with 0xFF in the place of each `mark`. */
function encode(text: string, mark: string | RegExp): Buffer {
  const parts = text.split(mark)
  if (parts.length === 1) return Buffer.from(text)
  return Buffer.concat(
    parts.flatMap((part, at) => (at === 0 ? [Buffer.from(part)] : [BAD, Buffer.from(part)])),
  )
}

/** With the `u` flag only half of a pair matches. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** UTF-16 by hand: the platform's decoder does not tell U+FFFD in the file from what it puts for half of a pair. */
class Utf16 implements Decoding {
  readonly #isBigEndian: boolean
  /** An odd byte, or the first half of a pair: it waits for what follows. */
  #rest: Buffer = NONE

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian
  }

  push(bytes: Uint8Array): Uint8Array {
    // A copy: the bytes are the reader's, and are swapped in place.
    const held = Buffer.concat([this.#rest, bytes])
    let length = held.length & ~1
    const highByte = (at: number): number => held[this.#isBigEndian ? at : at + 1]!
    if (length > 0 && (highByte(length - 2) & 0xfc) === 0xd8) length -= 2
    this.#rest = held.subarray(length)
    const whole = held.subarray(0, length)
    return this.#decode(whole)
  }

  #decode(bytes: Buffer): Buffer {
    if (this.#isBigEndian) bytes.swap16()
    return encode(bytes.toString('utf16le'), LONE_SURROGATE)
  }

  end(): Uint8Array {
    return this.#rest.length === 0 ? NONE : BAD
  }
}

/** Where windows-1252 is not ISO 8859-1: 0x80 to 0x9F. Node 20 decodes it as if it were. */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178'

const windows1252: Decoding = {
  push: (bytes) =>
    Buffer.from(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        .toString('latin1')
        .replace(/[\x80-\x9f]/g, (sign) => WINDOWS_1252[sign.charCodeAt(0) - 0x80]!),
    ),
  end: () => NONE,
}

/** What the platform puts in the place of what it cannot decode. */
const REPLACEMENT = '\ufffd'

/**
 * So many bytes at least are decoded at once. Node makes room for what the bytes at hand can give, and fails with a
 * `TypeError` where they are few, and bytes that it kept from before turn out to be no text.
 */
const FEWEST_BYTES = 16

class ByPlatform implements Decoding {
  readonly #decoder: InstanceType<typeof TextDecoder>
  #held: Buffer = NONE

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding)
  }

  push(bytes: Uint8Array): Uint8Array {
    const held = Buffer.concat([this.#held, bytes])
    const length = held.length < 2 * FEWEST_BYTES ? 0 : held.length - FEWEST_BYTES
    // A copy, so that a whole piece is not kept.
    this.#held = Buffer.from(held.subarray(length))
    if (length === 0) return NONE
    return encode(this.#decoder.decode(held.subarray(0, length), { stream: true }), REPLACEMENT)
  }

  end(): Uint8Array {
    return encode(this.#decoder.decode(this.#held), REPLACEMENT)
  }
}

/** Of an encoding by the platform's name for it; undefined for UTF-8, which is left as it is. */
export function decodingOf(encoding: string): Decoding | undefined {
  if (encoding === 'utf-8') return undefined
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return new Utf16(encoding === 'utf-16be')
  return encoding === 'windows-1252' ? windows1252 : new ByPlatform(encoding)
}
