/** The memory of a kernel, which grows, and its views. */
import type { Memory } from '../../../transforms/wasm.ts'

const PAGE = 1 << 16

export class KernelMemory {
  readonly #memory: Memory
  bytes: Uint8Array<ArrayBuffer>
  words: Int32Array<ArrayBuffer>

  constructor(memory: Memory) {
    this.#memory = memory
    this.bytes = new Uint8Array(memory.buffer)
    this.words = new Int32Array(memory.buffer)
  }

  /** Makes sure that there are so many bytes; false where there is no memory left. What it holds stays. */
  ensure(bytes: number): boolean {
    const missing = bytes - this.bytes.length
    if (missing <= 0) return true
    try {
      this.#memory.grow(Math.ceil(missing / PAGE))
    } catch {
      return false
    }
    this.bytes = new Uint8Array(this.#memory.buffer)
    this.words = new Int32Array(this.#memory.buffer)
    return true
  }

  /** The same, where there is no other way. Throws. */
  require(bytes: number): void {
    if (!this.ensure(bytes)) throw new Error('a kernel has no memory left')
  }

  /** Puts `numbers[0..count)` at byte `at`, a multiple of four. */
  put(at: number, numbers: Int32Array, count: number): void {
    this.words.set(count === numbers.length ? numbers : numbers.subarray(0, count), at >> 2)
  }

  /** The `count` numbers from byte `at` on. */
  take(at: number, count: number): Int32Array {
    return this.words.subarray(at >> 2, (at >> 2) + count)
  }
}

/** The next place at which numbers may stand. */
export const aligned = (at: number): number => (at + 15) & ~15
