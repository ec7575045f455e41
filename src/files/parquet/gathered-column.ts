/** One column of a row group while it is filled, and its pages once it is full. */
import type { ColumnIndex, OffsetIndex, Statistics } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { unconvertMinMax } from 'hyparquet-writer/src/unconvert.js'
import { ByteSink } from '../../record/byte-sink.ts'
import type { FrameColumn } from '../../record/columns/column-frame.ts'
import { type LeafLevels, widthOfType } from '../../record/columns/column-tree.ts'
import { elementOfType, type WrittenChunk, type WrittenElement } from './column-types.ts'
import { type Dictionary, dictionaryOf, type StoredValues } from './dictionary.ts'
import { bitsOf, writeRuns } from './level-runs.ts'
import type { Packer } from './packers.ts'
import { orderOf, type ValueOrder } from './value-order.ts'

/** Bytes of values after which a page ends, and rows: as other writers have them. */
const PAGE_BYTES = 1 << 20
const PAGE_ROWS = 20_000
/** What is longer is cut in statistics of texts. */
const STATISTICS_BYTES = 32

/** What one column has in a row group: its bytes in the file, and what the footer says of it. */
export interface PackedChunk {
  readonly chunk: WrittenChunk
  readonly columnIndex: ColumnIndex | undefined
  readonly offsetIndex: OffsetIndex
}

interface Page {
  readonly levels: readonly [from: number, to: number]
  readonly values: readonly [from: number, to: number]
  readonly firstRow: number
}

interface Bounds {
  least: number
  largest: number
}

export class GatheredColumn {
  readonly leaf: LeafLevels
  readonly width: number
  readonly #element: WrittenElement
  #reps = new ByteSink(0)
  #defs = new ByteSink(0)
  #bytes = new ByteSink(0)
  #values = 0

  constructor(leaf: LeafLevels) {
    this.leaf = leaf
    this.width = widthOfType(leaf.leaf.type)
    this.#element = { name: leaf.leaf.name, ...elementOfType(leaf.leaf.type) }
  }

  /** Bytes that it holds. */
  get held(): number {
    return this.#reps.length + this.#defs.length + this.#bytes.length
  }

  /** Gives its memory back; it has to be empty. */
  free(): void {
    this.#reps = new ByteSink(0)
    this.#defs = new ByteSink(0)
    this.#bytes = new ByteSink(0)
  }

  append({ reps, defs, values, bytes }: FrameColumn): void {
    if (reps !== undefined) this.#reps.append(reps)
    this.#defs.append(defs)
    this.#bytes.append(bytes)
    this.#values += values
  }

