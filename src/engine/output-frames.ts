/** Values that leave as JSON in the frame of a schema registry: each names the schema that says what can leave. */
import { type Block, ResultKind } from '../record/block.ts'
import { hasType } from '../record/json/json-output-schema.ts'
import { ANY_TYPE } from '../record/json/json-types.ts'
import { FRAME_BYTES, frameOf } from '../record/wire-form.ts'
import type { OutcomeBatch } from './outcome-batch.ts'

/** What is written for the records of one schema. */
export interface FramedBy {
  readonly id: number
  /** By field of the plan, the types that its results may have: bits of `JsonType`. */
  readonly types: Uint8Array
}

/** What is written for values that name the schema of an id; undefined where nothing may be. */
export type FramesOf = (id: number) => FramedBy | undefined

export class OutputFrames {
  readonly #framesOf: FramesOf
  /** By message of the batch. */
  #by: (FramedBy | undefined)[] = []

  constructor(framesOf: FramesOf) {
    this.#framesOf = framesOf
  }

  /** Starts a batch; `ids`: by message, the id of its schema. */
  open(count: number, idOf: (index: number) => number): void {
    this.#by = Array.from({ length: count }, (_, index) => this.#framesOf(idOf(index)))
  }

  /** Fails the records `[from, to)` of a block whose results are not of the types of their schema. */
  check(block: Block, from: number, to: number, messageAt: (record: number) => number): void {
    for (let record = from; record < to; record++)
      if (block.recordOut[record] === 0 && this.#by[messageAt(record)] === undefined)
        block.fail(record, 'schema-refused', -1)
    for (let field = 0; field < block.fieldSlots.length; field++) {
      const slots = block.fieldSlots[field]!
      const end = block.placeOf(field, to)
      for (let at = block.placeOf(field, from); at < end; at++) {
        const slot = slots[at]!
        const record = block.slotRecord[slot]!
        if (block.recordOut[record] !== 0) continue
        const types = this.#by[messageAt(record)]!.types[field] ?? ANY_TYPE
        if (types !== ANY_TYPE && !isOf(block, slot, types)) block.fail(record, 'output-unwritable', -1)
      }
    }
  }

  /** Puts the frames in front of what is published. */
  frame(outcomes: OutcomeBatch, output: Uint8Array): Uint8Array<ArrayBuffer> {
    let published = 0
    for (let index = 0; index < outcomes.length; index++) if (outcomes.kind(index) === 'publish') published++
    const framed = new Uint8Array(output.length + published * FRAME_BYTES)
    let at = 0
    outcomes.move((index, start, end) => {
      framed.set(frameOf(this.#by[index]!.id), at)
      framed.set(output.subarray(start, end), at + FRAME_BYTES)
      const began = at
      at += FRAME_BYTES + end - start
      return [began, at]
    })
    return framed
  }
}

function isOf(block: Block, slot: number, types: number): boolean {
  const start = block.resultStart[slot]!
  const end = block.resultEnd[slot]!
  switch (block.resultKind[slot]) {
    case ResultKind.dropped:
      return true
    case ResultKind.arena:
      return hasType(QUOTED, 0, 1, types)
    case ResultKind.source:
      return hasType(block.bytes, start, end, types)
    default:
      return hasType(block.arena.bytes, start, end, types)
  }
}

const QUOTED = new Uint8Array([0x22])
