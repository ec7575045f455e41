/** A pass of a batch over its inputs: counts the classes of what leaves, and lets those leave alone that a pass before found large enough. */
import { LetheError } from '../errors.ts'
import { ClassCount, MOST_COUNTED, TooManyCounted } from '../groups/class-count.ts'
import { KeySet } from '../groups/key-table.ts'
import type { Plan, PlanCrowd } from '../policy/plan.ts'
import type { MakeLeavingJudge } from './leaving-judge.ts'
import { ClassHashes, type CrowdKey, RecordClasses } from './record-classes.ts'

/** Why a record is suppressed. */
export const CROWD = 'crowd'

/** What each thread of a pass is told. It stays in memory. */
export interface ClassPassSetup {
  readonly key: CrowdKey
  /** The classes that may leave, for `KeySet`; undefined: all. */
  readonly open: SharedArrayBuffer | undefined
}

/** What counts the classes of a plan, of one thread or of all. */
export const newClassCount = ({ subject }: Pick<Plan, 'subject'>, crowd: PlanCrowd): ClassCount =>
  new ClassCount(crowd, subject === undefined)

export class ClassPass {
  readonly count: ClassCount
  readonly #plan: Plan
  readonly #hashes: ClassHashes
  readonly #open: KeySet | undefined

  constructor(plan: Plan, { key, open }: ClassPassSetup) {
    const { crowd } = plan
    if (crowd === undefined) throw new Error('the policy states no crowd')
    this.#plan = plan
    this.count = newClassCount(plan, crowd)
    this.#hashes = new ClassHashes(crowd, key)
    this.#open = open && new KeySet(open)
  }

  readonly judges: MakeLeavingJudge = (format, shape, fields) => {
    const classes = new RecordClasses(this.#plan, this.#hashes, fields, format, shape.subject)
    const open = this.#open
    return {
      judge: (block, from, to) => {
        classes.find(block, from, to)
        if (open === undefined) return
        for (let record = from; record < to; record++)
          if (block.recordOut[record] === 0 && !open.has(classes.of(record).class, 0))
            block.suppress(record, CROWD)
      },
      take: (_block, records, count) => {
        counting(() => {
          for (let i = 0; i < count; i++) if (records[i]! >= 0) this.count.add(classes.of(records[i]!))
        })
      },
    }
  }
}

/** @throws LetheError `crowd-too-large` where `count` would hold more than it may */
export function counting(count: () => void): void {
  try {
    count()
  } catch (error) {
    if (!(error instanceof TooManyCounted)) throw error
    throw new LetheError(
      'crowd-too-large',
      `there are more than ${MOST_COUNTED} classes, subjects of small classes and values to count; no output was left`,
      'generalize the fields of `over` further, or cut the input by a field of `over`, so that no class is in two parts',
    )
  }
}
