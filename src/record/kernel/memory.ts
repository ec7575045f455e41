/** The memory of a kernel, which grows, and its views. */
import type { Memory } from '../../../transforms/wasm.ts'
import type { Block } from '../block.ts'

const PAGE = 1 << 16

/** Places are numbers of 31 bits. */
const MOST_BYTES = 2 ** 31 - PAGE

/** Bytes that a kernel may read behind the chunk and the arena. */
export const READ_AHEAD = 128

/** What AssemblyScript keeps for itself at the start of a memory, and more. */
export const FIRST_FREE = 1024

/** Room for a block's output at first; records that need more get it. */
export const OUTPUT_BYTES: number = 1 << 18

/** A number that a module exports. */
export interface Global {
  readonly value: number
}

/** Where the results of a block stand for the writing, in bytes; the output may begin at `output`. */
export interface Results {
  readonly kinds: number
  readonly starts: number
  readonly ends: number
  readonly arena: number
  readonly output: number
}

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
    if (bytes > MOST_BYTES) return false
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

  /**
   * Puts down what became of a block's slots, from byte `from` on, with `outputBytes` of room behind; undefined where
   * there is no memory left.
   */
  putResults(block: Block, from: number, outputBytes: number): Results | undefined {
    const { slotCount } = block
    const kinds = aligned(from)
    const starts = aligned(kinds + slotCount * 4)
    const ends = aligned(starts + slotCount * 4)
    const arena = aligned(ends + slotCount * 4)
    const output = aligned(arena + block.arena.length + READ_AHEAD)
    if (!this.ensure(output + outputBytes)) return undefined
    this.put(kinds, block.resultKind, slotCount)
    this.put(starts, block.resultStart, slotCount)
    this.put(ends, block.resultEnd, slotCount)
    this.bytes.set(block.arena.bytes.subarray(0, block.arena.length), arena)
    return { kinds, starts, ends, arena, output }
  }

  /** The `count` numbers from byte `at` on. */
  take(at: number, count: number): Int32Array {
    return this.words.subarray(at >> 2, (at >> 2) + count)
  }
}

/** The next place at which numbers may stand. */
export const aligned = (at: number): number => Math.ceil(at / 16) * 16
