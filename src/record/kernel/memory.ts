/** The memory of a kernel, which grows, and its views. */
import type { Memory } from '../../../transforms/wasm.ts'
import type { Struct } from '../../../transforms/wasm-layout.ts'
import type { Block } from '../block.ts'

const PAGE = 1 << 16

/** Places are numbers of 31 bits. */
const MOST_BYTES = 2 ** 31 - PAGE

/** Bytes that a kernel may read behind the chunk and the arena. */
export const READ_AHEAD = 128

/** Where the header of a kernel stands: behind what AssemblyScript keeps for itself at the start of a memory. */
export const HEADER = 1024

/** The first place that is neither: no header takes more than 1024 bytes. */
export const FIRST_FREE = 2048

/** Room for a block's output at first; records that need more get it. */
export const OUTPUT_BYTES: number = 1 << 18

/** Fields of a header that say where the results of a block stand for the writing. */
export const RESULT_PLACES = {
  /** For each slot what became of it, and where that starts and ends in the chunk or in `arena`: i32 each. */
  resultKinds: 'usize',
  resultStarts: 'usize',
  resultEnds: 'usize',
  arena: 'usize',
  /** Where `write` begins to write, where its room ends, and how many bytes it wrote. */
  output: 'usize',
  limit: 'usize',
  written: 'usize',
} as const

export type ResultPlace = keyof typeof RESULT_PLACES

/** Where they stand, for a header. */
export type ResultPlaces = Readonly<Record<Exclude<ResultPlace, 'written'>, number>>

export class KernelMemory {
  readonly #memory: Memory
  #outputBytes: number
  bytes: Uint8Array<ArrayBuffer>
  words: Int32Array<ArrayBuffer>

  /** @param outputBytes room for a block's output at first */
  constructor(memory: Memory, outputBytes: number = OUTPUT_BYTES) {
    this.#memory = memory
    this.#outputBytes = outputBytes
    this.bytes = new Uint8Array(memory.buffer)
    this.words = new Int32Array(memory.buffer)
  }

  /** Grows the memory to at least `bytes` bytes and keeps its contents; false where no memory is left. */
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

  /** Sets fields of the struct at byte `at`, a multiple of four; each takes four bytes. */
  set<Field extends string>(
    struct: Struct<Field>,
    at: number,
    values: Readonly<Partial<Record<Field, number>>>,
  ): void {
    for (const field in values) this.words[(at + struct.offsets[field]) >> 2] = values[field]!
  }

  /** What a field of the struct at byte `at` holds. */
  get<Field extends string>(struct: Struct<Field>, at: number, field: Field): number {
    return this.words[(at + struct.offsets[field]) >> 2]!
  }

  /** Puts `numbers[0..count)` at byte `at`, a multiple of four. */
  put(at: number, numbers: Int32Array, count: number): void {
    this.words.set(count === numbers.length ? numbers : numbers.subarray(0, count), at >> 2)
  }

  /** Puts a chunk at byte `at`: `bytes[length]` is a line feed. False where there is no memory for it. */
  putChunk(at: number, bytes: Uint8Array, length: number): boolean {
    if (!this.ensure(at + length + READ_AHEAD)) return false
    this.bytes.set(bytes.subarray(0, length + 1), at)
    return true
  }

  /**
   * Puts down what became of a block's slots, from byte `from` on, with room for the output behind; undefined where there is
   * no memory left.
   */
  putResults(block: Block, from: number): ResultPlaces | undefined {
    const { slotCount } = block
    const resultKinds = aligned(from)
    const resultStarts = aligned(resultKinds + slotCount * 4)
    const resultEnds = aligned(resultStarts + slotCount * 4)
    const arena = aligned(resultEnds + slotCount * 4)
    const output = aligned(arena + block.arena.length + READ_AHEAD)
    const limit = output + this.#outputBytes
    if (!this.ensure(limit)) return undefined
    this.put(resultKinds, block.resultKind, slotCount)
    this.put(resultStarts, block.resultStart, slotCount)
    this.put(resultEnds, block.resultEnd, slotCount)
    this.bytes.set(block.arena.bytes.subarray(0, block.arena.length), arena)
    return { resultKinds, resultStarts, resultEnds, arena, output, limit }
  }

  /** Doubles the room for an output that begins at `output`; gives where it ends, or undefined where no memory is left. */
  growOutput(output: number): number | undefined {
    const limit = output + this.#outputBytes * 2
    if (!this.ensure(limit)) return undefined
    this.#outputBytes *= 2
    return limit
  }

  /** The `count` numbers from byte `at` on. */
  take(at: number, count: number): Int32Array {
    return this.words.subarray(at >> 2, (at >> 2) + count)
  }
}

/** The next place at which numbers may stand. */
export const aligned = (at: number): number => Math.ceil(at / 16) * 16
