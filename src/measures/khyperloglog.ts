/**
 * KHyperLogLog: which combinations of values how many data subjects share, in bounded memory and mergeable (P. Chia et al.,
 * "KHyperLogLog: estimating reidentifiability and joinability of large data at scale", 2019). Kept are the K combinations with the smallest
 * hashes, each with its distinct subjects: up to 64 of them by their hashes, which counts exactly, and more by the registers of a
 * HyperLogLog. What is kept depends on the set of pairs alone, not on their order, nor on how often one comes, nor on who saw which: sketches of parts add up to that of the
 * whole, byte for byte. Hashes are keyed, and come from outside.
 */
import { HASHES } from '../groups/keyed-hash.ts'
import { Smallest } from '../groups/smallest.ts'
import { REGISTERS, raise, seenBy } from './hyperloglog.ts'

/** Combinations that are kept unless stated: the standard deviation of a share is 0.8 % at most. */
export const DEFAULT_K = 4096
export const LEAST_K = 64
export const MOST_K = 65_536

/** The most subjects of a combination that are counted one by one. Their hashes take as much room as registers do. */
export const EXACT = 64
/** In the place of a size: registers count. */
export const DENSE = 255

/** Combinations with their subjects, in no order, as they may be posted to another thread or process. */
export interface SketchPart {
  /** Hashes of combinations: whole numbers below 2^53, each once. */
  readonly combinations: Float64Array<ArrayBuffer>
  /** By combination: how many subjects, up to `EXACT`, or `DENSE`. */
  readonly sizes: Uint8Array<ArrayBuffer>
  /** Combination by combination: hashes of the subjects of those that are not dense, each of 32 bits. */
  readonly members: Int32Array<ArrayBuffer>
  /** Combination by combination: registers of those that are. */
  readonly registers: Uint8Array<ArrayBuffer>
}

export class KHyperLogLog {
  readonly k: number
  readonly #combinations: Smallest
  /** By position of a combination. */
  readonly #sizes: Uint8Array<ArrayBuffer>
  readonly #registers: Uint8Array<ArrayBuffer>
  /** The same memory. */
  readonly #members: Int32Array<ArrayBuffer>

  /** `k`: combinations that are kept, a power of two. */
  constructor(k: number = DEFAULT_K) {
    if (!Number.isInteger(Math.log2(k)) || k < LEAST_K || k > MOST_K)
      throw new RangeError(`k is a power of two from ${LEAST_K} to ${MOST_K}`)
    this.k = k
    this.#combinations = new Smallest(k, (kept) => this.#move(kept))
    this.#sizes = new Uint8Array(k * 2)
    this.#registers = new Uint8Array(k * 2 * REGISTERS)
    this.#members = new Int32Array(this.#registers.buffer)
  }

  /** A hash that is not below it is of no combination that is kept. */
  get limit(): number {
    return this.#combinations.limit
  }

  set limit(limit: number) {
    this.#combinations.limit = Math.min(this.#combinations.limit, limit)
  }

  /** A subject was seen under a combination: hashes below 2^53, and of 32 bits. */
  add(combination: number, subject: number): void {
    const position = this.#combinations.put(combination)
    if (position >= 0) this.#join(position, subject | 0)
  }

  #join(position: number, subject: number): void {
    const size = this.#sizes[position]!
    if (size === DENSE) {
      raise(this.#registers, position * REGISTERS, subject)
      return
    }
    const members = this.#members
    const first = position * EXACT
    for (let at = first; at < first + size; at++) if (members[at] === subject) return
    if (size < EXACT) {
      members[first + size] = subject
      this.#sizes[position] = size + 1
      return
    }
    this.#makeDense(position, size)
    raise(this.#registers, position * REGISTERS, subject)
  }

  #makeDense(position: number, size: number): void {
    const first = position * EXACT
    const before = this.#members.slice(first, first + size)
    this.#registers.fill(0, position * REGISTERS, (position + 1) * REGISTERS)
    this.#sizes[position] = DENSE
    for (const subject of before) raise(this.#registers, position * REGISTERS, subject)
  }

  /** The position `kept[i]` of a combination became `i`. */
  #move(kept: Int32Array): void {
    const sizes = this.#sizes
    for (let to = 0; to < kept.length; to++) {
      const from = kept[to]!
      if (from === to) continue
      sizes[to] = sizes[from]!
      this.#registers.copyWithin(to * REGISTERS, from * REGISTERS, (from + 1) * REGISTERS)
    }
    sizes.fill(0, kept.length)
  }

