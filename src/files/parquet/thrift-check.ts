/**
 * Looks at a struct of Thrift's compact protocol before a library makes objects of it: no list is longer than its bytes, no
 * number longer than 64 bits, and nothing nests without end.
 */
import { damaged } from './parquet-limits.ts'

const MOST_NESTED = 32

class CutShort extends Error {}

function numberEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let length = 1; length <= 10; length++) {
    if (at >= end) throw new CutShort()
    if (bytes[at++]! < 0x80) return at
  }
  throw damaged('a number in its metadata is too long')
}

/** A count or length, which must be below 2 ** 31. */
function countAt(bytes: Uint8Array, at: number, end: number): number {
  let count = 0
  for (let scale = 1; ; scale *= 128) {
    if (at >= end) throw new CutShort()
    const byte = bytes[at++]!
    count += (byte & 0x7f) * scale
    if (byte < 0x80) break
    if (scale > 2 ** 28) throw damaged('a length in its metadata is too large')
  }
  if (count > 0x7fffffff) throw damaged('a length in its metadata is too large')
  return count
}

function valueEnd(bytes: Uint8Array, at: number, end: number, type: number, depth: number): number {
  switch (type) {
    case 3:
      return at + 1
    case 4:
    case 5:
    case 6:
      return numberEnd(bytes, at, end)
    case 7:
      return at + 8
    case 8: {
      const length = countAt(bytes, at, end)
      return numberEnd(bytes, at, end) + length
    }
    case 9:
      return listEnd(bytes, at, end, depth)
    case 12:
      return structAt(bytes, at, end, depth + 1)
    default:
      throw damaged('its metadata hold a type that Parquet has not')
  }
}

function listEnd(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (depth > MOST_NESTED) throw damaged('its metadata nest too deep')
  if (at >= end) throw new CutShort()
  const head = bytes[at++]!
  let size = head >> 4
  if (size === 15) {
    size = countAt(bytes, at, end)
    at = numberEnd(bytes, at, end)
  }
  if (size > end - at) throw new CutShort()
  const type = head & 0x0f
  // Elements of a list that are true or false have a byte each.
  for (; size > 0; size--) at = valueEnd(bytes, at, end, type <= 2 ? 3 : type, depth + 1)
  return at
}

function structAt(bytes: Uint8Array, at: number, end: number, depth: number): number {
  if (depth > MOST_NESTED) throw damaged('its metadata nest too deep')
  for (;;) {
    if (at >= end) throw new CutShort()
    const head = bytes[at++]!
    const type = head & 0x0f
    if (type === 0) return at
    if (head >> 4 === 0) at = numberEnd(bytes, at, end)
    if (type > 2) at = valueEnd(bytes, at, end, type, depth)
    if (at > end) throw new CutShort()
  }
}

/** Where the struct at `at` ends; undefined where its bytes go on behind `end`. @throws ParquetFault where it is none */
export function structEnd(bytes: Uint8Array, at: number, end: number): number | undefined {
  try {
    return structAt(bytes, at, end, 0)
  } catch (error) {
    if (error instanceof CutShort) return undefined
    throw error
  }
}
