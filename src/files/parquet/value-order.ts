/** How the values of a column compare (parquet.thrift of the format, `ColumnOrder`): for its least and its largest. */
import type { ColumnType } from '../../record/columns/column-tree.ts'
import type { StoredValues } from './dictionary.ts'

export interface ValueOrder {
  /** A number of each value that is less only where the value is: most values are told apart by it. */
  readonly rank: (i: number) => number
  /** Below zero where value `a` is less than `b`, of two with one rank. */
  readonly compare: (a: number, b: number) => number
  /** A value as the writer of metadata takes it. */
  readonly valueOf: (i: number) => bigint | number | boolean | Uint8Array
}

const same = (): number => 0

/** Undefined where the format has no order for the type, or none that is used here. */
export function orderOf(type: ColumnType, values: StoredValues, width: number): ValueOrder | undefined {
  const { bytes, count } = values
  if (type.as === 'text' || type.as === 'json' || type.as === 'uuid') return orderOfBytes(values)
  if (type.as === 'bytes') return type.logical === 'INTERVAL' ? undefined : orderOfBytes(values)
  if (type.as === 'boolean') return { rank: (i) => bytes[i]!, compare: same, valueOf: (i) => bytes[i] === 1 }
  if (type.as === 'float16' || type.as === 'int96') return undefined
  if (type.as === 'decimal' && !type.isWhole) return undefined
  if (type.as === 'double' || type.as === 'float') {
    const read =
      type.as === 'double'
        ? new Float64Array(bytes.buffer, 0, count)
        : new Float32Array(bytes.buffer, 0, count)
    return { rank: (i) => read[i]!, compare: same, valueOf: (i) => read[i]! }
  }
  const isSigned = type.as !== 'integer' || type.isSigned
  if (width === 4) {
    const signed = new Int32Array(bytes.buffer, 0, count)
    const read = isSigned ? signed : new Uint32Array(bytes.buffer, 0, count)
    return { rank: (i) => read[i]!, compare: same, valueOf: (i) => signed[i]! }
  }
  const low = new Uint32Array(bytes.buffer, 0, count * 2)
  const high = isSigned ? new Int32Array(bytes.buffer, 0, count * 2) : low
  const longs = new BigInt64Array(bytes.buffer, 0, count)
  return {
    rank: (i) => high[i * 2 + 1]!,
    compare: (a, b) => low[a * 2]! - low[b * 2]!,
    valueOf: (i) => longs[i]!,
  }
}

/** So many bytes a number holds exactly. */
const RANKED = 6

/** Unsigned, byte by byte; the first ones are the rank. */
function orderOfBytes({ bytes, offsets, head }: StoredValues): ValueOrder {
  const at = (i: number): Uint8Array => bytes.subarray(offsets[i]! + head, offsets[i + 1])
  return {
    rank: (i) => {
      const start = offsets[i]! + head
      const end = offsets[i + 1]!
      let rank = 0
      for (let p = start; p < start + RANKED; p++) rank = rank * 256 + (p < end ? bytes[p]! : 0)
      return rank
    },
    compare: (a, b) => {
      let p = offsets[a]! + head + RANKED
      let q = offsets[b]! + head + RANKED
      const [endOfA, endOfB] = [offsets[a + 1]!, offsets[b + 1]!]
      // Of one rank a shorter value could end in front of zeros that the other one has.
      if (p > endOfA || q > endOfB) return Buffer.compare(at(a), at(b))
      while (p < endOfA && q < endOfB && bytes[p] === bytes[q]) {
        p++
        q++
      }
      if (p === endOfA) return q === endOfB ? 0 : -1
      return q === endOfB ? 1 : bytes[p]! - bytes[q]!
    },
    valueOf: (i) => at(i).slice(),
  }
}