  /** Adds what another one saw under the same key. */
  merge({ combinations, sizes, members, registers }: SketchPart): void {
    let member = 0
    let dense = 0
    for (let i = 0; i < combinations.length; i++) {
      const position = this.#combinations.put(combinations[i]!)
      const size = sizes[i]!
      if (size === DENSE) {
        if (position >= 0) this.#joinDense(position, registers, dense)
        dense += REGISTERS
        continue
      }
      if (position >= 0) for (let at = member; at < member + size; at++) this.#join(position, members[at]!)
      member += size
    }
  }

  #joinDense(position: number, registers: Uint8Array, from: number): void {
    const size = this.#sizes[position]!
    if (size !== DENSE) this.#makeDense(position, size)
    const own = this.#registers
    const first = position * REGISTERS
    for (let i = 0; i < REGISTERS; i++)
      if (own[first + i]! < registers[from + i]!) own[first + i] = registers[from + i]!
  }

  /** All that was seen since the last call, at least of the combinations that are kept; this starts again with nothing. */
  take(): SketchPart {
    const part = this.#partOf(this.#combinations.all())
    this.#combinations.clear()
    this.#sizes.fill(0)
    return part
  }

  /** What is kept, in the order of the hashes: the same for the same set of pairs. The memory of its arrays is its own. */
  part(): SketchPart {
    const { values } = this.#combinations
    const part = this.#partOf(this.#combinations.smallest().sort((a, b) => values[a]! - values[b]!))
    let at = 0
    for (const size of part.sizes) {
      if (size === DENSE) continue
      // As numbers without a sign, so that their bytes are in order too.
      new Uint32Array(part.members.buffer, at * 4, size).sort()
      at += size
    }
    return part
  }

  #partOf(positions: Int32Array): SketchPart {
    const count = positions.length
    const combinations = new Float64Array(count)
    const sizes = new Uint8Array(count)
    let exact = 0
    let dense = 0
    for (let i = 0; i < count; i++) {
      const position = positions[i]!
      combinations[i] = this.#combinations.values[position]!
      const size = this.#sizes[position]!
      sizes[i] = size
      if (size === DENSE) dense++
      else exact += size
    }
    const members = new Int32Array(exact)
    const registers = new Uint8Array(dense * REGISTERS)
    let [member, register] = [0, 0]
    for (let i = 0; i < count; i++) {
      const position = positions[i]!
      const size = sizes[i]!
      if (size === DENSE) {
        const first = position * REGISTERS
        registers.set(this.#registers.subarray(first, first + REGISTERS), register)
        register += REGISTERS
        continue
      }
      for (let at = position * EXACT; at < position * EXACT + size; at++)
        members[member++] = this.#members[at]!
    }
    return { combinations, sizes, members, registers }
  }

  /** What is kept, for figures. */
  sample(): ClassSample {
    return sampleOf(this.k, this.part())
  }
}

/** Combinations that were drawn, and how many subjects each has. */
export interface ClassSample {
  /** Combinations that are drawn at most. */
  readonly k: number
  /** The share of all hashes up to the largest that is kept; 1 where all combinations are there. */
  readonly chance: number
  /** By combination; exact up to `EXACT`. */
  readonly sizes: Float64Array<ArrayBuffer>
}

export function sampleOf(k: number, { combinations, sizes, registers }: SketchPart): ClassSample {
  const whole = combinations.length < k
  let largest = 0
  let dense = 0
  const counted = new Float64Array(sizes.length)
  for (let i = 0; i < sizes.length; i++) {
    largest = Math.max(largest, combinations[i]!)
    if (sizes[i] !== DENSE) counted[i] = sizes[i]!
    else {
      counted[i] = Math.max(EXACT + 1, seenBy(registers, dense))
      dense += REGISTERS
    }
  }
  return { k, chance: whole ? 1 : largest / HASHES, sizes: counted }
}
