/** Records of other formats that leave as JSON. */
import type { Block } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { BLOCK_RECORDS } from '../codec.ts'
import { JsonKernels } from '../kernel/json-kernel.ts'
import type { Shape } from '../shape.ts'
import type { JsonOps } from './json-ops.ts'
import { JsonWriter } from './json-writer.ts'

const LF = 0x0a

/**
 * Writes records as JSON whose texts a walk over another format put behind the chunk: by a kernel where one can.
 * `first`: first operation of each record of the block, and behind them where the last one's end.
 */
export class JsonRecords {
  readonly #writer: JsonWriter
  readonly #kernels: JsonKernels | undefined
  /** Of each record to write, from which operation to which it goes. */
  readonly #ranges = new Int32Array(BLOCK_RECORDS * 2)

  /** `fields`: how many the value of the plan has; `kernels`: whether one may write. */
  constructor(shape: Shape, fields: number, kernels: boolean) {
    this.#writer = new JsonWriter(shape)
    const canKernel = kernels && shape.openNodes === undefined
    this.#kernels = canKernel ? new JsonKernels(shape, fields, false, BLOCK_RECORDS) : undefined
  }

  /** Writes one record from operations `[from, to)`, without a line feed; false, and nothing written, if two names of a map became one. */
  one(block: Block, ops: JsonOps, from: number, to: number, sink: ByteSink): boolean {
    return this.#writer.write(block, ops, from, to, sink)
  }

  write(
    block: Block,
    ops: JsonOps,
    first: Int32Array,
    passing: Int32Array,
    count: number,
    sink: ByteSink,
    ends: Int32Array | undefined,
  ): void {
    const ranges = this.#ranges
    for (let index = 0; index < count; index++) {
      ranges[index * 2] = first[passing[index]!]!
      ranges[index * 2 + 1] = first[passing[index]! + 1]!
    }
    const writeOne = (index: number): void => {
      if (this.#writer.write(block, ops, ranges[index * 2]!, ranges[index * 2 + 1]!, sink)) sink.byte(LF)
      else {
        block.fail(passing[index]!, 'map-name-collision', -1)
        passing[index] = -1
      }
    }
    const from = sink.length
    // The kernels know no names that patterns and tags let through.
    const kernel = ops.texts.length > 0 ? undefined : this.#kernels?.for(block.innerTo - block.innerFrom)
    if (kernel?.openTexts(block.bytes, block.innerFrom, block.innerTo))
      kernel.write(block, ops, ranges, count, sink, true, writeOne)
    else for (let index = 0; index < count; index++) writeOne(index)
    if (ends !== undefined) noteEnds(sink, from, passing, count, ends)
  }
}

/** Records of JSON that are written here hold no line break. Over the same memory a Buffer finds bytes faster. */
function noteEnds(sink: ByteSink, from: number, records: Int32Array, count: number, ends: Int32Array): void {
  const written = Buffer.from(sink.bytes.buffer, sink.bytes.byteOffset, sink.length)
  for (let index = 0, start = from; index < count; index++) {
    if (records[index]! < 0) continue
    ends[index] = written.indexOf(LF, start)
    start = ends[index]! + 1
  }
}
