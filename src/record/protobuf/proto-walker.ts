/**
 * Walks messages of Protobuf, whose fields stand in any order: a place of bytes is the first occurrence of a value, or below zero
 * where there is none and its default counts.
 */
import { isUtf8 } from 'node:buffer'
import type { RecordCode } from '../../errors.ts'
import type { TypedSink } from '../kernel/typed-kernel.ts'
import { Container } from '../typed/record-type.ts'
import { type Step, type TypedProgram, Way } from '../typed/typed-program.ts'
import { type TypedReader, TypedWalker, type WalkerOptions } from '../typed/typed-walker.ts'
import { Leaf } from './proto-leaf.ts'
import { MALFORMED, ProtoReader } from './proto-reader.ts'
import type { ProtoType } from './proto-type.ts'
import type { ProtoValues } from './proto-values.ts'

type ProtoStep = Step<ProtoType>

/** Behind what could be read: an occurrence says nothing of where it ends. */
const READ = 0
const FAILED = -1
const read = (isRead: boolean): number => (isRead ? READ : FAILED)

/** The number of a type, as programs have it. */
export const protoCode = ({ kind, leaf }: ProtoType): number =>
  kind === 'leaf' || kind === 'null' ? leaf : Container[kind]

export class ProtoWalker implements TypedReader<ProtoType>, TypedSink<ProtoType> {
  readonly typed: TypedWalker<ProtoType>
  readonly #reader: ProtoReader
  readonly values: ProtoValues
  readonly tellsFields = true
  found = 0

  constructor(options: WalkerOptions) {
    this.typed = new TypedWalker(this, options)
    this.#reader = new ProtoReader(
      (values, room) => this.typed.grow(values, room),
      (node, name) => this.typed.noteUnlisted(node, [name]),
    )
    this.values = this.#reader.values
  }

  /** Walks the message `bytes[start..end)`; gives undefined, or why it is none. */
  walk(program: TypedProgram<ProtoType>, start: number, end: number, scope: number): RecordCode | undefined {
    const { typed } = this
    typed.begin(program, start)
    const record = this.#reader.begin(start, end, typed.mostTextBytes)
    return typed.end(typed.record(record, scope) >= 0)
  }

  leaf({ type }: ProtoStep, head: number, depth: number): number {
    return read(this.#reader.leaf(type, head, depth))
  }

  /** What is not listed was skipped by its length. */
  pass(): number {
    return READ
  }

  json(type: ProtoType, head: number, depth: number): number {
    return read(this.#reader.json(type, head, depth))
  }

  branch({ type }: ProtoStep, head: number, depth: number): number {
    const index = this.#reader.resolve(type, head, depth)
    this.found = this.#reader.resolved
    return index
  }

  isEmpty({ type }: ProtoStep, head: number): boolean {
    if (type.leaf !== Leaf.string && type.leaf !== Leaf.bytes) return false
    const at = this.#reader.lastOf(head)
    return at < 0 || this.#reader.starts[at] === this.#reader.ends[at]
  }

  fieldName(name: Uint8Array): boolean {
    return this.values.ascii(name)
  }

  container(step: ProtoStep, head: number, scope: number, depth: number): number {
    const reader = this.#reader
    const { count, top } = reader
    const isRead =
      step.code === Container.record
        ? this.#message(step, head, scope, depth)
        : step.code === Container.array
          ? this.#list(step, head, scope, depth)
          : this.#map(step, head, scope, depth)
    reader.count = count
    reader.top = top
    return read(isRead)
  }

  #message(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    const { node, fields, type } = step
    const reader = this.#reader
    const object = this.typed.openRecord(step)
    const base = reader.collect(type, head, depth, fields, node.kind === 'map' ? undefined : node)
    if (base < 0) return false
    for (let at = 0; at < fields.length; at++) {
      const field = fields[at]!
      const first = reader.heads[base + at]!
      if (field.way === Way.skip || (first < 0 && !type.fields[at]!.isImplicit)) continue
      if (this.typed.field(field, node, first, scope, depth, object) < 0) return false
    }
    this.typed.close(node, scope, object)
    return true
  }

  #list(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    const items = this.#reader.itemsOf(step.type, head, depth - 1)
    if (items === MALFORMED) return false
    const item = step.item!
    const counted = this.typed.openArray(step)
    let count = 0
    const isRead = this.#reader.each(item.type, items, (element) => {
      count++
      return this.typed.element(item, element, scope, depth) >= 0
    })
    this.typed.closeArray(step, counted, count)
    return isRead
  }

  #map(step: ProtoStep, head: number, scope: number, depth: number): boolean {
    const items = this.#reader.itemsOf(step.type, head, depth - 1)
    if (items === MALFORMED) return false
    const { node, type } = step
    const isMap = node.kind === 'map'
    const counted = this.typed.openMap(step)
    const object = this.typed.newObject()
    let count = 0
    const isRead = this.#reader.entries(type, items, depth, (name, value) => {
      if (isMap) {
        count++
        if (this.typed.namesLeave(node) && !this.values.name(name)) return false
        return this.typed.item(step, value, scope, depth) >= 0
      }
      // What is no UTF-8 would be read as other names that are.
      if (!isUtf8(name)) return this.values.fail('bad-utf8') >= 0
      return this.typed.dynamic(step, Buffer.from(name).toString('utf8'), value, scope, depth, object) >= 0
    })
    this.typed.closeMap(step, counted, count, scope, object)
    return isRead
  }

  noteRaw(): void {}

  // What the kernel walked.

  get text(): ProtoValues {
    return this.values
  }

  noted(words: Int32Array): void {
    this.typed.append(words)
  }

  raw(): void {}

  late(type: ProtoType, start: number, end: number, at: number): void {
    const { typed } = this
    typed.writeAt(at)
    const occurrence = this.#reader.begin(start, end, typed.mostTextBytes)
    if (!this.#reader.leaf(type, occurrence, 0)) throw new Error('a kernel took what is no value')
  }
}
