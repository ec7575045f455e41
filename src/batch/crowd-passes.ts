/**
 * `crowd:` over files takes two passes. The first counts the classes of what would leave, and writes nothing; the second lets
 * those leave that are large enough. What the second wrote is counted again, and held to the policy before it gets its names.
 */
import { randomBytes } from 'node:crypto'
import type { ClassPassSetup } from '../engine/class-pass.ts'
import { LetheError } from '../errors.ts'
import type { FileDigest } from '../files/digest.ts'
import type { Input } from '../files/input.ts'
import type { ClassCount } from '../groups/class-count.ts'
import { keySetOf } from '../groups/key-table.ts'
import type { Plan } from '../policy/plan.ts'
import type { CrowdView } from '../run/account/account-view.ts'
import type { BatchResult } from '../run/batch-run.ts'
import type { ReadForm } from '../run/input-flags.ts'
import type { PassResult } from './batch-pass.ts'
import { refuseSmall } from './crowd-limit.ts'

/** Whether classes are judged, and the limits hold; of a measure, which shows what would leave, not the limits. */
export type CrowdUse = 'judged' | 'measured' | 'unjudged'

/** What of the options of a batch decides whether it can hold a crowd. */
export interface CrowdOptions {
  /** How it goes by the crowd of its policy: that is judged, unless stated. */
  readonly crowd?: CrowdUse
  readonly output?: string
  readonly dryRun?: boolean
  readonly replay?: object
}

/** How a batch goes by the crowd of its policy; undefined where that states none. */
export function crowdUse({ crowd }: Plan, { crowd: stated = 'judged' }: CrowdOptions): CrowdUse | undefined {
  if (crowd === undefined) return undefined
  return stated === 'measured' && crowd.onFail === 'fail' ? 'unjudged' : stated
}

/** Before anything is read. @throws LetheError `crowd-refused` where the inputs cannot be read twice, or a part alone is looked at */
export function refuseCrowd(inputs: readonly Input[], form: ReadForm, options: CrowdOptions): void {
  const refuse = (message: string, way: string): never => {
    throw new LetheError(
      'crowd-refused',
      `the policy states \`crowd:\`, and ${message}; nothing was read`,
      way,
    )
  }
  const stream = inputs.find(({ size, object }) => size === undefined && object === undefined)
  if (stream !== undefined)
    refuse(
      `the inputs are read twice: ${stream.name === '-' ? 'standard input' : stream.name} can be read once`,
      'write it to a file first',
    )
  if (options.output === '-' && options.dryRun !== true)
    refuse(
      'what was written is held to it at the end: what goes to standard output cannot be taken back',
      'say -o FILE',
    )
  if (form.change !== undefined)
    refuse(
      'a change event has two rows: one that is suppressed for one row would be missing in the class of the other',
      'export the table that the events lead to, and run the policy over that',
    )
  if (options.replay !== undefined)
    refuse(
      'a replay reads dead letters alone, and which classes the run before left is not known from them',
      'run the whole again with `lethe batch`, and take its output in place of the one before',
    )
}

/** What the first pass found. */
export class FirstPass {
  readonly setup: ClassPassSetup
  readonly view: CrowdView
  readonly #plan: Plan
  readonly #digests: readonly (FileDigest | undefined)[]
  /** Records that may leave; undefined where there were too many dead letters to say. */
  readonly #leave: number | undefined

  /** @throws LetheError `crowd-too-small` where the policy, with these limits, does not let a part of the records leave */
  constructor(
    plan: Plan,
    key: Uint8Array<ArrayBuffer>,
    { result, classes }: PassResult,
    use: CrowdUse,
    left: string,
  ) {
    const crowd = plan.crowd!
    this.#plan = plan
    this.#digests = result.inputs.map(({ digest }) => digest)
    const open = classes?.open(crowd.sensitive.length) ?? new Uint8Array(0)
    const indexes = [...open.keys()].filter((at) => open[at] === 1)
    this.setup = { key, open: openSet(classes, indexes) }
    let suppressed = 0
    for (let at = 0; at < open.length; at++) if (open[at] === 0) suppressed += classes!.recordsOf(at)
    this.#leave = classes === undefined ? undefined : result.account.published - suppressed
    const small = open.length - indexes.length
    if (use === 'judged') refuseSmall(crowd, suppressed, result.account.published, small, open.length, left)
    this.view = viewOf(plan, indexes.length, small)
  }

  /** What of the second pass counts: where there were too many dead letters in the first, there are too many. */
  resultOf(result: BatchResult): BatchResult {
    return this.#leave === undefined ? { ...result, tooManyDeadLetters: true } : result
  }

  /**
   * Holds what the second pass wrote to the policy, before it gets its names.
   * @throws LetheError `input-changed` where it read something else, `crowd-broken` where a class is too small
   */
  check({ result, classes }: PassResult, inputs: readonly Input[], left: string): void {
    if (result.tooManyDeadLetters || this.#leave === undefined) return
    for (const [at, { digest }] of result.inputs.entries())
      if (digest === undefined || digest.sha256 !== this.#digests[at]?.sha256)
        throw new LetheError(
          'input-changed',
          `${inputs[at]!.name} changed while it was read a second time; ${left}`,
          'run the batch again when nothing writes to it',
        )
    const crowd = this.#plan.crowd!
    // What died while it was written is suppressed now, where its class is: so suppressed records may be more.
    const isHeld =
      classes !== undefined &&
      classes.records === result.account.published &&
      result.account.published === this.#leave &&
      classes.open(crowd.sensitive.length).every((isOpen) => isOpen === 1)
    if (!isHeld)
      throw new LetheError(
        'crowd-broken',
        `what was written does not hold \`crowd:\` of the policy; ${left}`,
        'this is a defect of Lethe',
      )
  }
}

export const newCrowdKey = (): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(32))

function openSet(classes: ClassCount | undefined, indexes: readonly number[]): SharedArrayBuffer {
  return keySetOf(classes?.classes ?? { width: 4, words: new Int32Array(0) }, indexes)
}

export function viewOf(plan: Plan, published: number, suppressed: number): CrowdView {
  const { k, l, t, over, sensitive } = plan.crowd!
  return {
    k,
    ...(l === undefined ? {} : { l }),
    ...(t === undefined ? {} : { t }),
    over,
    ...(sensitive.length === 0 ? {} : { sensitive }),
    counted: plan.subject === undefined ? 'records' : 'subjects',
    classes: { published, suppressed },
  }
}
