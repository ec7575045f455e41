/** The classes of the records of a block, as keyed hashes: of what they show in the fields of a crowd, whose they are, and their sensitive values. */
import { createHmac } from 'node:crypto'
import { type HashKey, TupleHashes } from '../groups/keyed-hash.ts'
import type { Plan, PlanCrowd, PlanField } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import { BLOCK_RECORDS } from '../record/codec.ts'
import type { Format } from '../record/format.ts'
import { FieldHashes, type SubjectWatch } from './field-hashes.ts'

/** 32 secret bytes. What is equal under one key is equal in all threads that have it. */
export type CrowdKey = Uint8Array<ArrayBuffer>

/** Hash functions of a plan under a key: an engine or several share them. */
export class ClassHashes {
  /** Two of 64 bits each: no two classes are taken for one. */
  readonly classes: readonly [TupleHashes, TupleHashes]
  readonly subjects: TupleHashes
  readonly values: TupleHashes
  readonly crowd: PlanCrowd

  constructor(crowd: PlanCrowd, key: CrowdKey) {
    const of = (use: string, columns: number): TupleHashes =>
      new TupleHashes(new Uint8Array(createHmac('sha256', key).update(use).digest()) as HashKey, columns)
    this.crowd = crowd
    this.classes = [of('class 1', crowd.over.length), of('class 2', crowd.over.length)]
    this.subjects = of('subject', 1)
    this.values = of('value', crowd.sensitive.length)
  }
}

export class RecordClasses {
  readonly #hashes: ClassHashes
  readonly #fields: FieldHashes
  readonly #over: readonly PlanField[]
  readonly #sensitive: readonly PlanField[]
  readonly #subject: SubjectWatch
  readonly #first = new Int32Array(BLOCK_RECORDS * 2)
  readonly #second = new Int32Array(BLOCK_RECORDS * 2)
  readonly #subjects = new Int32Array(BLOCK_RECORDS * 2)
  readonly #values: readonly Int32Array<ArrayBuffer>[]
  /** Of the record that was asked for last. */
  readonly class: Int32Array<ArrayBuffer> = new Int32Array(4)
  readonly subject: Int32Array<ArrayBuffer> = new Int32Array(2)
  readonly values: readonly Int32Array<ArrayBuffer>[]

  /** `fields`: those of an engine, with their places in its blocks. */
  constructor(
    plan: Plan,
    hashes: ClassHashes,
    fields: readonly PlanField[],
    format: Format,
    subjectWatch: number,
  ) {
    const named = (paths: readonly string[]): PlanField[] =>
      paths.flatMap((path) => fields.find((field) => field.path.text === path) ?? [])
    // Files have no record keys and headers; whatever else is missing would make one class of all.
    const beside = new Set(plan.envelope.map(({ path }) => path.text))
    for (const path of [...hashes.crowd.over, ...hashes.crowd.sensitive])
      if (!beside.has(path) && named([path]).length === 0)
        throw new Error('a field of the crowd is not there')
    this.#hashes = hashes
    this.#fields = new FieldHashes(format, BLOCK_RECORDS)
    this.#over = named(hashes.crowd.over)
    this.#sensitive = named(hashes.crowd.sensitive)
    this.#subject = { watch: subjectWatch, read: plan.subject && plan.readers.get(plan.subject.text) }
    this.#values = this.#sensitive.map(() => new Int32Array(BLOCK_RECORDS * 2))
    this.values = this.#sensitive.map(() => new Int32Array(2))
  }

  /** Finds the hashes of records `[from, to)`, which have their results. */
  find(block: Block, from: number, to: number): void {
    const { classes, subjects, values } = this.#hashes
    this.#fields.tuples(classes[0], this.#first, this.#over, block, from, to)
    this.#fields.tuples(classes[1], this.#second, this.#over, block, from, to)
    if (this.#subject.watch >= 0)
      this.#fields.subjects(subjects, this.#subjects, this.#subject, block, from, to)
    this.#sensitive.forEach((field, column) => {
      const found = this.#values[column]!
      found.fill(0, from * 2, to * 2)
      // Two forms of a number are no two values.
      this.#fields.add(values, found, field, column, block, from, to, true)
    })
  }

  /** Puts the hashes of a record into `class`, `subject` and `values`. */
  of(record: number): this {
    const at = record * 2
    this.class[0] = this.#first[at]!
    this.class[1] = this.#first[at + 1]!
    this.class[2] = this.#second[at]!
    this.class[3] = this.#second[at + 1]!
    this.subject[0] = this.#subjects[at]!
    this.subject[1] = this.#subjects[at + 1]!
    for (const [column, found] of this.#values.entries()) {
      this.values[column]![0] = found[at]!
      this.values[column]![1] = found[at + 1]!
    }
    return this
  }
}
