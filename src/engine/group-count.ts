/**
 * Hands the quasi-identifiers of published records, as they leave, to the count of groups of data subjects. Text counts,
 * not how it is written: `1985`, `"1985"` and a cell `1985` are one value. What is absent, null, empty or dropped is a value
 * of its own, one for all of these. Of a field that holds several values, all count, in their order.
 */
import { hashAt, highOf, Spans, TupleHashes, upperHalf } from '../groups/keyed-hash.ts'
import { quasiIdentifiers } from '../groups/quasi-identifiers.ts'
import { type GroupsKey, SubjectGroups } from '../groups/subject-groups.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { type Block, ResultKind, SlotKind } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import { LeavingText } from './leaving-text.ts'

/** Counts the subjects of a run, or of a part of it. */
export class GroupCount {
  readonly groups: SubjectGroups
  readonly combinations: TupleHashes
  readonly subjects: TupleHashes

  constructor(plan: Plan, key: GroupsKey) {
    this.groups = new SubjectGroups()
    this.combinations = new TupleHashes(
      key.combinations,
      quasiIdentifiers([...plan.fields, ...plan.envelope]).length,
    )
    this.subjects = new TupleHashes(key.subjects, 1)
  }
}

/** Whose a record is: the watch, -1 where records are counted as subjects, and how its text is read. */
export interface SubjectWatch {
  readonly watch: number
  readonly read: ((text: string) => string | undefined) | undefined
}

export class QuasiIdentifiers {
  readonly #format: Format
  readonly #count: GroupCount
  readonly #fields: readonly PlanField[]
  readonly #watch: number
  readonly #readSubject: SubjectWatch['read']
  /** Of the records of a block: two words of each. */
  readonly #hashes: Int32Array<ArrayBuffer>
  readonly #subjects: Int32Array<ArrayBuffer>
  /** Values that stand in the chunk, and in the arena. */
  readonly #inChunk: Spans
  readonly #inArena: Spans
  readonly #one: Spans = new Spans(1)
  readonly #text: LeavingText
  readonly #isThere: ((record: number) => boolean) | undefined

  /** `most`: records of a block. `isThere`: of change events, which records have the image that the fields stand in. */
  constructor(
    fields: readonly PlanField[],
    { watch, read }: SubjectWatch,
    format: Format,
    count: GroupCount,
    most: number,
    isThere?: (record: number) => boolean,
  ) {
    this.#isThere = isThere
    this.#format = format
    this.#text = new LeavingText(format)
    this.#readSubject = read
    this.#count = count
    this.#watch = watch
    this.#fields = fields
    this.#hashes = new Int32Array(most * 2)
    this.#subjects = new Int32Array(most * 2)
    this.#inChunk = new Spans(most)
    this.#inArena = new Spans(most)
  }

