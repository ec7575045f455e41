/** The sketches of a run or of a route, in the thread that rewrites: one for each side. */
import { createHash } from 'node:crypto'
import type { Observe } from '../engine/engine.ts'
import type { HashedSide } from '../engine/field-hashes.ts'
import { sketchedFields } from '../groups/quasi-identifiers.ts'
import type { Keyring } from '../keys/keyring.ts'
import { KHyperLogLog, type SketchPart } from '../measures/khyperloglog.ts'
import { type SketchKeys, sketchObserver } from '../measures/sketch-observer.ts'
import type { Plan, PlanField } from '../policy/plan.ts'

/** What is sketched. */
export interface SketchSetup {
  readonly sides: readonly HashedSide[]
  /** Output paths of the combined fields; undefined: those with the role of a quasi-identifier. */
  readonly over: readonly string[] | undefined
}

/** Makes one of several observers. */
export const observedBy =
  (observers: readonly Observe[]): Observe =>
  (format, shape, told) => {
    const made = observers.map((observe) => observe(format, shape, told))
    return {
      take: (block, from, to, records, count) => {
        for (const one of made) one.take(block, from, to, records, count)
      },
    }
  }

export class Sketching {
  readonly observe: Observe
  /** By side, as they are set up. */
  readonly #sketches: readonly KHyperLogLog[]

  constructor(plan: Plan, { sides, over }: SketchSetup, keyring: Keyring) {
    const fields = fieldsToSketch(plan, over)
    const targets = sides.map((side) => ({
      side,
      fields,
      keys: sketchKeys(keyring, plan, side, fields),
      sketch: new KHyperLogLog(),
    }))
    this.#sketches = targets.map(({ sketch }) => sketch)
    this.observe = observedBy(targets.map((target) => sketchObserver(plan, target)))
  }

  /** By side: hashes that need not be kept. */
  set limits(limits: readonly number[]) {
    for (const [i, sketch] of this.#sketches.entries()) sketch.limit = limits[i]!
  }

  /** By side, what was seen since the last call. */
  take(): readonly SketchPart[] {
    return this.#sketches.map((sketch) => sketch.take())
  }

  /** By side, all that was seen. */
  parts(): readonly SketchPart[] {
    return this.#sketches.map((sketch) => sketch.part())
  }
}

/** The fields of a sketch that was checked to have some. */
export function fieldsToSketch(plan: Plan, over: readonly string[] | undefined): readonly PlanField[] {
  const fields = sketchedFields(plan, over)
  if (fields === undefined || fields.length === 0)
    throw new Error('a sketch was checked to be over fields of its policy')
  return fields
}

/** Of the primary key. Sketches of another policy, side or list of fields have other keys, so that they tell nothing of each other's people. */
function sketchKeys(
  keyring: Keyring,
  plan: Plan,
  side: HashedSide,
  fields: readonly PlanField[],
): SketchKeys {
  const of = createHash('sha256')
    .update(JSON.stringify([plan.name, side, fields.map(({ path }) => path.text)]))
    .digest('hex')
  const key = (use: string) => new Uint8Array(keyring.key('sketch', `${of}/${use}`).bytes)
  return {
    combinations: key('combinations'),
    subjects: key('subjects'),
    sealCombinations: key('seal/combinations'),
    sealSubjects: key('seal/subjects'),
  }
}
