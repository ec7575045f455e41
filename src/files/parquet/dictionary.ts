/** The distinct values of a column, where they are few: values are then written as places among them. */

/** Where each value of a column stands in its bytes: `[offsets[i] + head, offsets[i + 1])`. */
export interface StoredValues {
  readonly bytes: Uint8Array
  readonly offsets: Int32Array
  readonly count: number
  /** Bytes in front of each value that say its length. */
  readonly head: number
}

export interface Dictionary {
  /** Of each value its place. */
  readonly indexes: Int32Array
  /** Of each place a value that has it. */
  readonly firsts: Int32Array
  readonly size: number
}

const MOST_ENTRIES = 1 << 16
const MOST_BYTES = 1 << 20
/** After so many values, and each time that their number doubles, half of them have to be repetitions. */
const FIRST_LOOK = 4096

const table = new Int32Array(MOST_ENTRIES * 2)
const MASK = table.length - 1

/** Undefined where a dictionary would not be much shorter. */
export function dictionaryOf({ bytes, offsets, count }: StoredValues): Dictionary | undefined {
  const indexes = new Int32Array(count)
  const firsts = new Int32Array(Math.min(count, MOST_ENTRIES))
  table.fill(-1)
  let size = 0
  let held = 0
  let look = FIRST_LOOK
  for (let value = 0; value < count; value++) {
    const start = offsets[value]!
    const end = offsets[value + 1]!
    let hash = end - start
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    let place = (hash ^ (hash >>> 15)) & MASK
    let entry = table[place]!
    while (entry >= 0 && !isSame(bytes, offsets, firsts[entry]!, start, end)) {
      place = (place + 1) & MASK
      entry = table[place]!
    }
    if (entry < 0) {
      if (size === MOST_ENTRIES) return undefined
      held += end - start
      if (held > MOST_BYTES) return undefined
      entry = size++
      table[place] = entry
      firsts[entry] = value
    }
    indexes[value] = entry
    if (value === look) {
      if (size * 2 > value) return undefined
      look *= 2
    }
  }
  const plain = offsets[count]! - offsets[0]!
  const bits = Math.max(1, 32 - Math.clz32(size - 1))
  return held + Math.ceil((count * bits) / 8) < plain * 0.8 ? { indexes, firsts, size } : undefined
}

function isSame(bytes: Uint8Array, offsets: Int32Array, other: number, start: number, end: number): boolean {
  const first = offsets[other]!
  if (offsets[other + 1]! - first !== end - start) return false
  for (let at = start, of = first; at < end; at++, of++) if (bytes[at] !== bytes[of]) return false
  return true
}
