/** The values of a page as its type stores them: numbers, or where bytes stand. */
import { byteStreamSplit } from 'hyparquet/src/encoding.js'
import { type PagePlace, readDeltas, readHybrid } from './hybrid.ts'
import { damaged, unsupported } from './parquet-limits.ts'

export interface PageSpans {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** Of INT96 and arrays of bytes spans; of INT64 the halves of each number, the low one first; of BOOLEAN 0 and 1. */
export type PageValues =
  | { readonly kind: 'spans'; readonly spans: PageSpans }
  | { readonly kind: 'int'; readonly values: Int32Array }
  | { readonly kind: 'long'; readonly halves: Int32Array }
  | { readonly kind: 'real'; readonly values: Float32Array | Float64Array }
  | { readonly kind: 'bool'; readonly values: Uint8Array }

export interface ValueType {
  readonly type: string
  /** Of arrays of fixed length. */
  readonly length: number
}

const WIDTH: Readonly<Record<string, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 }

/** Bytes at an address that numbers can be read at. */
function aligned({ bytes, at }: PagePlace, length: number): ArrayBuffer {
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(at, at + length))
  return copy.buffer
}

function fixed(place: PagePlace, count: number, length: number): PageValues {
  const { bytes, at, end } = place
  if (count * length > end - at) throw damaged('a page is cut short')
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    starts[i] = at + i * length
    ends[i] = at + (i + 1) * length
  }
  return { kind: 'spans', spans: { bytes, starts, ends } }
}

function plain(place: PagePlace, count: number, { type, length }: ValueType): PageValues {
  const { bytes, end } = place
  if (type === 'BYTE_ARRAY') {
    if (count * 4 > end - place.at) throw damaged('a page is cut short')
    const starts = new Int32Array(count)
    const ends = new Int32Array(count)
    let { at } = place
    for (let i = 0; i < count; i++) {
      if (at + 4 > end) throw damaged('a page is cut short')
      const size =
        (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
      at += 4
      if (size > end - at) throw damaged('a page is cut short')
      starts[i] = at
      at += size
      ends[i] = at
    }
    return { kind: 'spans', spans: { bytes, starts, ends } }
  }
  if (type === 'FIXED_LEN_BYTE_ARRAY') return fixed(place, count, length)
  if (type === 'INT96') return fixed(place, count, 12)
  if (type === 'BOOLEAN') {
    if (Math.ceil(count / 8) > end - place.at) throw damaged('a page is cut short')
    const values = new Uint8Array(count)
    for (let i = 0; i < count; i++) values[i] = (bytes[place.at + (i >> 3)]! >> (i & 7)) & 1
    return { kind: 'bool', values }
  }
  const size = count * WIDTH[type]!
  if (size > end - place.at) throw damaged('a page is cut short')
  const buffer = aligned(place, size)
  if (type === 'INT32') return { kind: 'int', values: new Int32Array(buffer) }
  if (type === 'INT64') return { kind: 'long', halves: new Int32Array(buffer) }
  return { kind: 'real', values: type === 'FLOAT' ? new Float32Array(buffer) : new Float64Array(buffer) }
}

function deltas(place: PagePlace, count: number, { type }: ValueType): PageValues {
  if (type === 'INT32') {
    const values = new Int32Array(count)
    readDeltas(place, values)
    return { kind: 'int', values }
  }
  if (type !== 'INT64') throw damaged('a page has deltas of what is no whole number')
  const longs = new BigInt64Array(count)
  readDeltas(place, longs)
  return { kind: 'long', halves: new Int32Array(longs.buffer) }
}

function lengths(place: PagePlace, count: number): Int32Array {
  const values = new Int32Array(count)
  readDeltas(place, values)
  for (const length of values) if (length < 0) throw damaged('a page has a length below zero')
  return values
}

function deltaLengths(place: PagePlace, count: number): PageValues {
  const sizes = lengths(place, count)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let { at } = place
  for (let i = 0; i < count; i++) {
    starts[i] = at
    at += sizes[i]!
    if (at > place.end) throw damaged('a page is cut short')
    ends[i] = at
  }
  return { kind: 'spans', spans: { bytes: place.bytes, starts, ends } }
}

/** Takes more bytes for the page at hand. @throws ParquetFault where that is too much */
type Hold = (bytes: number) => void

/** Each value begins as the one before: what few bytes unfold to is bounded before memory is taken. */
function deltaBytes(place: PagePlace, count: number, hold: Hold): PageSpans {
  const prefixes = lengths(place, count)
  const suffixes = lengths(place, count)
  let size = 0
  for (let i = 0; i < count; i++) size += prefixes[i]! + suffixes[i]!
  hold(size)
  const bytes = new Uint8Array(size)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let { at } = place
  let to = 0
  for (let i = 0; i < count; i++) {
    const prefix = prefixes[i]!
    const suffix = suffixes[i]!
    const before = i === 0 ? 0 : starts[i - 1]!
    if (prefix > (i === 0 ? 0 : ends[i - 1]! - before)) throw damaged('a page refers to what is not there')
    if (at + suffix > place.end) throw damaged('a page is cut short')
    starts[i] = to
    bytes.copyWithin(to, before, before + prefix)
    bytes.set(place.bytes.subarray(at, at + suffix), to + prefix)
    at += suffix
    to += prefix + suffix
    ends[i] = to
  }
  return { bytes, starts, ends }
}

/** Values of a fixed length are read by it: others would be read together with what stands behind them. */
function ofLength(spans: PageSpans, length: number): PageSpans {
  for (const [i, start] of spans.starts.entries())
    if (spans.ends[i]! - start !== length)
      throw damaged('a page has values of another length than their type')
  return spans
}

function split(place: PagePlace, count: number, type: ValueType): PageValues {
  const width = WIDTH[type.type] ?? type.length
  if (count * width > place.end - place.at) throw damaged('a page is cut short')
  const { bytes, at, end } = place
  if (type.type === 'FIXED_LEN_BYTE_ARRAY') {
    const whole = new Uint8Array(count * width)
    for (let part = 0, from = at; part < width; part++)
      for (let i = 0; i < count; i++) whole[i * width + part] = bytes[from++]!
    return fixed({ bytes: whole, at: 0, end: whole.length }, count, width)
  }
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + at, end - at), offset: 0 }
  const made = byteStreamSplit(reader, count, type.type as 'FLOAT', type.length)
  if (made instanceof Int32Array) return { kind: 'int', values: made }
  if (made instanceof Float32Array || made instanceof Float64Array) return { kind: 'real', values: made }
  return { kind: 'long', halves: new Int32Array((made as BigInt64Array).buffer) }
}

