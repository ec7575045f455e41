/**
 * Takes the records of an engine into sketches. A record costs one hash of its fields and one block of AES; whose it is
 * is hashed only where its combination is among those that are kept.
 */

import type { Observe, RecordObserver } from '../engine/engine.ts'
import { FieldHashes, type HashedSide, type SubjectWatch } from '../engine/field-hashes.ts'
import { isRead } from '../engine/judge.ts'
import { type HashKey, hashAt, highOf, TupleHashes, upperHalf } from '../groups/keyed-hash.ts'
import { SealedHashes } from '../groups/sealed-hashes.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import type { Block } from '../record/block.ts'
import { BLOCK_RECORDS } from '../record/codec.ts'
import type { KHyperLogLog } from './khyperloglog.ts'

/** Keys of one sketch, each for one use: of the hashes of a block, and of what is stored of them. */
export interface SketchKeys {
  readonly combinations: HashKey
  readonly subjects: HashKey
  readonly sealCombinations: HashKey
  readonly sealSubjects: HashKey
}

export interface SketchTarget {
  readonly side: HashedSide
  readonly fields: readonly PlanField[]
  readonly keys: SketchKeys
  readonly sketch: KHyperLogLog
}

/** What makes an observer of each engine of a run, all for the same sketch. Records of an input are those that were read, of an output those that leave. */
export function sketchObserver(plan: Plan, target: SketchTarget): Observe {
  const read = plan.subject && plan.readers.get(plan.subject.text)
  const { side, fields, keys } = target
  const hashers = {
    combinations: new TupleHashes(keys.combinations, fields.length),
    subjects: new TupleHashes(keys.subjects, 1),
  }
  const seals = {
    combinations: new SealedHashes(keys.sealCombinations),
    subjects: new SealedHashes(keys.sealSubjects),
  }
  return (format, shape) =>
    new SketchObserver(target, hashers, seals, new FieldHashes(format, BLOCK_RECORDS, side), {
      watch: shape.subject,
      read,
    })
}

interface Hashers {
  readonly combinations: TupleHashes
  readonly subjects: TupleHashes
}

interface Seals {
  readonly combinations: SealedHashes
  readonly subjects: SealedHashes
}

class SketchObserver implements RecordObserver {
  readonly #target: SketchTarget
  readonly #hashers: Hashers
  readonly #seals: Seals
  readonly #found: FieldHashes
  readonly #subject: SubjectWatch
  /** Of the records of a block: two words of each. */
  readonly #combinations = new Int32Array(BLOCK_RECORDS * 2)
  readonly #subjects = new Int32Array(BLOCK_RECORDS * 2)
  /** Of the records that count: which they are, and their sealed hashes. */
  readonly #records = new Int32Array(BLOCK_RECORDS)
  readonly #places = new Int32Array(BLOCK_RECORDS)
  readonly #sealed = new Int32Array(BLOCK_RECORDS * 2)
  readonly #whose = new Int32Array(BLOCK_RECORDS * 2)

  constructor(
    target: SketchTarget,
    hashers: Hashers,
    seals: Seals,
    found: FieldHashes,
    subject: SubjectWatch,
  ) {
    this.#target = target
    this.#hashers = hashers
    this.#seals = seals
    this.#found = found
    this.#subject = subject
  }

  take(block: Block, from: number, to: number, passing: Int32Array, count: number): void {
    const { sketch, fields } = this.#target
    const counted =
      this.#target.side === 'output' ? this.#published(passing, count) : this.#read(block, from, to)
    if (counted === 0) return
    const records = this.#records
    const places = this.#places
    const sealed = this.#sealed
    this.#found.tuples(this.#hashers.combinations, this.#combinations, fields, block, from, to)
    for (let i = 0; i < counted; i++) places[i] = records[i]! * 2
    this.#seals.combinations.seal(this.#combinations, places, counted, sealed)
    const limit = highOf(sketch.limit)
    let kept = 0
    for (let i = 0; i < counted; i++) {
      if (upperHalf(sealed, i * 2) > limit) continue
      // Those that are kept move to the front, which was looked at.
      places[kept] = places[i]!
      sealed[kept * 2] = sealed[i * 2]!
      sealed[kept * 2 + 1] = sealed[i * 2 + 1]!
      kept++
    }
    if (kept === 0) return
    this.#found.subjects(this.#hashers.subjects, this.#subjects, this.#subject, block, from, to)
    this.#seals.subjects.seal(this.#subjects, places, kept, this.#whose)
    for (let i = 0; i < kept; i++) sketch.add(hashAt(sealed, i * 2), this.#whose[i * 2]!)
  }

  #published(passing: Int32Array, count: number): number {
    let counted = 0
    for (let i = 0; i < count; i++) if (passing[i]! >= 0) this.#records[counted++] = passing[i]!
    return counted
  }

  #read(block: Block, from: number, to: number): number {
    let counted = 0
    for (let record = from; record < to; record++)
      if (isRead(block.recordCode[record]) && !block.tombstones.has(record)) this.#records[counted++] = record
    return counted
  }
}
