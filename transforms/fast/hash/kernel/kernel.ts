/** The host's side of sha256.as.ts: HMAC-SHA-256 of a batch of texts, four at once. */

import { type FixedForm, macLength, tokenLength } from '../../../hash/form.ts'
import { paddedKeys } from '../../../keyed.ts'
import { type Memory, WasmModule } from '../../../wasm.ts'
import { SHA256_WASM } from './sha256.wasm.ts'
import { AROUND, BATCH, Encoding, LENGTHS, MACS, MAX_BLOCKS, TEXTS } from './sha256-layout.ts'

/** Bytes of a text, at most. Longer ones gain nothing here: their time goes into the compression alone. */
export const MAX_BYTES: number = 64 * MAX_BLOCKS - 9

/** UTF-16 units of a text, at most: they are `MAX_BYTES` at most, and what a batch of them takes stays small. */
export const MAX_UNITS = 247

/** What the memo remembers of a MAC, in bytes. */
export const MEMO_BYTES = 16

/**
 * The memo has 2^13 buckets of two lines of 64 bytes: 1 MiB, which a core's own cache holds. A larger one was
 * no faster than hashing: its lines come from memory, and a MAC takes a quarter of a microsecond.
 */
const MEMO_BITS = 13

/** Bytes of a batch's texts, which become as many blocks at most. */
const TEXTS_BYTES = 64 * MAX_BLOCKS * BATCH

interface Exports {
  readonly memory: Memory
  readonly setKey: (hmac: boolean, lower: boolean) => void
  readonly openMemo: (bits: number) => number
  readonly measure: (count: number) => void
  readonly run: (count: number, memo: boolean) => number
  readonly setForm: (encoding: number, bytes: number, prefix: number, chars: number, suffix: number) => void
  readonly write: (count: number) => void
}

const sha256 = new WasmModule(SHA256_WASM)

export class Kernel {
  readonly #exports: Exports
  #memory: Buffer
  /** Where the texts of the batch go as UTF-8, one behind the other. */
  texts: Uint8Array
  /** Bytes of each text: to be set before `run`. */
  lengths: Int32Array
  #tokenLength = 0
  /** After `run`: the MACs, 32 bytes each. */
  macs: Uint8Array

  private constructor(exports: Exports) {
    this.#exports = exports
    this.#memory = Buffer.from(exports.memory.buffer)
    this.texts = new Uint8Array(exports.memory.buffer, TEXTS, TEXTS_BYTES)
    this.lengths = new Int32Array(exports.memory.buffer, LENGTHS, BATCH)
    this.macs = new Uint8Array(exports.memory.buffer, MACS, 32 * BATCH)
  }

  /**
   * A kernel of its own memory for one key (any length), or for plain SHA-256 without one. Key material in
   * that memory cannot be avoided, no more than in the buffers of `hmacSha256`; it goes with the kernel.
   * @param lower whether `A` to `Z` become `a` to `z` before the texts are hashed
   * @returns undefined where the platform has no WebAssembly with SIMD, or no memory left
   */
  static open(key: Uint8Array | undefined, lower = false): Kernel | undefined {
    const exports = sha256.open<Exports>()
    if (exports === undefined) return undefined
    const kernel = new Kernel(exports)
    if (key !== undefined) {
      const { inner, outer } = paddedKeys(key)
      kernel.#memory.set(inner, TEXTS)
      kernel.#memory.set(outer, TEXTS + 64)
      inner.fill(0)
      outer.fill(0)
    }
    kernel.#exports.setKey(key !== undefined, lower)
    return kernel
  }

  /** Makes room for the memo; false where there is none. `texts`, `lengths` and `macs` are new ones afterwards. */
  openMemo(): boolean {
    const opened = this.#exports.openMemo(MEMO_BITS) !== 0
    const { buffer } = this.#exports.memory
    this.#memory = Buffer.from(buffer)
    this.texts = new Uint8Array(buffer, TEXTS, TEXTS_BYTES)
    this.lengths = new Int32Array(buffer, LENGTHS, BATCH)
    this.macs = new Uint8Array(buffer, MACS, 32 * BATCH)
    return opened
  }

  /** Sets the form that `tokens` writes, for tokens of at most `MAX_BYTES`. */
  setForm(form: FixedForm): void {
    const { prefix, suffix, encoding, macBytes } = form
    this.#memory.write(prefix + suffix, AROUND, 'latin1')
    this.#exports.setForm(Encoding[encoding], macBytes, prefix.length, macLength(form), suffix.length)
    this.#tokenLength = tokenLength(form)
  }

  /** After `run`, once: the tokens of its `count` texts, one behind the other, in the place of the texts. */
  tokens(count: number): Buffer {
    this.#exports.write(count)
    return this.#memory.subarray(TEXTS, TEXTS + count * this.#tokenLength)
  }

  /**
   * Puts a batch in as strings: one call for all of them is the cheapest way from a string to bytes.
   * @param joined its texts one behind the other, each well-formed and of at most `MAX_UNITS`
   * @param count how many they are, at most `BATCH`; `lengths` holds their UTF-16 units, and then their bytes
   */
  putJoined(joined: string, count: number): void {
    const bytes = this.#memory.write(joined, TEXTS, 'utf8')
    // As many bytes as units is ASCII; else the module finds out where each text ends.
    if (bytes !== joined.length) this.#exports.measure(count)
  }

  /**
   * Hashes the batch that stands in `texts`, each of at most `MAX_BYTES`.
   * @param count how many they are, at most `BATCH`
   * @param memo look up and remember, after `openMemo`; then only the first `MEMO_BYTES` of a MAC count
   * @returns how many were remembered
   */
  run(count: number, memo: boolean): number {
    return this.#exports.run(count, memo)
  }
}
