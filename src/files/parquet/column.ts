/**
 * One column of a row group, read page by page: levels say how its values nest, and each value is written as text. No more of it
 * is held than a page and the dictionary.
 */
import { readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { parquetHeader } from 'hyparquet/src/column.js'
import type { RecordCode } from '../../errors.ts'
import { type PagePlace, readHybrid } from './hybrid.ts'
import { countOf, type PageValues, readValues, type ValueType } from './page-values.ts'
import {
  damaged,
  MOST_HEADER_BYTES,
  MOST_HEADER_VALUES,
  MOST_HELD_BYTES,
  MOST_PAGE_VALUES,
  MOST_ROW_VALUES,
  tooLarge,
  unsupported,
} from './parquet-limits.ts'
import type { ParquetNode } from './parquet-schema.ts'
import { TextSink } from './text-sink.ts'
import type { WriteValue } from './texts.ts'
import { structEnd } from './thrift-check.ts'
import type { Unpack } from './unpack.ts'

/** Where the pages of a column lie in the file. */
export interface ColumnChunk {
  readonly start: number
  readonly end: number
  /** Values and nulls, as the footer says. */
  readonly values: number
  readonly unpack: Unpack
}

/** What all columns hold: bytes of pages, and values of lists and maps in the row at hand. */
export interface Held {
  bytes: number
  inRow: number
}

interface Dictionary {
  readonly count: number
  readonly text: TextSink
  /** Where the text of each value ends; texts stand one behind the other. */
  readonly ends: Int32Array
  readonly codes: ReadonlyMap<number, RecordCode>
}

type Header = ReturnType<typeof parquetHeader>

const PROBE_BYTES = 1 << 14
/** What a value of a dictionary takes that cannot be written. */
const CODE_BYTES = 64
/** By type, an encoding of dictionaries. */
const INDEXED: ReadonlySet<string> = new Set(['PLAIN_DICTIONARY', 'RLE_DICTIONARY'])

const widthOf = (level: number): number => 32 - Math.clz32(level)

/** Reads `length` bytes of a file at a place. @throws ParquetFault where it ends before */
export function readAt(fd: number, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const read = readSync(fd, bytes, done, length - done, at + done)
    if (read === 0) throw damaged('it ends early')
    done += read
  }
  return bytes
}

export class ColumnCursor {
  /** Levels of the entry at hand; behind the last one `isEnded`, and `rep` is 0. */
  def = 0
  rep = 0
  isEnded = false
  readonly #fd: number
  readonly #chunk: ColumnChunk
  readonly #type: ValueType
  readonly #maxDef: number
  readonly #maxRep: number
  /** Undefined: only levels are asked for. */
  readonly #write: WriteValue | undefined
  readonly #held: Held
  readonly #onRead: (bytes: number) => void
  #at: number
  #heldBytes = 0
  #dictionaryBytes = 0
  #dictionary: Dictionary | undefined
  /** Entries of the page, the one at hand, and entries before the page. */
  #count = 0
  #entry = 0
  #before = 0
  #defs: Uint8Array | undefined
  #reps: Uint8Array | undefined
  /** Which value of the page the next one is. */
  #value = 0
  #values: PageValues | undefined
  #indexes: Int32Array | undefined

  constructor(
    fd: number,
    { element, def, rep }: ParquetNode,
    chunk: ColumnChunk,
    write: WriteValue | undefined,
    held: Held,
    onRead: (bytes: number) => void,
  ) {
    this.#fd = fd
    this.#chunk = chunk
    this.#type = { type: element.type!, length: element.type_length ?? 0 }
    this.#maxDef = def
    this.#maxRep = rep
    this.#write = write
    this.#held = held
    this.#onRead = onRead
    this.#at = chunk.start
    this.#load()
  }

