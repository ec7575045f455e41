/** Runs the byte kernels of transforms: values that need no care go from the chunk to the arena without a string. */
import { type RuleTransform, WRITE_ROOM } from '../../transforms/transform.ts'
import { type Block, ResultKind, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import type { RuleCount } from './account.ts'

/** Values that kernels take at once, at most. */
const STRIP = 1 << 13

export class ByteRules {
  readonly #format: Format
  /** The spans of the values that a kernel takes at once, the slots they came from, and where its results end. */
  #starts: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #ends: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #resultEnds: Int32Array<ArrayBuffer> = new Int32Array(1024)
  #chosen: Int32Array<ArrayBuffer> = new Int32Array(1024)

  readonly #mostArenaBytes: number

  /** No more values are taken once the arena holds more than `mostArenaBytes`. */
  constructor(format: Format, mostArenaBytes: number) {
    this.#format = format
    this.#mostArenaBytes = mostArenaBytes
  }

  /** Runs whatever kernel the transform has; gives how many slots are left for `apply`, moved to the front. */
  apply(block: Block, transform: RuleTransform, slots: Int32Array, count: number, tally: RuleCount): number {
    const run =
      transform.writeAllBytes !== undefined
        ? this.#writeAll
        : transform.writeBytes !== undefined
          ? this.#writeEach
          : undefined
    if (count === 0 || run === undefined) return count
    if (count <= STRIP) return run.call(this, block, transform, slots, count, tally)
    // Room is made for the longest results: not for all values of a record that has very many.
    let left = 0
    for (let at = 0; at < count && block.arena.length <= this.#mostArenaBytes; at += STRIP) {
      const strip = slots.subarray(at, Math.min(at + STRIP, count))
      const leftOf = run.call(this, block, transform, strip, strip.length, tally)
      slots.copyWithin(left, at, at + leftOf)
      left += leftOf
    }
    return left
  }

  /** Whether the bytes of a result can stand as they are. */
  #isPlain(bytes: Uint8Array, start: number, end: number): boolean {
    const { special } = this.#format
    for (let p = start; p < end; p++) if (special[bytes[p]!] !== 0) return false
    return true
  }

  /** Runs a kernel value by value; gives how many slots it left, moved to the front. */
  #writeEach(
    block: Block,
    transform: RuleTransform,
    slots: Int32Array,
    count: number,
    tally: RuleCount,
  ): number {
    if (transform.yields !== 'string' && transform.yields !== 'same') return count
    const { arena, bytes, slotKind, slotStart, slotEnd, resultKind, resultStart, resultEnd } = block
    const write = transform.writeBytes!
    const plain = transform.plain === true
    const takesAll = transform.yields === 'string'
    let room = 0
    for (let i = 0; i < count; i++) room += slotEnd[slots[i]!]! - slotStart[slots[i]!]! + WRITE_ROOM
    arena.reserve(room)
    const out = arena.bytes
    let at = arena.length
    let left = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (isBytes(slotKind[slot]!, takesAll)) {
        let to = at
        try {
          to = write(bytes, slotStart[slot]!, slotEnd[slot]!, out, at)
        } catch {
          // The same as -1: `apply` decides, and says what is wrong with the value.
        }
        if (to > at && (plain || this.#isPlain(out, at, to))) {
          resultKind[slot] = ResultKind.arena
          resultStart[slot] = at
          resultEnd[slot] = to
          at = to
          continue
        }
      }
      slots[left++] = slot
    }
    arena.length = at
    tally.applied += count - left
    return left
  }

  /** Runs a kernel over all values at once; gives how many slots it left, moved to the front. */
  #writeAll(
    block: Block,
    transform: RuleTransform,
    slots: Int32Array,
    count: number,
    tally: RuleCount,
  ): number {
    if (transform.yields !== 'string') return count
    if (count > this.#starts.length) {
      this.#starts = new Int32Array(count * 2)
      this.#ends = new Int32Array(count * 2)
      this.#resultEnds = new Int32Array(count * 2)
      this.#chosen = new Int32Array(count * 2)
    }
    const starts = this.#starts
    const ends = this.#ends
    const { arena, slotKind, slotStart, slotEnd, resultKind, resultStart, resultEnd } = block
    let room = 0
    let taken = 0
    let left = 0
    const chosen = this.#chosen
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (isBytes(slotKind[slot]!, true)) {
        const start = slotStart[slot]!
        const end = slotEnd[slot]!
        room += end - start + WRITE_ROOM
        chosen[taken] = slot
        starts[taken] = start
        ends[taken++] = end
      } else slots[left++] = slot
    }
    arena.reserve(room)
    let at = arena.length
    const resultEnds = this.#resultEnds
    try {
      transform.writeAllBytes!(block.bytes, starts, ends, taken, arena.bytes, at, resultEnds)
    } catch {
      resultEnds.fill(at, 0, taken)
    }
    const plain = transform.plain === true
    for (let i = 0; i < taken; i++) {
      const to = resultEnds[i]!
      const slot = chosen[i]!
      if (to > at && (plain || this.#isPlain(arena.bytes, at, to))) {
        resultKind[slot] = ResultKind.arena
        resultStart[slot] = at
        resultEnd[slot] = to
        tally.applied++
      } else slots[left++] = slot
      at = to
    }
    arena.length = at
    return left
  }
}

/**
 * Whether a kernel may take a slot's bytes: they are its text, and the result's type is no question.
 * `takesAll`: the result is a string whatever the value was.
 */
function isBytes(kind: number, takesAll: boolean): boolean {
  return kind === SlotKind.text || (takesAll && (kind === SlotKind.number || kind === SlotKind.boolean))
}