/** Reads `count` values that stand at `place`, in an encoding that is none of a dictionary. */
export function readValues(
  encoding: string | undefined,
  place: PagePlace,
  count: number,
  type: ValueType,
  hold: Hold,
): PageValues {
  const isBytes = type.type === 'BYTE_ARRAY'
  if (encoding === 'PLAIN') return plain(place, count, type)
  if (encoding === 'DELTA_BINARY_PACKED') return deltas(place, count, type)
  if (encoding === 'DELTA_LENGTH_BYTE_ARRAY' && isBytes) return deltaLengths(place, count)
  if (encoding === 'DELTA_BYTE_ARRAY' && (isBytes || type.type === 'FIXED_LEN_BYTE_ARRAY')) {
    const spans = deltaBytes(place, count, hold)
    return isBytes ? { kind: 'spans', spans } : { kind: 'spans', spans: ofLength(spans, type.length) }
  }
  if (encoding === 'BYTE_STREAM_SPLIT' && !isBytes && type.type !== 'BOOLEAN' && type.type !== 'INT96')
    return split(place, count, type)
  if (encoding === 'RLE' && type.type === 'BOOLEAN') {
    const values = new Uint8Array(count)
    // Its length stands before it.
    readHybrid({ ...place, at: place.at + 4 }, 1, values)
    return { kind: 'bool', values }
  }
  throw unsupported(
    `its pages hold ${type.type} in the encoding ${encoding ?? 'of an unknown number'}, which Lethe does not read`,
  )
}

/** The number of values, for checks. */
export function countOf(values: PageValues): number {
  if (values.kind === 'spans') return values.spans.starts.length
  return values.kind === 'long' ? values.halves.length / 2 : values.values.length
}