  /** Its pages, from `offset` of the file on; it is empty then. */
  pack(packer: Packer, offset: number): PackedChunk & { readonly bytes: Uint8Array } {
    const values = this.#stored()
    const { type } = this.leaf.leaf
    const isFlag = type.as === 'boolean'
    const dictionary = isFlag ? undefined : dictionaryOf(values)
    const order = this.leaf.leaf.statistics ? orderOf(type, values, this.width) : undefined
    const writer = new PageWriter(packer, offset)
    if (dictionary !== undefined)
      writer.dictionary(this.#plain(values, dictionary.firsts.subarray(0, dictionary.size)), dictionary.size)
    const index = newIndex()
    const all: Bounds = { least: -1, largest: -1 }
    let isIndexed = order !== undefined
    const locations: OffsetIndex['page_locations'] = []
    const pages = this.#pages(values)
    for (const page of pages) {
      const at = writer.offset
      writer.data(
        this.#body(page, values, dictionary),
        page.levels[1] - page.levels[0],
        dictionary !== undefined,
      )
      locations.push({
        offset: BigInt(at),
        compressed_page_size: writer.offset - at,
        first_row_index: BigInt(page.firstRow),
      })
      if (order !== undefined) isIndexed = this.#note(order, page, dictionary, index, all) && isIndexed
    }
    const nulls = this.#defs.length - this.#values
    const statistics = order && statisticsOf(order, all, nulls)
    const chunk: WrittenChunk = {
      file_offset: BigInt(offset),
      meta_data: {
        type: this.#element.type!,
        encodings: ['RLE', 'PLAIN', ...(dictionary === undefined ? [] : (['RLE_DICTIONARY'] as const))],
        path_in_schema: [...this.leaf.path],
        codec: packer.codec,
        num_values: BigInt(this.#defs.length),
        total_uncompressed_size: BigInt(writer.unpacked),
        total_compressed_size: BigInt(writer.offset - offset),
        data_page_offset: BigInt(writer.firstData),
        ...(dictionary === undefined ? {} : { dictionary_page_offset: BigInt(offset) }),
        ...(statistics === undefined ? {} : { statistics }),
      },
    }
    this.#clear()
    return {
      chunk,
      bytes: writer.bytes,
      columnIndex: isIndexed ? index : undefined,
      offsetIndex: { page_locations: locations },
    }
  }

  #clear(): void {
    for (const sink of [this.#reps, this.#defs, this.#bytes]) sink.length = 0
    this.#values = 0
  }

  #stored(): StoredValues {
    const count = this.#values
    const { bytes } = this.#bytes
    const offsets = new Int32Array(count + 1)
    if (this.width > 0) for (let i = 1; i <= count; i++) offsets[i] = i * this.width
    else
      for (let i = 0, at = 0; i < count; i++) {
        at += 4 + (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
        offsets[i + 1] = at
      }
    return { bytes, offsets, count, head: this.width > 0 ? 0 : 4 }
  }

  /** Pages begin with a row. */
  *#pages({ offsets }: StoredValues): Generator<Page> {
    const { def } = this.leaf
    const isFlat = this.leaf.rep === 0
    const defs = this.#defs.bytes
    const reps = this.#reps.bytes
    const count = this.#defs.length
    let [from, row, value, firstRow, firstValue] = [0, 0, 0, 0, 0]
    for (let level = 0; level < count; level++) {
      if (isFlat || reps[level] === 0) {
        const isFull = row - firstRow >= PAGE_ROWS || offsets[value]! - offsets[firstValue]! >= PAGE_BYTES
        if (isFull && level > from) {
          yield { levels: [from, level], values: [firstValue, value], firstRow }
          from = level
          firstRow = row
          firstValue = value
        }
        row++
      }
      if (defs[level] === def) value++
    }
    if (count > from) yield { levels: [from, count], values: [firstValue, value], firstRow }
  }

  /** Levels and values of a page, as version 1 has them: one behind the other, packed as a whole. */
  #body(
    { levels, values: [first, end] }: Page,
    values: StoredValues,
    dictionary: Dictionary | undefined,
  ): Uint8Array {
    const { rep, def } = this.leaf
    const body = new ByteSink(64)
    if (rep > 0) writeLevels(this.#reps.bytes, levels, rep, body)
    if (def > 0) writeLevels(this.#defs.bytes, levels, def, body)
    if (dictionary !== undefined) {
      const bits = Math.max(1, bitsOf(dictionary.size - 1))
      body.byte(bits)
      writeRuns(dictionary.indexes, first, end, bits, body)
    } else if (this.leaf.leaf.type.as === 'boolean') {
      for (let at = first; at < end; at += 8) {
        let bits = 0
        for (let bit = 0; bit < 8 && at + bit < end; bit++) bits |= values.bytes[at + bit]! << bit
        body.byte(bits)
      }
    } else body.copy(values.bytes, values.offsets[first]!, values.offsets[end]!)
    return body.bytes.subarray(0, body.length)
  }

  #plain(values: StoredValues, which: Int32Array): Uint8Array {
    const body = new ByteSink(64)
    for (const i of which) body.copy(values.bytes, values.offsets[i]!, values.offsets[i + 1]!)
    return body.bytes.subarray(0, body.length)
  }

  /** Adds the bounds of a page; false where it has none that may stand in an index. */
  #note(
    order: ValueOrder,
    { levels, values: [from, to] }: Page,
    dictionary: Dictionary | undefined,
    index: Index,
    all: Bounds,
  ): boolean {
    const nulls = levels[1] - levels[0] - (to - from)
    index.null_pages.push(to === from)
    index.null_counts.push(BigInt(nulls))
    if (to === from) {
      index.min_values.push(new Uint8Array(0))
      index.max_values.push(new Uint8Array(0))
      return true
    }
    const { least, largest } = boundsOf(order, from, to, dictionary)
    if (all.least < 0 || isLess(order, least, all.least)) all.least = least
    if (all.largest < 0 || isLess(order, all.largest, largest)) all.largest = largest
    const low = unconvertMinMax(signed(order.valueOf(least), true), this.#element, false, STATISTICS_BYTES)
    const high = unconvertMinMax(signed(order.valueOf(largest), false), this.#element, true, STATISTICS_BYTES)
    if (low === undefined || high === undefined) return false
    index.min_values.push(low)
    index.max_values.push(high)
    return true
  }
}

interface Index extends ColumnIndex {
  null_counts: bigint[]
}

const newIndex = (): Index => ({
  null_pages: [],
  min_values: [],
  max_values: [],
  boundary_order: 'UNORDERED',
  null_counts: [],
})

function isLess({ rank, compare }: ValueOrder, a: number, b: number): boolean {
  const [first, second] = [rank(a), rank(b)]
  return first === second ? compare(a, b) < 0 : first < second
}

/** Which of the values `[from, to)` are the least and the largest. Of equal ones the dictionary has one. */
function boundsOf(order: ValueOrder, from: number, to: number, dictionary: Dictionary | undefined): Bounds {
  const { rank, compare } = order
  const seen = dictionary && new Uint8Array(dictionary.size)
  let [least, largest] = [from, from]
  let [low, high] = [rank(from), rank(from)]
  for (let i = from; i < to; i++) {
    if (seen !== undefined) {
      const entry = dictionary!.indexes[i]!
      if (seen[entry] === 1) continue
      seen[entry] = 1
    }
    const own = rank(i)
    if (own < low || (own === low && compare(i, least) < 0)) {
      least = i
      low = own
    }
    if (own > high || (own === high && compare(i, largest) > 0)) {
      largest = i
      high = own
    }
  }
  return { least, largest }
}

/** Zeros have signs that compare as equal: a bound has to hold for both. */
const signed = <T>(value: T, isLeast: boolean): T | number => (value === 0 ? (isLeast ? -0 : 0) : value)

function statisticsOf(order: ValueOrder, { least, largest }: Bounds, nulls: number): Statistics {
  const bounds =
    least < 0
      ? {}
      : { min_value: signed(order.valueOf(least), true), max_value: signed(order.valueOf(largest), false) }
  return { null_count: BigInt(nulls), ...bounds } as Statistics
}

const length32 = new Int32Array(1)
const lengthBytes = new Uint8Array(length32.buffer)

/** Levels with their length in front. */
function writeLevels(levels: Uint8Array, [from, to]: Page['levels'], most: number, body: ByteSink): void {
  const at = body.length
  body.append(new Uint8Array(4))
  writeRuns(levels, from, to, bitsOf(most), body)
  length32[0] = body.length - at - 4
  body.bytes.set(lengthBytes, at)
}

/** Writes pages behind each other. */
class PageWriter {
  readonly #packer: Packer
  readonly #start: number
  readonly #out = new ByteSink(1 << 16)
  /** Of the first page of data in the file. */
  firstData = 0
  /** Bytes of headers and of pages before they were packed. */
  unpacked = 0

  constructor(packer: Packer, start: number) {
    this.#packer = packer
    this.#start = start
    this.firstData = start
  }

  get offset(): number {
    return this.#start + this.#out.length
  }

  get bytes(): Uint8Array {
    return this.#out.bytes.subarray(0, this.#out.length)
  }

  dictionary(body: Uint8Array, size: number): void {
    this.#page(body, (sizes) => ({
      type: 'DICTIONARY_PAGE',
      ...sizes,
      dictionary_page_header: { num_values: size, encoding: 'PLAIN' },
    }))
    this.firstData = this.offset
  }

  data(body: Uint8Array, levels: number, isIndexed: boolean): void {
    this.#page(body, (sizes) => ({
      type: 'DATA_PAGE',
      ...sizes,
      data_page_header: {
        num_values: levels,
        encoding: isIndexed ? 'RLE_DICTIONARY' : 'PLAIN',
        definition_level_encoding: 'RLE',
        repetition_level_encoding: 'RLE',
      },
    }))
  }

  #page(
    body: Uint8Array,
    headerOf: (sizes: {
      readonly uncompressed_page_size: number
      readonly compressed_page_size: number
    }) => Parameters<typeof writePageHeader>[1],
  ): void {
    const packed = this.#packer.pack(body)
    const header = new ByteWriter(128)
    writePageHeader(
      header,
      headerOf({ uncompressed_page_size: body.length, compressed_page_size: packed.length }),
    )
    const head = header.getBytes()
    this.#out.append(head)
    this.#out.append(packed)
    this.unpacked += head.length + body.length
  }
}