  /** Writes the value at hand, which is not null; gives why it cannot be written. */
  copy(out: TextSink): RecordCode | undefined {
    const at = this.#value
    if (this.#indexes === undefined) return this.#write!(this.#values!, at, out)
    const index = this.#indexes[at]!
    const { text, ends, codes } = this.#dictionary!
    if (codes.size > 0) {
      const code = codes.get(index)
      if (code !== undefined) return code
    }
    out.copy(text.bytes, index === 0 ? 0 : ends[index - 1]!, ends[index]!)
    return undefined
  }

  advance(): void {
    if (this.def === this.#maxDef) this.#value++
    this.#entry++
    if (this.#entry >= this.#count) this.#load()
    else this.#take()
  }

  #take(): void {
    this.def = this.#defs === undefined ? this.#maxDef : this.#defs[this.#entry]!
    if (this.#reps === undefined) return
    this.rep = this.#reps[this.#entry]!
    if (this.rep > 0 && ++this.#held.inRow > MOST_ROW_VALUES)
      throw tooLarge('a row has more than 16,777,216 values in lists and maps')
  }

  /** Reads pages up to one that has entries. */
  #load(): void {
    this.#before += this.#count
    this.#count = 0
    this.#entry = 0
    while (this.#count === 0) {
      if (this.#at >= this.#chunk.end) {
        if (this.#before !== this.#chunk.values)
          throw damaged('a column has another number of values than its footer says')
        this.isEnded = true
        this.rep = 0
        this.def = -1
        this.#hold(0, this.#dictionaryBytes)
        this.#values = undefined
        this.#dictionary = undefined
        this.#dictionaryBytes = 0
        return
      }
      const { header, body } = this.#page()
      if (header.type === 'DICTIONARY_PAGE') this.#readDictionary(header, body)
      else if (header.type === 'DATA_PAGE') this.#readFirst(header, body)
      else if (header.type === 'DATA_PAGE_V2') this.#readSecond(header, body)
    }
    if (this.#before + this.#count > this.#chunk.values)
      throw damaged('a column has another number of values than its footer says')
    this.#take()
  }

  #page(): { header: Header; body: Uint8Array } {
    const { end } = this.#chunk
    const left = end - this.#at
    let probe = readAt(this.#fd, this.#at, Math.min(left, PROBE_BYTES))
    let length = structEnd(probe, 0, probe.length, MOST_HEADER_VALUES)
    if (length === undefined && left > probe.length) {
      probe = readAt(this.#fd, this.#at, Math.min(left, MOST_HEADER_BYTES))
      length = structEnd(probe, 0, probe.length, MOST_HEADER_VALUES)
    }
    if (length === undefined) throw damaged('the header of a page is cut short')
    const header = parquetHeader({ view: new DataView(probe.buffer), offset: 0 })
    const { compressed_page_size: size, uncompressed_page_size: unpacked, crc } = header
    if (!(size >= 0) || size > left - length || !(unpacked >= 0))
      throw damaged('a page has a length that cannot be')
    if (unpacked > MOST_HELD_BYTES || size > MOST_HELD_BYTES) throw tooLarge('a page is longer than 256 MiB')
    const body =
      length + size <= probe.length
        ? probe.subarray(length, length + size)
        : readAt(this.#fd, this.#at + length, size)
    if (crc !== undefined && crc32(body) >>> 0 !== crc >>> 0)
      throw damaged('a page has another checksum than it says')
    this.#at += length + size
    this.#onRead(length + size)
    return { header, body }
  }

  /** Takes so many bytes for a page, in place of those of the one before; `freed`: and gives back others. */
  #hold(bytes: number, freed = 0): void {
    this.#held.bytes += bytes - this.#heldBytes - freed
    this.#heldBytes = bytes
    if (this.#held.bytes > MOST_HELD_BYTES)
      throw tooLarge('the pages of a row group that are read at once have more than 256 MiB')
  }

  /** Takes more bytes for the dictionary. */
  #holdDictionary(bytes: number): void {
    this.#dictionaryBytes += bytes
    this.#held.bytes += bytes
    this.#hold(this.#heldBytes)
  }

  #readDictionary(
    { dictionary_page_header: head, uncompressed_page_size: size }: Header,
    body: Uint8Array,
  ): void {
    if (head === undefined || this.#dictionary !== undefined || this.#before > 0)
      throw damaged('a dictionary stands where none can')
    const count = head.num_values
    if (!(count >= 0) || count > size) throw damaged('a dictionary has a length that cannot be')
    if (count > MOST_PAGE_VALUES) throw tooLarge('a dictionary has more than 16,777,216 values')
    const text = new TextSink(new Uint8Array(this.#write === undefined ? 0 : size + 16))
    const ends = new Int32Array(this.#write === undefined ? 0 : count)
    const codes = new Map<number, RecordCode>()
    let room = text.bytes.length
    if (this.#write !== undefined) {
      // Its values, where they stand, and their texts.
      this.#holdDictionary(2 * size + 12 * count)
      const bytes = this.#chunk.unpack(body, size)
      const values = readValues('PLAIN', { bytes, at: 0, end: bytes.length }, count, this.#type, () => {})
      for (let i = 0; i < count; i++) {
        const start = text.length
        const code = this.#write(values, i, text)
        if (code !== undefined) {
          text.length = start
          codes.set(i, code)
          this.#holdDictionary(CODE_BYTES)
        }
        ends[i] = text.length
        // Texts may be much longer than their values.
        if (text.bytes.length > room) {
          this.#holdDictionary(text.bytes.length - room)
          room = text.bytes.length
        }
      }
    }
    this.#dictionary = { count, text, ends, codes }
  }

  #open(count: number | undefined): number {
    if (count === undefined || !(count >= 0)) throw damaged('a page has a number of values that cannot be')
    if (count > MOST_PAGE_VALUES) throw tooLarge('a page has more than 16,777,216 values')
    return count
  }

  #readFirst({ data_page_header: head, uncompressed_page_size: size }: Header, body: Uint8Array): void {
    const count = this.#open(head?.num_values)
    if (head === undefined || count === 0) return
    this.#hold(size + count * 8)
    const bytes = this.#chunk.unpack(body, size)
    const place: PagePlace = { bytes, at: 0, end: bytes.length }
    const levels = (most: number, encoding: string | undefined): Uint8Array | undefined => {
      if (most === 0) return undefined
      if (encoding !== 'RLE')
        throw unsupported('its levels are in an old encoding (BIT_PACKED) that Lethe does not read')
      const length = lengthAt(place)
      const end = place.at + length
      if (end > bytes.length) throw damaged('a page is cut short')
      const read = new Uint8Array(count)
      readHybrid({ bytes, at: place.at, end }, widthOf(most), read)
      place.at = end
      return read
    }
    const reps = levels(this.#maxRep, head.repetition_level_encoding)
    const defs = levels(this.#maxDef, head.definition_level_encoding)
    this.#readValues(count, reps, defs, head.encoding, place)
  }

  #readSecond({ data_page_header_v2: head, uncompressed_page_size: size }: Header, body: Uint8Array): void {
    const count = this.#open(head?.num_values)
    if (head === undefined || count === 0) return
    this.#hold(size + count * 8)
    const { repetition_levels_byte_length: repBytes, definition_levels_byte_length: defBytes } = head
    if (!(repBytes >= 0 && defBytes >= 0) || repBytes + defBytes > Math.min(size, body.length))
      throw damaged('a page is cut short')
    const levels = (most: number, at: number, length: number): Uint8Array | undefined => {
      if (most === 0) return undefined
      const read = new Uint8Array(count)
      readHybrid({ bytes: body, at, end: at + length }, widthOf(most), read)
      return read
    }
    const reps = levels(this.#maxRep, 0, repBytes)
    const defs = levels(this.#maxDef, repBytes, defBytes)
    const packed = body.subarray(repBytes + defBytes)
    const unpacked = size - repBytes - defBytes
    const bytes =
      head.is_compressed === false || (packed.length === 0 && unpacked === 0)
        ? packed
        : this.#chunk.unpack(packed, unpacked)
    this.#readValues(count, reps, defs, head.encoding, { bytes, at: 0, end: bytes.length })
  }

  #readValues(
    count: number,
    reps: Uint8Array | undefined,
    defs: Uint8Array | undefined,
    encoding: string | undefined,
    place: PagePlace,
  ): void {
    let there = count
    if (defs !== undefined) {
      there = 0
      for (const def of defs) {
        if (def > this.#maxDef) throw damaged('a page has a level that cannot be')
        if (def === this.#maxDef) there++
      }
    }
    if (reps !== undefined)
      for (const rep of reps) if (rep > this.#maxRep) throw damaged('a page has a level that cannot be')
    if (this.#before === 0 && reps !== undefined && reps[0] !== 0)
      throw damaged('a row group begins within a row')
    this.#count = count
    this.#defs = defs
    this.#reps = reps
    this.#value = 0
    this.#values = undefined
    this.#indexes = undefined
    if (this.#write === undefined) return
    if (encoding !== undefined && INDEXED.has(encoding)) this.#indexes = this.#readIndexes(place, there)
    else {
      this.#values = readValues(encoding, place, there, this.#type, (more) =>
        this.#hold(this.#heldBytes + more),
      )
      if (countOf(this.#values) !== there) throw damaged('a page has another number of values than it says')
    }
  }

  #readIndexes(place: PagePlace, count: number): Int32Array {
    const indexes = new Int32Array(count)
    if (count === 0) return indexes
    if (this.#dictionary === undefined) throw damaged('a page refers to a dictionary that is not there')
    if (place.at >= place.end) throw damaged('a page is cut short')
    const width = place.bytes[place.at++]!
    readHybrid(place, width, indexes)
    const most = this.#dictionary.count
    for (const index of indexes)
      if (index >>> 0 >= most) throw damaged('a page refers to what its dictionary has not')
    return indexes
  }
}

function lengthAt(place: PagePlace): number {
  const { bytes, at } = place
  if (at + 4 > place.end) throw damaged('a page is cut short')
  place.at += 4
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
