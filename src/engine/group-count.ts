/** Hands the quasi-identifiers of published records, as they leave, to the count of groups of data subjects. */
import { hashAt, highOf, TupleHashes, upperHalf } from '../groups/keyed-hash.ts'
import { quasiIdentifiers } from '../groups/quasi-identifiers.ts'
import { type GroupsKey, SubjectGroups } from '../groups/subject-groups.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import type { Format } from '../record/format.ts'
import { FieldHashes, type SubjectWatch } from './field-hashes.ts'

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

export class QuasiIdentifiers {
  readonly #count: GroupCount
  readonly #fields: readonly PlanField[]
  readonly #found: FieldHashes
  readonly #subject: SubjectWatch
  /** Of the records of a block: two words of each. */
  readonly #hashes: Int32Array<ArrayBuffer>
  readonly #subjects: Int32Array<ArrayBuffer>
  readonly #isThere: ((record: number) => boolean) | undefined

  /** `most`: records of a block. `isThere`: of change events, which records have the image that the fields stand in. */
  constructor(
    fields: readonly PlanField[],
    subject: SubjectWatch,
    format: Format,
    count: GroupCount,
    most: number,
    isThere?: (record: number) => boolean,
  ) {
    this.#isThere = isThere
    this.#found = new FieldHashes(format, most)
    this.#subject = subject
    this.#count = count
    this.#fields = fields
    this.#hashes = new Int32Array(most * 2)
    this.#subjects = new Int32Array(most * 2)
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
    this.#found.tuples(this.#count.combinations, hashes, this.#fields, block, from, to)
    const hasSubjects = this.#subject.watch >= 0
    if (hasSubjects) this.#found.subjects(this.#count.subjects, subjects, this.#subject, block, from, to)
    let published = 0
    for (let i = 0; i < count; i++) {
      const record = records[i]!
      if (record < 0 || this.#isThere?.(record) === false) continue
      published++
      const at = record * 2
      const isKept = upperHalf(hashes, at) <= combinationLimit
      if (!hasSubjects) {
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
}
