/**
 * Looks at a struct of Thrift's compact protocol before a library makes objects of it: no list is longer than its bytes, no
 * number longer than 64 bits, nothing nests without end, and what would be made of it is bounded.
 */
import { damaged, tooLarge } from './parquet-limits.ts'

const MOST_NESTED = 32
/** What a struct costs, in values: objects have to be made of it. */
const STRUCT_VALUES = 8

class CutShort extends Error {}

/** Fields, by their numbers from the outermost struct on through lists, down to structs that are left out. */
export interface LeftOut {
  readonly [field: number]: LeftOut | 'left out'
}

class Look {
  readonly #bytes: Uint8Array
  readonly #end: number
  /** Values that it may have yet. */
  #left: number
  /** Where the structs stand that are left out, one pair each. */
  readonly spans: number[] = []

  constructor(bytes: Uint8Array, end: number, most: number) {
    this.#bytes = bytes
    this.#end = end
    this.#left = most
  }

  #take(values: number): void {
    this.#left -= values
    if (this.#left < 0) throw tooLarge('its metadata have more values than are read')
  }

  #numberEnd(at: number): number {
    for (let length = 1; length <= 10; length++) {
      if (at >= this.#end) throw new CutShort()
      if (this.#bytes[at++]! < 0x80) return at
    }
    throw damaged('a number in its metadata is too long')
  }

  /** A count or length, which must be below 2 ** 31. */
  #countAt(at: number): number {
    let count = 0
    for (let scale = 1; ; scale *= 128) {
      if (at >= this.#end) throw new CutShort()
      const byte = this.#bytes[at++]!
      count += (byte & 0x7f) * scale
      if (byte < 0x80) break
      if (scale > 2 ** 28) throw damaged('a length in its metadata is too large')
    }
    if (count > 0x7fffffff) throw damaged('a length in its metadata is too large')
    return count
  }

  #valueEnd(at: number, type: number, depth: number, inner: LeftOut | undefined): number {
    switch (type) {
      case 3:
        return at + 1
      case 4:
      case 5:
      case 6:
        return this.#numberEnd(at)
      case 7:
        return at + 8
      case 8: {
        const length = this.#countAt(at)
        return this.#numberEnd(at) + length
      }
      case 9:
        return this.#listEnd(at, depth, inner)
      case 12:
        return this.structEnd(at, depth + 1, inner)
      default:
        throw damaged('its metadata hold a type that Parquet has not')
    }
  }

  #listEnd(at: number, depth: number, inner: LeftOut | undefined): number {
    if (depth > MOST_NESTED) throw damaged('its metadata nest too deep')
    if (at >= this.#end) throw new CutShort()
    const head = this.#bytes[at++]!
    let size = head >> 4
    if (size === 15) {
      size = this.#countAt(at)
      at = this.#numberEnd(at)
    }
    if (size > this.#end - at) throw new CutShort()
    this.#take(size)
    const type = head & 0x0f
    // Elements of a list that are true or false have a byte each.
    for (; size > 0; size--) at = this.#valueEnd(at, type <= 2 ? 3 : type, depth + 1, inner)
    return at
  }

  structEnd(at: number, depth: number, leftOut: LeftOut | undefined): number {
    if (depth > MOST_NESTED) throw damaged('its metadata nest too deep')
    this.#take(STRUCT_VALUES)
    for (let field = 0; ; ) {
      if (at >= this.#end) throw new CutShort()
      const head = this.#bytes[at++]!
      const type = head & 0x0f
      if (type === 0) return at
      if (head >> 4 === 0) {
        const zigzag = leftOut === undefined ? 0 : this.#countAt(at)
        field = (zigzag >>> 1) ^ -(zigzag & 1)
        at = this.#numberEnd(at)
      } else field += head >> 4
      this.#take(1)
      const inner = leftOut?.[field]
      const start = at
      if (type > 2) at = this.#valueEnd(at, type, depth, inner === 'left out' ? undefined : inner)
      if (at > this.#end) throw new CutShort()
      if (inner === 'left out' && type === 12) this.spans.push(start, at)
    }
  }
}

function lookAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  most: number,
  leftOut?: LeftOut,
): { readonly end: number; readonly spans: readonly number[] } | undefined {
  const look = new Look(bytes, end, most)
  try {
    return { end: look.structEnd(at, 0, leftOut), spans: look.spans }
  } catch (error) {
    if (error instanceof CutShort) return undefined
    throw error
  }
}

/**
 * Where the struct at `at` ends; undefined where its bytes go on behind `end`.
 * @throws ParquetFault where it is none, or has more than `most` values, of which a struct counts eight
 */
export const structEnd = (bytes: Uint8Array, at: number, end: number, most: number): number | undefined =>
  lookAt(bytes, at, end, most)?.end

/**
 * The bytes of the struct that they begin with, where the structs that are `leftOut` are empty; undefined where it is cut short.
 * @throws ParquetFault as `structEnd`
 */
export function structWithout(bytes: Uint8Array, most: number, leftOut: LeftOut): Uint8Array | undefined {
  const look = lookAt(bytes, 0, bytes.length, most, leftOut)
  if (look === undefined) return undefined
  const { spans, end } = look
  const made = new Uint8Array(end)
  let length = 0
  let from = 0
  for (let i = 0; i < spans.length; i += 2) {
    made.set(bytes.subarray(from, spans[i]!), length)
    // The zero in its place ends an empty struct.
    length += spans[i]! - from + 1
    from = spans[i + 1]!
  }
  made.set(bytes.subarray(from, end), length)
  return made.subarray(0, length + end - from)
}
