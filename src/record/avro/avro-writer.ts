/**
 * Writes records of Avro, by the types of the output, from the tokens of a walk and the results of the rules. What the policy
 * keeps is copied as its bytes stand.
 *
 * Tokens, in the order of the writer's schema, of what is told: of a union the index of its branch; of an array or map the
 * count of its items, and of each item of a map first the slot of its name; of a value its slot; of a record with derived
 * members, behind its fields, its scope.
 */
import type { RecordCode } from '../../errors.ts'
import { type Block, ResultKind } from '../block.ts'
import type { ByteSink } from '../byte-sink.ts'
import { isJsonNumber } from '../json/json-text.ts'
import type { Step as StepOf } from '../typed/typed-program.ts'
import type { AvroType } from './avro-schema.ts'
import { Code } from './avro-values.ts'
import type { AvroWalker } from './avro-walker.ts'
import type { DerivedField, Out, OutRecord } from './output-type.ts'

type Step = StepOf<AvroType>

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
/** Numbers of so many digits, and a sign, a double holds. */
const MOST_DIGITS = 15

class Unwritable extends Error {
  readonly code: RecordCode
  constructor(code: RecordCode) {
    super(code)
    this.code = code
  }
}

export class AvroWriter {
  readonly #walker: AvroWalker
  #block!: Block
  #sink!: ByteSink
  #at = 0
  /** What the walk noted. */
  #tokens: Int32Array = new Int32Array(0)
  #rawStart: Int32Array = this.#tokens
  #rawEnd: Int32Array = this.#tokens

  constructor(walker: AvroWalker) {
    this.#walker = walker
  }

  /** Writes one record, whose tokens begin at `from`; gives why it cannot be written, and nothing is then. */
  write(block: Block, step: Step, out: Out, from: number, sink: ByteSink): RecordCode | undefined {
    this.#block = block
    this.#sink = sink
    this.#at = from
    const walker = this.#walker
    this.#tokens = walker.typed.tokens
    this.#rawStart = walker.rawStart
    this.#rawEnd = walker.rawEnd
    const began = sink.length
    try {
      this.#value(step, out, false)
      return undefined
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error
      sink.length = began
      return error.code
    }
  }

