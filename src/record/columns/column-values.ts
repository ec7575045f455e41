/** The values of one column while records are taken apart: levels, and the bytes of what is there. */
import { ByteSink } from '../byte-sink.ts'
import { type LeafLevels, widthOfType } from './column-tree.ts'

const FIRST = 1024

const real = new Float64Array(1)
const realBytes = new Uint8Array(real.buffer)
const single = new Float32Array(1)
const singleBytes = new Uint8Array(single.buffer)

function grown(values: Uint8Array): Uint8Array {
  const larger = new Uint8Array(values.length * 2)
  larger.set(values)
  return larger
}

export class ColumnValues {
  readonly leaf: LeafLevels
  /** Bytes of each value; 0: its length stands in front of it, in 32 bits, little endian. */
  readonly width: number
  /** Undefined where no list is around the column. */
  reps: Uint8Array | undefined
  defs: Uint8Array = new Uint8Array(FIRST)
  /** Levels so far: values and nulls. */
  count = 0
  /** Values that are there. */
  values = 0
  readonly bytes: ByteSink = new ByteSink(FIRST * 8)
  #marked = { count: 0, values: 0, bytes: 0 }

  constructor(leaf: LeafLevels) {
    this.leaf = leaf
    this.width = widthOfType(leaf.leaf.type)
    this.reps = leaf.rep > 0 ? new Uint8Array(FIRST) : undefined
  }

  /** Where `back` goes to. */
  mark(): void {
    const marked = this.#marked
    marked.count = this.count
    marked.values = this.values
    marked.bytes = this.bytes.length
  }

  back(): void {
    const { count, values, bytes } = this.#marked
    this.count = count
    this.values = values
    this.bytes.length = bytes
  }

  clear(): void {
    this.count = 0
    this.values = 0
    this.bytes.length = 0
  }

  /** Adds levels: of a null, or of a value that follows. */
  level(rep: number, def: number): void {
    if (this.count === this.defs.length) {
      this.defs = grown(this.defs)
      if (this.reps !== undefined) this.reps = grown(this.reps)
    }
    if (this.reps !== undefined) this.reps[this.count] = rep
    this.defs[this.count++] = def
  }

  /** The value of the last level, which was not added, is not there. */
  toNull(def: number): void {
    this.defs[this.count - 1] = def
  }

  span(source: Uint8Array, start: number, end: number): void {
    const { bytes } = this
    if (this.width === 0) {
      bytes.reserve(4 + end - start)
      this.#half(end - start)
    }
    bytes.copy(source, start, end)
    this.values++
  }

  /** A whole number of 32 bits, little endian. */
  int(value: number): void {
    this.bytes.reserve(4)
    this.#half(value)
    this.values++
  }

  /** A whole number of 64 bits that a double holds exactly. */
  long(value: number): void {
    this.bytes.reserve(8)
    this.#half(value | 0)
    this.#half(Math.floor(value / 4_294_967_296))
    this.values++
  }

  big(value: bigint): void {
    this.bytes.reserve(8)
    this.#half(Number(BigInt.asIntN(32, value)))
    this.#half(Number(BigInt.asIntN(32, value >> 32n)))
    this.values++
  }

  #half(value: number): void {
    const { bytes: to, length: at } = this.bytes
    to[at] = value
    to[at + 1] = value >> 8
    to[at + 2] = value >> 16
    to[at + 3] = value >> 24
    this.bytes.length = at + 4
  }

  double(value: number): void {
    real[0] = value
    this.span(realBytes, 0, 8)
  }

  float(value: number): void {
    single[0] = value
    this.span(singleBytes, 0, 4)
  }
}
