/**
 * Keyed hashes of what the records of a block show, as it leaves or as it came. Text counts, not how it is written: `1985`, `"1985"` and a cell
 * `1985` are one value. What is absent, null, empty or dropped is a value of its own, one for all of these. Of a field that holds
 * several values, all count, in their order.
 */
import { Spans, type TupleHashes } from '../groups/keyed-hash.ts'
import type { PlanField } from '../policy/plan.ts'
import { type Block, ResultKind, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import { LeavingText } from './leaving-text.ts'
import { hasOtherForm, numberText } from './number-text.ts'

/** Whose a record is: the watch, -1 where records are counted as subjects, and how its text is read. */
export interface SubjectWatch {
  readonly watch: number
  readonly read: ((text: string) => string | undefined) | undefined
}

/** Values as they came, or as they leave. */
export type HashedSide = 'input' | 'output'

/** Finds hashes of records `[from, to)` of a block: two words of each record, from `record * 2` on. */
export class FieldHashes {
  readonly #format: Format
  readonly #side: HashedSide
  readonly #text: LeavingText
  /** Values that stand in the chunk, and in the arena. */
  readonly #inChunk: Spans
  readonly #inArena: Spans
  readonly #one: Spans = new Spans(1)

  /** `most`: records of a block. */
  constructor(format: Format, most: number, side: HashedSide = 'output') {
    this.#format = format
    this.#side = side
    this.#text = new LeavingText(format)
    this.#inChunk = new Spans(most)
    this.#inArena = new Spans(most)
  }

  /**
   * Whose the records are, a number in any form as one. What says nothing of that counts as one subject: no word of its hash
   * is set.
   */
  subjects(
    key: TupleHashes,
    hashes: Int32Array,
    { watch, read }: SubjectWatch,
    block: Block,
    from: number,
    to: number,
  ): void {
    const spans = this.#inChunk
    hashes.fill(0, from * 2, to * 2)
    const { recordScope, slotKind, slotStart, slotEnd } = block
    let count = 0
    for (let record = from; record < to; record++) {
      const slot = block.watchedSlot(watch, 0, recordScope[record]!)
      if (slot < 0) continue
      const kind = slotKind[slot]!
      if (kind === SlotKind.nothing) continue
      const hasOther = hasOtherForm(block.bytes, slotStart[slot]!, slotEnd[slot]!)
      if (kind === SlotKind.escaped || read !== undefined || hasOther) {
        const written = this.#format.text(block, slot)
        const text = read === undefined ? written : read(written)
        if (text === undefined) continue
        this.#text.set(numberText(text))
        this.#addOne(key, hashes, record, 0)
        continue
      }
      spans.starts[count] = slotStart[slot]!
      spans.ends[count] = slotEnd[slot]!
      spans.places[count++] = record * 2
    }
    spans.count = count
    key.add(hashes, 0, block.bytes, spans)
  }

  /** What the records show of all fields together; the first is column 0 of the key. */
  tuples(
    key: TupleHashes,
    hashes: Int32Array,
    fields: readonly PlanField[],
    block: Block,
    from: number,
    to: number,
  ): void {
    hashes.fill(0, from * 2, to * 2)
    fields.forEach((field, column) => {
      this.add(key, hashes, field, column, block, from, to)
    })
  }

  /**
   * Adds what the records show of a field. Those that are not published may have anything.
   * @param asNumbers whether a number is one value in all its forms
   */
  add(
    key: TupleHashes,
    hashes: Int32Array,
    field: PlanField,
    column: number,
    block: Block,
    from: number,
    to: number,
    asNumbers = false,
  ): void {
    if (isMany(field)) this.#addLists(key, hashes, block, from, to, field.index, column, asNumbers)
    else this.#addValues(key, hashes, block, from, to, field.index, column, asNumbers)
  }

  #addValues(
    key: TupleHashes,
    hashes: Int32Array,
    block: Block,
    from: number,
    to: number,
    field: number,
    column: number,
    asNumbers: boolean,
  ): void {
    const slots = block.fieldSlots[field]!
    const count = block.fieldCount[field]!
    const { slotRecord, slotKind, slotStart, slotEnd, resultKind, resultStart, resultEnd } = block
    const cameIn = this.#side === 'input'
    const inArena = this.#inArena
    const inChunk = this.#inChunk
    let arena = 0
    let chunk = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const record = slotRecord[slot]!
      if (record < from || record >= to) continue
      const place = record * 2
      const kind = cameIn ? ResultKind.source : resultKind[slot]!
      if (asNumbers) {
        if (this.#findNumber(block, slot, field)) this.#addOne(key, hashes, record, column)
      } else if (kind === ResultKind.arena) {
        inArena.starts[arena] = resultStart[slot]!
        inArena.ends[arena] = resultEnd[slot]!
        inArena.places[arena++] = place
      } else if (kind === ResultKind.source && isText(slotKind[slot]!)) {
        inChunk.starts[chunk] = slotStart[slot]!
        inChunk.ends[chunk] = slotEnd[slot]!
        inChunk.places[chunk++] = place
      } else if (this.#find(block, slot, field)) this.#addOne(key, hashes, record, column)
    }
    inArena.count = arena
    inChunk.count = chunk
    if (arena > 0) key.add(hashes, column, block.arena.bytes, inArena)
    if (chunk > 0) key.add(hashes, column, block.bytes, inChunk)
  }

  /** Finds the text of a slot on the side that is hashed; false where nothing is there. */
  #find(block: Block, slot: number, field: number): boolean {
    if (this.#side === 'output') return this.#text.find(block, slot, field)
    if (block.slotKind[slot] === SlotKind.nothing) return false
    this.#text.set(this.#format.text(block, slot))
    return true
  }

  #findNumber(block: Block, slot: number, field: number): boolean {
    if (!this.#find(block, slot, field)) return false
    this.#asNumber()
    return true
  }

  /** Of the text at hand: if it is a number, the text of all its forms. */
  #asNumber(): void {
    const { bytes, start, end } = this.#text
    if (hasOtherForm(bytes, start, end))
      this.#text.set(numberText(Buffer.from(bytes.subarray(start, end)).toString('latin1')))
  }

  /** Adds the text at hand. */
  #addOne(key: TupleHashes, hashes: Int32Array, record: number, column: number): void {
    const one = this.#one
    one.starts[0] = this.#text.start
    one.ends[0] = this.#text.end
    one.places[0] = record * 2
    one.count = 1
    key.add(hashes, column, this.#text.bytes, one)
  }

  /** The same of a field that may have several values in a record: all of them, in their order. */
  #addLists(
    key: TupleHashes,
    hashes: Int32Array,
    block: Block,
    from: number,
    to: number,
    field: number,
    column: number,
    asNumbers: boolean,
  ): void {
    const slots = block.fieldSlots[field]!
    const count = block.fieldCount[field]!
    for (let i = 0; i < count; ) {
      const record = block.slotRecord[slots[i]!]!
      key.beginList(column)
      for (; i < count && block.slotRecord[slots[i]!] === record; i++) {
        if (record < from || record >= to) continue
        if (!this.#find(block, slots[i]!, field)) this.#text.clear()
        else if (asNumbers) this.#asNumber()
        key.addToList(this.#text.bytes, this.#text.start, this.#text.end)
      }
      if (record >= from && record < to) key.endList(hashes, record * 2)
    }
  }
}

/** Whether the bytes of a value are its text. */
const isText = (kind: number): boolean => kind !== SlotKind.escaped && kind !== SlotKind.nothing

const isMany = ({ from }: PlanField): boolean => from.segments.some(({ kind }) => kind !== 'name')