  /**
   * Takes the records `[from, to)` of a block, which have their results. Published are the first `count` of `records`, but
   * for those below 0.
   */
  take(block: Block, from: number, to: number, records: Int32Array, count: number): void {
    const { groups } = this.#count
    const hashes = this.#hashes
    const subjects = this.#subjects
    const { limits } = groups
    const combinationLimit = highOf(limits.combinations)
    const subjectLimit = highOf(limits.subjects)
    hashes.fill(0, from * 2, to * 2)
    this.#fields.forEach((field, column) => {
      if (isMany(field)) this.#addLists(block, from, to, field.index, column)
      else this.#addValues(block, from, to, field.index, column)
    })
    if (this.#watch >= 0) this.#addSubjects(block, from, to)
    let published = 0
    for (let i = 0; i < count; i++) {
      const record = records[i]!
      if (record < 0 || this.#isThere?.(record) === false) continue
      published++
      const at = record * 2
      const isKept = upperHalf(hashes, at) <= combinationLimit
      if (this.#watch < 0) {
        if (isKept) groups.addRecordAsSubject(hashAt(hashes, at))
        continue
      }
      // No subject's hash, as nothing was added to it.
      if (subjects[at] === 0 && subjects[at + 1] === 0) groups.addWithoutSubject()
      if (upperHalf(subjects, at) > subjectLimit && !isKept) continue
      const who = hashAt(subjects, at)
      groups.addSubject(who)
      if (isKept) groups.add(hashAt(hashes, at), who)
    }
    groups.addRecords(published)
  }

  /** Finds whose the records of the block are. What says nothing of that counts as one subject. */
  #addSubjects(block: Block, from: number, to: number): void {
    const subjects = this.#subjects
    const spans = this.#inChunk
    subjects.fill(0, from * 2, to * 2)
    const { recordScope, slotKind, slotStart, slotEnd } = block
    let count = 0
    for (let record = from; record < to; record++) {
      const slot = block.watchedSlot(this.#watch, 0, recordScope[record]!)
      if (slot < 0) continue
      const kind = slotKind[slot]!
      if (kind === SlotKind.nothing) continue
      const read = this.#readSubject
      if (kind === SlotKind.escaped || read !== undefined) {
        const written = this.#format.text(block, slot)
        const text = read === undefined ? written : read(written)
        if (text === undefined) continue
        this.#text.set(text)
        this.#addOne(this.#count.subjects, subjects, record, 0)
        continue
      }
      spans.starts[count] = slotStart[slot]!
      spans.ends[count] = slotEnd[slot]!
      spans.places[count++] = record * 2
    }
    spans.count = count
    this.#count.subjects.add(subjects, 0, block.bytes, spans)
  }

  /** Adds what the records of the block show of a field. Those that are not published are not asked for. */
  #addValues(block: Block, from: number, to: number, field: number, column: number): void {
    const { combinations } = this.#count
    const slots = block.fieldSlots[field]!
    const count = block.fieldCount[field]!
    const { slotRecord, slotKind, slotStart, slotEnd, resultKind, resultStart, resultEnd } = block
    const inArena = this.#inArena
    const inChunk = this.#inChunk
    let arena = 0
    let chunk = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const record = slotRecord[slot]!
      if (record < from || record >= to) continue
      const place = record * 2
      const kind = resultKind[slot]!
      if (kind === ResultKind.arena) {
        inArena.starts[arena] = resultStart[slot]!
        inArena.ends[arena] = resultEnd[slot]!
        inArena.places[arena++] = place
      } else if (kind === ResultKind.source && isText(slotKind[slot]!)) {
        inChunk.starts[chunk] = slotStart[slot]!
        inChunk.ends[chunk] = slotEnd[slot]!
        inChunk.places[chunk++] = place
      } else if (this.#text.find(block, slot, field)) this.#addOne(combinations, this.#hashes, record, column)
    }
    inArena.count = arena
    inChunk.count = chunk
    if (arena > 0) combinations.add(this.#hashes, column, block.arena.bytes, inArena)
    if (chunk > 0) combinations.add(this.#hashes, column, block.bytes, inChunk)
  }

  /** Adds the text at hand. */
  #addOne(to: TupleHashes, hashes: Int32Array, record: number, column: number): void {
    const one = this.#one
    one.starts[0] = this.#text.start
    one.ends[0] = this.#text.end
    one.places[0] = record * 2
    one.count = 1
    to.add(hashes, column, this.#text.bytes, one)
  }

  /** The same of a field that may have several values in a record: all of them, in their order. */
  #addLists(block: Block, from: number, to: number, field: number, column: number): void {
    const { combinations } = this.#count
    const slots = block.fieldSlots[field]!
    const count = block.fieldCount[field]!
    for (let i = 0; i < count; ) {
      const record = block.slotRecord[slots[i]!]!
      combinations.beginList(column)
      for (; i < count && block.slotRecord[slots[i]!] === record; i++) {
        if (record < from || record >= to) continue
        if (!this.#text.find(block, slots[i]!, field)) this.#text.clear()
        combinations.addToList(this.#text.bytes, this.#text.start, this.#text.end)
      }
      if (record >= from && record < to) combinations.endList(this.#hashes, record * 2)
    }
  }
}

/** Whether the bytes of a value are its text. */
const isText = (kind: number): boolean => kind !== SlotKind.escaped && kind !== SlotKind.nothing

const isMany = ({ from }: PlanField): boolean => from.segments.some(({ kind }) => kind !== 'name')
