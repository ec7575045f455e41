/** Walks records of Avro, whose fields stand in the order of the writer's schema: a place of bytes is a position in the chunk. */
import type { RecordCode } from '../../errors.ts'
import { doubled } from '../block.ts'
import type { TypedSink } from '../kernel/typed-kernel.ts'
import { Container } from '../typed/record-type.ts'
import type { Step, TypedProgram } from '../typed/typed-program.ts'
import { type TypedReader, TypedWalker, type WalkerOptions } from '../typed/typed-walker.ts'
import { writePlain } from '../value-texts.ts'
import type { AvroType } from './avro-schema.ts'
import { AvroValues, Code, codeOf } from './avro-values.ts'

type AvroStep = Step<AvroType>

export class AvroWalker implements TypedReader<AvroType>, TypedSink<AvroType> {
  readonly typed: TypedWalker<AvroType>
  readonly values: AvroValues
  /** Each record tells all of its fields. */
  readonly tellsFields = false
  found = 0
  /** By slot, where its value stands in the chunk. */
  rawStart: Int32Array<ArrayBuffer>
  rawEnd: Int32Array<ArrayBuffer>
  readonly #types: (AvroType | undefined)[] = []

  constructor(options: WalkerOptions) {
    this.typed = new TypedWalker(this, options)
    this.values = new AvroValues((values, room) => this.typed.grow(values, room))
    this.rawStart = new Int32Array(options.isTold ? 4096 : 0)
    this.rawEnd = new Int32Array(options.isTold ? 4096 : 0)
  }

  /** Walks the record `bytes[start..end)`; gives undefined, or why it is none. */
  walk(program: TypedProgram<AvroType>, start: number, end: number, scope: number): RecordCode | undefined {
    const { typed } = this
    typed.begin(program, start)
    this.values.begin(start, end, typed.mostTextBytes)
    const p = typed.record(start, scope)
    const code = typed.end(p >= 0)
    return p < 0 || p === end ? code : 'payload-malformed'
  }

  /** Of which type of the schema the value of a slot is; undefined for names. */
  typeOf(slot: number): AvroType | undefined {
    return this.#types[slot]
  }

  leaf({ code, type }: AvroStep, p: number): number {
    return this.values.leaf(code, type, p)
  }

  pass(type: AvroType, p: number, depth: number): number {
    return this.values.skip(type, p, depth)
  }

  json(type: AvroType, p: number, depth: number): number {
    return this.values.json(type, p, depth)
  }

  branch({ branches }: AvroStep, p: number): number {
    const { values } = this
    this.found = values.length(p)
    if (this.found < 0) return -1
    const { index } = values
    return branches[index] !== undefined && values.count() ? index : values.fail(values.code)
  }

  /** A text or bytes of no length are one byte: their length. */
  isEmpty({ code }: AvroStep, p: number, end: number): boolean {
    return (code === Code.string || code === Code.bytes) && end - p === 1
  }

  fieldName(name: Uint8Array): boolean {
    return writePlain(this.values, name, 0, name.length)
  }

  container(step: AvroStep, p: number, scope: number, depth: number): number {
    if (step.code === Container.record) return this.#record(step, p, scope, depth)
    return step.code === Container.array
      ? this.#array(step, p, scope, depth)
      : this.#map(step, p, scope, depth)
  }

  /** Fields of a record, from its first. */
  #record(step: AvroStep, p: number, scope: number, depth: number): number {
    const { node, fields } = step
    const object = this.typed.openRecord(step)
    if (step.unlisted.length > 0) this.typed.noteUnlisted(node, step.unlisted)
    for (let at = 0; at < fields.length; at++) {
      p = this.typed.field(fields[at]!, node, p, scope, depth, object)
      if (p < 0) return p
    }
    this.typed.close(node, scope, object)
    return p
  }

  #array(step: AvroStep, p: number, scope: number, depth: number): number {
    const { values } = this
    const item = step.item!
    const counted = this.typed.openArray(step)
    let items = 0
    for (;;) {
      p = values.block(p)
      if (p < 0) return p
      let count = values.index
      if (count === 0) break
      const { blockEnd } = values
      for (; count > 0; count--) {
        items++
        p = this.typed.element(item, p, scope, depth)
        if (p < 0) return p
      }
      if (blockEnd >= 0 && p !== blockEnd) return values.fail('payload-malformed')
    }
    this.typed.closeArray(step, counted, items)
    return p
  }

  #map(step: AvroStep, p: number, scope: number, depth: number): number {
    const { values } = this
    const isMap = step.node.kind === 'map'
    const counted = this.typed.openMap(step)
    const object = this.typed.newObject()
    const names = new Set<string>()
    let items = 0
    for (;;) {
      p = values.block(p)
      if (p < 0) return p
      let count = values.index
      if (count === 0) break
      const { blockEnd } = values
      for (; count > 0; count--) {
        const { at } = values
        p = values.key(p, names)
        if (p < 0) return p
        if (isMap) {
          items++
          p = this.typed.item(step, p, scope, depth)
        } else {
          // The text of the name is not needed.
          values.at = at
          const { keyFrom, keyTo, bytes } = values
          const name = Buffer.from(bytes.buffer, bytes.byteOffset + keyFrom, keyTo - keyFrom)
          p = this.typed.dynamic(step, name.toString('utf8'), p, scope, depth, object)
        }
        if (p < 0) return p
      }
      if (blockEnd >= 0 && p !== blockEnd) return values.fail('payload-malformed')
    }
    this.typed.closeMap(step, counted, items, scope, object)
    return p
  }

  noteRaw(slot: number, step: AvroStep | undefined, start: number, end: number): void {
    this.#reserve(slot + 1)
    this.rawStart[slot] = start
    this.rawEnd[slot] = end
    this.#types[slot] = step?.type
  }

  #reserve(slots: number): void {
    if (slots <= this.rawStart.length) return
    this.rawStart = doubled(this.rawStart, slots * 2)
    this.rawEnd = doubled(this.rawEnd, slots * 2)
  }

  // What the kernel walked.

  get text(): AvroValues {
    return this.values
  }

  noted(words: Int32Array): void {
    this.typed.append(words)
  }

  raw(
    slot: number,
    starts: Int32Array,
    ends: Int32Array,
    types: readonly AvroType[],
    steps: Int32Array,
  ): void {
    this.#reserve(slot + starts.length)
    this.rawStart.set(starts, slot)
    this.rawEnd.set(ends, slot)
    for (let at = 0; at < steps.length; at++) this.#types[slot + at] = types[steps[at]!]
  }

  late(type: AvroType, start: number, end: number, at: number): void {
    const { values, typed } = this
    typed.writeAt(at)
    values.begin(start, end, typed.mostTextBytes)
    if (values.leaf(codeOf(type), type, start) !== end) throw new Error('a kernel took what is no value')
  }
}
