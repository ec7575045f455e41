/**
 * Hashes that may be stored: those of `keyed-hash.ts` are exclusive ors of table words, so that enough of them, with the values
 * that they are of, would give the table away. A block cipher over them makes a pseudorandom function of the whole (a
 * universal hash under a PRF: D. Boneh and V. Shoup, "A Graduate Course in Applied Cryptography", 7.3). All hashes of a block of
 * records are encrypted by one call.
 */
import { type Cipher, createCipheriv } from 'node:crypto'
import type { HashKey } from './keyed-hash.ts'

/** Of a block of AES. */
const BYTES = 16

export class SealedHashes {
  /** ECB: each block is one hash, and equal hashes are to stay equal. */
  readonly #cipher: Cipher
  #blocks = new Uint8Array(0)

  constructor(key: HashKey) {
    this.#cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  }

  /**
   * Seals hashes of two words each, upper half first: those of the first `count` of `places`, which are where each has its first word. Of hash i,
   * the sealed words stand at 2i and 2i + 1 of `to`.
   */
  seal(hashes: Int32Array, places: Int32Array, count: number, to: Int32Array): void {
    if (count === 0) return
    if (this.#blocks.length < count * BYTES) this.#blocks = new Uint8Array(count * BYTES)
    const view = new DataView(this.#blocks.buffer)
    for (let i = 0; i < count; i++) {
      const at = places[i]!
      view.setInt32(i * BYTES, hashes[at]!)
      view.setInt32(i * BYTES + 4, hashes[at + 1]!)
    }
    const sealed = this.#cipher.update(this.#blocks.subarray(0, count * BYTES))
    const words = new DataView(sealed.buffer, sealed.byteOffset, sealed.length)
    for (let i = 0; i < count; i++) {
      to[i * 2] = words.getInt32(i * BYTES)
      to[i * 2 + 1] = words.getInt32(i * BYTES + 4)
    }
  }
}
