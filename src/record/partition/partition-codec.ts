/**
 * Parts the records of another codec by values of the output, after the rules. What leaves a chunk are frames, one for each partition in
 * the order of their first records: rows, bytes of the folder's name and of the records, as whole numbers of 32 bits, then both.
 */
import type { Block } from '../block.ts'
import { ByteSink } from '../byte-sink.ts'
import type { Codec } from '../codec.ts'
import { codecAround } from '../codec-around.ts'
import type { Shredder } from '../columns/column-codec.ts'
import { writeFrame } from '../columns/column-frame.ts'
import { partitionFolder } from './partition-path.ts'

/** What takes the values of partitions out of records. */
export interface RecordCut {
  /** Of the record that was taken last: the texts of its values; null where there is none. */
  readonly values: readonly (string | null)[]
  /** Where the next record begins. */
  readonly end: number
  /** Writes the record at `start` without its values, and with its line break. */
  take(bytes: Uint8Array, start: number, out: ByteSink): void
}

export interface PartitionForm {
  /** What the folders call each value. */
  readonly labels: readonly string[]
  readonly cut: RecordCut
  /** The most partitions that there may be. */
  readonly most: number
  /** Where records leave as frames of columns: a new one for each partition. */
  readonly shredder: (() => Shredder) | undefined
}

interface Part {
  readonly folder: string
  readonly bytes: ByteSink
  readonly shredder: Shredder | undefined
  rows: number
}

const SCRATCH = 1 << 16

/** Takes the records of `inner` apart by their values. */
export function partitionCodec(inner: Codec, form: PartitionForm): Codec {
  const text = new ByteSink(SCRATCH)
  const parts = new ChunkParts(form)
  let block!: Block
  return codecAround(inner, {
    open(opened, bytes, length, utf8) {
      block = opened
      inner.open(opened, bytes, length, utf8)
    },
    write(passing, count) {
      text.length = 0
      inner.write(passing, count, text)
      let at = 0
      for (let index = 0; index < count; index++) {
        const record = passing[index]!
        if (record < 0) continue
        const fits = parts.take(text.bytes, at)
        at = form.cut.end
        if (fits) continue
        block.fail(record, 'output-unwritable', -1)
        passing[index] = -1
      }
    },
    flush: (sink) => parts.flush(sink),
  })
}

/** The partitions of a chunk. */
class ChunkParts {
  readonly #form: PartitionForm
  readonly #record = new ByteSink(1024)
  /** Those of the chunk at hand, in the order of their first records. */
  #parts = new Map<string, Part>()
  /** Those that have no records now, which take the place of new ones. */
  readonly #spare: Part[] = []
  /** The chunk at hand has records of more partitions than there may be. */
  #areTooMany = false

  constructor(form: PartitionForm) {
    this.#form = form
  }

  /** Takes the record at `start`; false where it has no place. */
  take(bytes: Uint8Array, start: number): boolean {
    const { cut } = this.#form
    this.#record.length = 0
    cut.take(bytes, start, this.#record)
    return this.#add(cut.values)
  }

  /** Adds the record at hand to its partition; false where it has no place there. */
  #add(values: readonly (string | null)[]): boolean {
    const names = this.#form.labels.map((label, i) => partitionFolder(label, values[i]!))
    if (names.includes(undefined)) return false
    const folder = names.join('/')
    const known = this.#parts.get(folder)
    if (known === undefined && this.#parts.size >= this.#form.most) {
      // Nothing will be published: what becomes of the record is not told any more.
      this.#areTooMany = true
      return true
    }
    const part = known ?? this.#newPart(folder)
    const { bytes, length } = this.#record
    if (part.shredder === undefined) part.bytes.copy(bytes, 0, length)
    else if (!part.shredder.add(bytes, 0)) {
      if (known === undefined) this.#parts.delete(folder)
      return false
    }
    part.rows++
    return true
  }

  #newPart(folder: string): Part {
    const { bytes, shredder } = this.#spare.pop() ?? {
      bytes: new ByteSink(256),
      shredder: this.#form.shredder?.(),
    }
    bytes.length = 0
    const part: Part = { folder, bytes, shredder, rows: 0 }
    this.#parts.set(folder, part)
    return part
  }

  /** The chunk ends. */
  flush(sink: ByteSink): void {
    for (const part of this.#parts.values()) {
      const { folder, bytes, shredder, rows } = part
      if (shredder !== undefined) writeFrame(shredder.columns, rows, bytes)
      const name = Buffer.from(folder, 'utf8')
      const head = new Uint8Array(Int32Array.of(rows, name.length, bytes.length).buffer)
      sink.append(head)
      sink.append(name)
      sink.copy(bytes.bytes, 0, bytes.length)
      if (this.#spare.length < MOST_SPARE) this.#spare.push(part)
    }
    this.#parts = new Map()
    if (this.#areTooMany) sink.append(new Uint8Array(12))
  }
}

/** Partitions whose memory is kept for the next chunk. */
const MOST_SPARE = 64

export interface PartFrame {
  readonly rows: number
  /** Empty: there are more than there may be. */
  readonly folder: string
  readonly bytes: Uint8Array
}

/** Reads frames; their bytes are views of `bytes`. */
export function* readPartFrames(bytes: Uint8Array): Generator<PartFrame> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; ) {
    const [rows, name, size] = [view.readInt32LE(at), view.readInt32LE(at + 4), view.readInt32LE(at + 8)]
    const from = at + 12 + name
    yield { rows, folder: view.toString('utf8', at + 12, from), bytes: bytes.subarray(from, from + size) }
    at = from + size
  }
}
