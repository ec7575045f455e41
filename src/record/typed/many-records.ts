/** Many records of a format at once, by the kernel: those that are common. */
import type { Block } from '../block.ts'
import { TypedKernel, type TypedKernelParts, type TypedSink } from '../kernel/typed-kernel.ts'
import { FRAME_BYTES } from '../wire-form.ts'
import type { RecordType } from './record-type.ts'
import type { TypedProgram } from './typed-program.ts'

/** Of fewer records in a chunk the walker makes as much in less memory. */
const LEAST_RECORDS = 16

export interface ManyRecords<Known> {
  readonly unlisted: number
  readonly firstNoted: Int32Array
  open(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    knownAt: (index: number) => Known | undefined,
  ): void
  take(block: Block, starts: Int32Array, at: number, most: number, line: number): number
}

export class KernelRecords<Known, T extends RecordType<T>> implements ManyRecords<Known> {
  readonly #parts: TypedKernelParts<T>
  readonly #sink: TypedSink<T>
  readonly #programOf: (known: Known, bytes: Uint8Array, start: number) => TypedProgram<T> | undefined
  /** A record was taken. */
  readonly #took: (known: Known, record: number) => void
  #kernel: TypedKernel<T> | undefined
  #isAsked = false
  #isOpen = false
  readonly #known: (Known | undefined)[] = []

  /** `programOf`: by what the record whose payload begins at `start` is walked; undefined where the walker takes it. */
  constructor(
    parts: TypedKernelParts<T>,
    sink: TypedSink<T>,
    programOf: (known: Known, bytes: Uint8Array, start: number) => TypedProgram<T> | undefined,
    took: (known: Known, record: number) => void,
  ) {
    this.#parts = parts
    this.#sink = sink
    this.#programOf = programOf
    this.#took = took
  }

  get unlisted(): number {
    return this.#kernel!.unlisted
  }

  get firstNoted(): Int32Array {
    return this.#kernel!.firstNoted
  }

  open(
    bytes: Uint8Array,
    starts: Int32Array,
    ends: Int32Array,
    knownAt: (index: number) => Known | undefined,
  ): void {
    this.#isOpen = false
    if (starts.length < LEAST_RECORDS) return
    if (!this.#isAsked) this.#kernel = TypedKernel.open(this.#parts)
    this.#isAsked = true
    const known = this.#known
    known.length = 0
    this.#isOpen =
      this.#kernel?.open(bytes, starts, ends, (index) => {
        const own = knownAt(index)
        known.push(own)
        return own && this.#programOf(own, bytes, starts[index]! + FRAME_BYTES)
      }) === true
  }

  take(block: Block, starts: Int32Array, at: number, most: number, line: number): number {
    if (!this.#isOpen) return 0
    const record = block.recordCount
    const taken = this.#kernel!.scan(block, this.#sink, starts, at, most, line)
    for (let index = 0; index < taken; index++) this.#took(this.#known[at + index]!, record + index)
    return taken
  }
}
