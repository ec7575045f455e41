/**
 * Which message of a schema a payload is, as the serializers of Confluent write it behind the frame: the count of indexes and the
 * indexes, each zigzag in base 128; a single 0 stands for the first message.
 */

/** Messages nest no deeper. */
const MOST_INDEXES = 64
const MOST_INDEX = 1 << 20

export interface MessageIndexes {
  /** The indexes, with points between them. */
  readonly path: string
  /** Where the message begins. */
  readonly end: number
}

const FIRST = '0'

/** Undefined where there are none. */
export function readIndexes(bytes: Uint8Array, start: number, end: number): MessageIndexes | undefined {
  if (start < end && bytes[start] === 0) return { path: FIRST, end: start + 1 }
  let p = start
  const next = (): number => {
    let value = 0
    for (let scale = 1; p < end && scale <= 2 ** 28; scale *= 128) {
      const byte = bytes[p++]!
      value += (byte & 0x7f) * scale
      // Of numbers below 0 the last bit is set.
      if (byte < 0x80) return (value & 1) === 1 ? -1 : value / 2
    }
    return -1
  }
  const count = next()
  if (count < 1 || count > MOST_INDEXES) return undefined
  const path: number[] = []
  for (let at = 0; at < count; at++) {
    const index = next()
    if (index < 0 || index > MOST_INDEX) return undefined
    path.push(index)
  }
  return { path: path.join('.'), end: p }
}