  #token(): number {
    return this.#tokens[this.#at++]!
  }

  /** An int or long of `MOST_DIGITS` digits at most: a double holds twice of it exactly. */
  #long(value: number): void {
    const sink = this.#sink
    let rest: number
    if (value >= -0x40000000 && value < 0x40000000) rest = ((value << 1) ^ (value >> 31)) >>> 0
    else {
      rest = value < 0 ? -2 * value - 1 : 2 * value
      for (; rest > 0xffffffff; rest = Math.floor(rest / 128)) sink.byte((rest % 128) | 0x80)
    }
    for (; rest > 0x7f; rest >>>= 7) sink.byte((rest & 0x7f) | 0x80)
    sink.byte(rest)
  }

  #big(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 0x7fn) {
      this.#sink.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.#sink.byte(Number(rest))
  }

  /** The place of a branch, where there are several. */
  #branch(out: Out, at: number): void {
    if (at < 0) throw new Unwritable('output-unwritable')
    if (out.branches.length > 1) this.#sink.byte(at << 1)
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    this.#long(end - start)
    this.#sink.copy(bytes, start, end)
  }

  /** Writes a value. False, and nothing written, where it is dropped and `mayDrop`. */
  #value(step: Step, out: Out, mayDrop: boolean): boolean {
    const { code, node } = step
    if (code === Code.union) return this.#value(step.branches[this.#token()]!, out, mayDrop)
    if (node.kind === 'scalar' || node.kind === 'subtree')
      return this.#slot(this.#token(), out, step, mayDrop)
    if (code < Code.array) {
      if (node.tree === undefined) this.#branch(out, out.nullAt)
      else this.#derivedAlone(step, out, this.#token())
      return true
    }
    // Patterns and tags lead to nothing in it.
    if (!step.told && node.kind === 'open') {
      this.#branch(out, out.nullAt)
      return true
    }
    const at = out.containerAt.get(step) ?? -1
    this.#branch(out, at)
    const branch = out.branches[at]!
    if (branch.kind === 'record') this.#record(step, branch.record)
    else if (branch.kind === 'array') this.#array(step, branch.item)
    else if (branch.kind === 'map') this.#map(step, branch.item)
    return true
  }

  #record(step: Step, { fields, derived }: OutRecord): void {
    for (const field of fields) this.#value(field.step, field.out, false)
    if (step.node.tree === undefined) return
    const scope = this.#token()
    for (const one of derived) this.#derived(one, scope)
  }

  /** Null stands where the record would: it is one of its derived members, if there are any. */
  #derivedAlone(step: Step, out: Out, scope: number): void {
    const branch = out.branches.findIndex(
      (one, at) =>
        one.kind === 'record' &&
        [...out.containerAt].some(([of, place]) => place === at && of.node === step.node),
    )
    const found = out.branches[branch]
    if (found?.kind !== 'record' || !found.record.derived.some((one) => this.#isThere(one, scope))) {
      this.#branch(out, out.nullAt)
      return
    }
    this.#branch(out, branch)
    for (const field of found.record.fields) this.#branch(field.out, field.out.nullAt)
    for (const one of found.record.derived) this.#derived(one, scope)
  }

  #isThere({ field, record }: DerivedField, scope: number): boolean {
    if (record !== undefined) return record.derived.some((one) => this.#isThere(one, scope))
    const block = this.#block
    const slot = block.derived[field]![scope]! - 1
    return slot >= 0 && block.resultKind[slot] !== ResultKind.dropped
  }

  #derived(derived: DerivedField, scope: number): void {
    const { out, field, record } = derived
    if (!this.#isThere(derived, scope)) this.#branch(out, out.nullAt)
    else if (record === undefined) this.#slot(this.#block.derived[field]![scope]! - 1, out, undefined, false)
    else {
      this.#branch(out, 1)
      for (const one of record.derived) this.#derived(one, scope)
    }
  }

  #array(step: Step, item: Out): void {
    const from = this.#beginItems()
    let written = 0
    const count = this.#token()
    if (step.item?.told) for (let at = 0; at < count; at++) if (this.#value(step.item, item, true)) written++
    this.#count(from, written)
  }

  #map(step: Step, item: Out): void {
    const sink = this.#sink
    const from = this.#beginItems()
    const names = new Set<string>()
    let written = 0
    const count = this.#token()
    for (let at = 0; at < count; at++) {
      const before = sink.length
      const name = this.#name(this.#token())
      // A value whose name is dropped is walked all the same.
      if (!step.item?.told || !this.#value(step.item, item, true) || name === undefined) {
        sink.length = before
        continue
      }
      if (names.has(name)) throw new Unwritable('map-name-collision')
      names.add(name)
      written++
    }
    this.#count(from, written)
  }

  /** The name of a map's member; undefined where it is dropped. */
  #name(slot: number): string | undefined {
    const block = this.#block
    const kind = block.resultKind[slot]
    if (kind === ResultKind.dropped) return undefined
    const bytes = this.#resultText(slot)
    this.#text(bytes, 0, bytes.length)
    return Buffer.from(bytes).toString('latin1')
  }

  /** The text of a result, without quotes. */
  #resultText(slot: number): Uint8Array {
    const block = this.#block
    const start = block.resultStart[slot]!
    const end = block.resultEnd[slot]!
    if (block.resultKind[slot] === ResultKind.arena) return block.arena.bytes.subarray(start, end)
    const bytes = block.resultKind[slot] === ResultKind.source ? block.bytes : block.arena.bytes
    return unquoted(bytes.subarray(start, end))
  }

  /** Leaves a byte for the count of a block; gives where its items begin. */
  #beginItems(): number {
    this.#sink.byte(0)
    return this.#sink.length
  }

  /** Puts the count of a block in front of the items that were written from `from` on, and ends the blocks. */
  #count(from: number, count: number): void {
    // Without items, the byte in front is the end.
    if (count === 0) return
    const sink = this.#sink
    if (count < 64) sink.bytes[from - 1] = count << 1
    else {
      const to = sink.length
      this.#long(count)
      const more = sink.length - to - 1
      const head = sink.bytes.slice(to, sink.length)
      sink.bytes.copyWithin(from + more, from, to)
      sink.bytes.set(head, from - 1)
      sink.length = to + more
    }
    sink.byte(0)
  }

  /** The result of a slot. `step`: of its value; undefined where it is derived. */
  #slot(slot: number, out: Out, step: Step | undefined, mayDrop: boolean): boolean {
    const block = this.#block
    const sink = this.#sink
    const start = block.resultStart[slot]!
    const end = block.resultEnd[slot]!
    switch (block.resultKind[slot]) {
      case ResultKind.dropped:
        if (mayDrop) return false
        this.#branch(out, out.nullAt)
        return true
      case ResultKind.arena:
        this.#branch(out, out.stringAt)
        if (end - start < 64) sink.copyText(block.arena.bytes, block.arena.data, start, end, -1, 2)
        else this.#text(block.arena.bytes, start, end)
        return true
      case ResultKind.source: {
        const type = step?.type ?? this.#walker.typeOf(slot)
        const at = type === undefined ? undefined : out.rawAt.get(type)
        if (at === undefined) break
        this.#branch(out, at)
        sink.copyText(
          this.#walker.values.bytes,
          this.#walker.values.view,
          this.#rawStart[slot]!,
          this.#rawEnd[slot]!,
        )
        return true
      }
    }
    const bytes = block.resultKind[slot] === ResultKind.source ? block.bytes : block.arena.bytes
    this.#json(bytes.subarray(start, end), out)
    return true
  }

  /** A scalar of JSON, as what it is. */
  #json(json: Uint8Array, out: Out): void {
    if (json[0] === QUOTE) {
      const text = unquoted(json)
      if (out.stringAt < 0 && text.length === 0) {
        this.#branch(out, out.nullAt)
        return
      }
      this.#branch(out, out.stringAt)
      this.#text(text, 0, text.length)
      return
    }
    if (this.#whole(json, out)) return
    const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString('latin1')
    if (text === 'null') this.#branch(out, out.nullAt)
    else if ((text === 'true' || text === 'false') && out.booleanAt >= 0) {
      this.#branch(out, out.booleanAt)
      this.#sink.byte(text === 'true' ? 1 : 0)
    } else if (isJsonNumber(text) && (out.longAt >= 0 || out.doubleAt >= 0)) this.#number(text, out)
    else {
      this.#branch(out, out.stringAt)
      this.#text(json, 0, json.length)
    }
  }

  /** A whole number of few digits; false, and nothing written, where it is none, or stands for another type. */
  #whole(json: Uint8Array, out: Out): boolean {
    if (out.longAt < 0 || json.length > MOST_DIGITS) return false
    const isBelow = json[0] === MINUS
    const first = isBelow ? 1 : 0
    let value = 0
    for (let at = first; at < json.length; at++) {
      const digit = json[at]! - 0x30
      // A zero in front is no number of JSON, but for zero itself.
      if (digit < 0 || digit > 9 || (digit === 0 && at === first && json.length > first + 1)) return false
      value = value * 10 + digit
    }
    if (json.length === first) return false
    this.#branch(out, out.longAt)
    this.#long(isBelow ? 0 - value : value)
    return true
  }

  #number(text: string, out: Out): void {
    const isWhole = /^-?\d{1,19}$/.test(text)
    if (isWhole && out.longAt >= 0) {
      const value = BigInt(text)
      if (value === BigInt.asIntN(64, value)) {
        this.#branch(out, out.longAt)
        this.#big(value)
        return
      }
    }
    this.#branch(out, out.doubleAt)
    const value = Number(text)
    if (!Number.isFinite(value)) throw new Unwritable('output-unwritable')
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, value, true)
    this.#sink.append(bytes)
  }
}

/** The text of a JSON string; anything else as it stands. */
function unquoted(json: Uint8Array): Uint8Array {
  if (json[0] !== QUOTE) return json
  if (!json.includes(BACKSLASH)) return json.subarray(1, -1)
  const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString('utf8')
  return new Uint8Array(Buffer.from(JSON.parse(text) as string))
}
