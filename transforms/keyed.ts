/**
 * Keyed primitives that several families share: HMAC-SHA-256 over text, and integers out of its bytes.
 * Sources: RFC 2104 and FIPS 198-1 (HMAC), FIPS 180-4 (SHA-256).
 */
import { createHash, hash } from 'node:crypto'

/** SHA-256 works on blocks of 64 bytes; HMAC pads its key to one. */
export const BLOCK_BYTES = 64

/** Texts up to this many UTF-16 units are hashed out of one buffer that lives as long as the MAC. */
const SCRATCH_UNITS = 512

/** HMAC-SHA-256 under a fixed key: takes well-formed text, gives the 32 bytes of the MAC over its UTF-8. */
export type Mac = (text: string) => Buffer

/** The two padded keys of HMAC, 64 bytes each: `key XOR 0x36…` and `key XOR 0x5c…`. */
export function paddedKeys(key: Uint8Array): { readonly inner: Buffer; readonly outer: Buffer } {
  const short = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36)
  const outer = Buffer.alloc(BLOCK_BYTES, 0x5c)
  for (let at = 0; at < short.length; at++) {
    inner[at]! ^= short[at]!
    outer[at]! ^= short[at]!
  }
  return { inner, outer }
}

/**
 * HMAC-SHA-256 keyed once. Two one-shot digests cost less than `createHmac`, which builds and frees
 * OpenSSL contexts for each value. The padded key stays in memory for as long as the function lives.
 * @param key field key, 32 bytes (any length works, as RFC 2104 says)
 */
export function hmacSha256(key: Uint8Array): Mac {
  const { inner, outer } = paddedKeys(key)
  const scratch = Buffer.concat([inner], BLOCK_BYTES + 3 * SCRATCH_UNITS)
  const last = Buffer.concat([outer], BLOCK_BYTES + 32)
  return (text) => {
    let message: Buffer
    if (text.length <= SCRATCH_UNITS) {
      const bytes = scratch.write(text, BLOCK_BYTES, 'utf8')
      message = scratch.subarray(0, BLOCK_BYTES + bytes)
    } else {
      message = Buffer.concat([inner, Buffer.from(text, 'utf8')])
    }
    // A digest as a binary string, copied, costs half of one that makes a Buffer of its own.
    last.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'latin1')
    return Buffer.from(hash('sha256', last, 'binary'), 'latin1')
  }
}

/** HMAC-SHA-256 under a fixed key of two texts, one behind the other. */
export type PrefixedMac = (prefix: string, rest: string) => Buffer

/** Prefixes of more UTF-16 units are hashed once, for as long as they stay the same. */
const LONG_PREFIX = 256

/**
 * As `hmacSha256`, of `prefix + rest`. Many values of a record share their prefix; of a long one the state of the digest
 * behind it is kept, so that a record costs no more than its length, however many values it has.
 */
export function prefixedHmacSha256(key: Uint8Array): PrefixedMac {
  const short = hmacSha256(key)
  const { inner, outer } = paddedKeys(key)
  let last: string | undefined
  let behind = createHash('sha256')
  return (prefix, rest) => {
    if (prefix.length <= LONG_PREFIX) return short(prefix + rest)
    if (prefix !== last) behind = createHash('sha256').update(inner).update(prefix, 'utf8')
    // Of an equal text, too: to compare a text with itself takes no time, and with an equal one its length.
    last = prefix
    const digest = behind.copy().update(rest, 'utf8').digest()
    return createHash('sha256').update(outer).update(digest).digest()
  }
}

/** Above this, a remainder times 2^16 leaves the integers that a double holds exactly. */
const EXACT_BELOW = 2 ** 37

/**
 * An integer in `[0, n)`: the 16 bytes from `at` as one big-endian unsigned number, modulo `n`. No result is
 * likelier than another by more than `n / 2^128`, relatively: under 2^-75 for any safe integer.
 * @param bytes MAC bytes; at least `at + 16` of them
 * @param n a safe integer, at least 1
 */
export function integerBelow(bytes: Uint8Array, n: number, at = 0): number {
  if (n > EXACT_BELOW) return Number(uint128(bytes, at) % BigInt(n))
  let rest = 0
  for (let i = at; i < at + 16; i += 2) {
    rest = (rest * 65536 + ((bytes[i]! << 8) | bytes[i + 1]!)) % n
  }
  return rest
}

/** The 16 bytes from `at` as one big-endian unsigned number. */
export function uint128(bytes: Uint8Array, at = 0): bigint {
  return (
    (BigInt(uint48(bytes, at)) << 80n) |
    (BigInt(uint48(bytes, at + 6)) << 32n) |
    BigInt(uint32(bytes, at + 12))
  )
}

function uint48(bytes: Uint8Array, at: number): number {
  return uint32(bytes, at) * 65536 + ((bytes[at + 4]! << 8) | bytes[at + 5]!)
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** Whether no half of a surrogate pair stands alone in the text: only then does it have a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  // ES2024, in Node since version 20; the declared library of this project is ES2023.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}
