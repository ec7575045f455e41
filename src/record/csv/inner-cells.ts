/** Cells that hold an object or array as JSON: they are walked as records are, and written as JSON in a cell again. */
import { Nothing } from '../../../transforms/transform.ts'
import type { RecordCode } from '../../errors.ts'
import type { PlanCarrier } from '../../policy/plan.ts'
import { type Block, SlotKind } from '../block.ts'
import { ByteSink } from '../byte-sink.ts'
import { BLOCK_RECORDS, type ScanCounts } from '../codec.ts'
import type { Format } from '../format.ts'
import { Form } from '../json/json-ops.ts'
import { jsonString, unescapeJson } from '../json/json-text.ts'
import { JsonWalker } from '../json/json-walker.ts'
import { JsonWriter, jsonFormat } from '../json/json-writer.ts'
import { newNames } from '../names.ts'
import { nodeAt, type Shape } from '../shape.ts'
import type { ShapeNode } from '../shape-node.ts'

interface Cell {
  /** Which column of the input. */
  readonly column: number
  readonly carrier: PlanCarrier
  readonly node: ShapeNode
  /** The container of members made of other values, where the input's own is only read; else -1. */
  readonly container: number
}

const NO_TEXT = new Nothing('')

export interface InnerOptions {
  readonly rejectUnlisted: boolean
  readonly showNames: boolean
}

export class InnerCells {
  readonly #walker: JsonWalker
  readonly #writer: JsonWriter
  readonly #cells: readonly Cell[]
  readonly #decoded: (raw: string) => string
  readonly #sink = new ByteSink(0)
  #block!: Block
  /** By record of the block and cell: its first operation, and behind its last one. */
  readonly #ops: Int32Array
  /** The same: the text of a cell in which nothing stands. */
  readonly #texts: string[] = []

  /** `columns`: those of the input that hold JSON, with their places. `decoded`: of what stands in quotes. */
  constructor(
    shape: Shape,
    columns: readonly { readonly column: number; readonly carrier: PlanCarrier }[],
    decoded: (raw: string) => string,
    options: InnerOptions,
  ) {
    this.#walker = new JsonWalker(shape, options.rejectUnlisted)
    if (options.showNames) this.#walker.names = newNames()
    this.#writer = new JsonWriter(shape)
    this.#decoded = decoded
    this.#cells = columns.map(({ column, carrier }) => ({
      column,
      carrier,
      node: nodeAt(shape.root, carrier.path.segments)!,
      container: shape.containers.findIndex(({ text }) => text === carrier.path.text),
    }))
    this.#ops = new Int32Array(BLOCK_RECORDS * this.#cells.length * 2)
  }

  /** Starts a block. */
  open(block: Block): void {
    this.#block = block
    this.#walker.open(block.bytes, block)
    this.#texts.length = 0
  }

  /**
   * Walks the cells of a record, which stand at these places by column; adds their slots. Gives undefined, or why the record
   * fails. `quoted`: 1 where a cell has to be decoded.
   */
  walk(record: number, starts: Int32Array, ends: Int32Array, quoted: Uint8Array): RecordCode | undefined {
    const { ops } = this.#walker
    const scope = this.#block.recordScope[record]!
    this.#walker.texts.open()
    for (const [at, cell] of this.#cells.entries()) {
      const place = record * this.#cells.length + at
      this.#ops[place * 2] = ops.count
      const { column } = cell
      this.#walk(place, cell, starts[column]!, ends[column]!, quoted[column] === 1, scope)
      this.#ops[place * 2 + 1] = ops.count
    }
    this.#walker.settleNames()
    return this.#walker.texts.code
  }

  #walk(
    place: number,
    { carrier, node, container }: Cell,
    start: number,
    end: number,
    isQuoted: boolean,
    scope: number,
  ): void {
    const { ops, texts } = this.#walker
    const text = start === end ? NO_TEXT : this.#put(start, end, isQuoted, carrier)
    this.#texts[place] = text instanceof Nothing && node.emitted ? text.text : ''
    if (text === undefined) return
    const { length } = carrier.path.segments
    if (!(text instanceof Nothing)) texts.walk(text, this.#block.innerEnd, node, scope, length)
    else if (node.emitted) ops.addForm(Form.inCell, node.id, scope)
    if (!node.emitted && container >= 0) ops.addForm(Form.derivedInCell, container, scope)
  }

  #put(start: number, end: number, isQuoted: boolean, carrier: PlanCarrier): number | Nothing | undefined {
    const block = this.#block
    const decoded = isQuoted ? this.#decoded : (raw: string) => raw
    return this.#walker.texts.put(
      start,
      end,
      carrier,
      (source, from, to, out, at) => {
        if (isQuoted) {
          const memory = Buffer.from(out.buffer, out.byteOffset, out.byteLength)
          return at + memory.write(decoded(block.decode(from, to)), at, 'utf8')
        }
        out.set(source.subarray(from, to), at)
        return at + to - from
      },
      decoded,
    )
  }

  /** The text of the cell `at`, a place among the cells; good until the next call. Undefined where two names became one. */
  textOf(record: number, at: number): string | undefined {
    const place = record * this.#cells.length + at
    const sink = this.#sink
    sink.length = 0
    const [from, to] = [this.#ops[place * 2]!, this.#ops[place * 2 + 1]!]
    if (!this.#writer.write(this.#block, this.#walker.ops, from, to, sink)) return undefined
    if (sink.length === 0) return this.#texts[place]!
    return Buffer.from(sink.bytes.buffer, sink.bytes.byteOffset, sink.length).toString('utf8')
  }

  /** Members that no rule names, since the last call. */
  takeCounts(): Pick<ScanCounts, 'unlisted' | 'names'> {
    const { unlisted, names } = this.#walker
    this.#walker.unlisted = 0
    if (names !== undefined) this.#walker.names = newNames()
    return { unlisted, names }
  }
}

/**
 * The format of a file with such cells: what stands in one is read as JSON, and written as JSON where it stays in one.
 * @param csv the format of the other cells
 * @param inside by field whose output is made of another input: whether it stands in such a cell
 */
export function withInner(
  csv: Format,
  decoded: (raw: string) => string,
  inside: ReadonlyMap<number, boolean>,
): Format {
  const isInner = (block: Block, slot: number): boolean => block.slotStart[slot]! >= block.innerFrom
  const text = (block: Block, slot: number): string =>
    (isInner(block, slot) ? jsonFormat : csv).text(block, slot)
  /** What says that nothing is there: a word for it, or none. */
  const nothing = (block: Block, slot: number): string => {
    const raw = block.decode(block.slotStart[slot]!, block.slotEnd[slot]!)
    if (!isInner(block, slot)) return decoded(raw)
    return raw[0] === '"' ? unescapeJson(raw.slice(1, -1)) : raw === 'null' ? '' : raw
  }
  const textFor = (block: Block, slot: number): string =>
    block.slotKind[slot] === SlotKind.nothing ? nothing(block, slot) : text(block, slot)
  const json: Format = {
    ...jsonFormat,
    text,
    copy(block, slot) {
      if (isInner(block, slot)) jsonFormat.copy(block, slot)
      else block.setText(slot, jsonString(textFor(block, slot)))
    },
  }
  const cell: Format = {
    ...csv,
    text,
    copy(block, slot) {
      if (isInner(block, slot)) block.setText(slot, csv.writeString(textFor(block, slot), false))
      else csv.copy(block, slot)
    },
    ofSlot: (block, slot, field) => ((inside.get(field) ?? isInner(block, slot)) ? json : cell),
  }
  return cell
}
