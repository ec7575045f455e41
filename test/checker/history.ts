/** Runs of the model, and what the checker says of them. */

import { drawOf } from '../integration/chaos/events.ts'
import { clearSource } from '../integration/checker/sources.ts'
import { type CheckOptions, check, type Report } from '../integration/checker.ts'
import { CANARY, type Defect, expected, POLICY } from './events.ts'
import { ACTIONS, type Action, StreamModel } from './stream-model.ts'

export interface Run {
  readonly seed: number
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly defect?: Defect
  readonly records?: number
  /** Undefined: 800 drawn ones. */
  readonly schedule?: readonly (readonly [action: Action, worker: number])[]
}

/** Polls and writes are more often than faults. */
const DRAWN: readonly Action[] = [
  ...Array<Action>(8).fill('poll'),
  ...Array<Action>(32).fill('write'),
  ...Array<Action>(8).fill('commit'),
  ...ACTIONS,
  ...Array<Action>(3).fill('fail'),
]

/** What a run leaves in the topics, as the checker wants it. */
export function history({ seed, delivery, defect, records = 240, schedule }: Run): CheckOptions {
  const draw = drawOf(seed)
  const model = new StreamModel({ draw, delivery, records, workers: 3, ...(defect && { defect }) })
  const drawn = (): readonly [Action, number] => [DRAWN[draw(DRAWN.length)]!, draw(3)]
  for (const [action, worker] of schedule ?? Array.from({ length: 800 }, drawn)) model.act(action, worker)
  model.drain()
  return {
    inputs: model.inputs.flatMap((log) => log.read()),
    outputs: model.outputs.flatMap((log) => log.read()),
    deadLetters: model.deadLetters.flatMap((log) => log.read()),
    expected,
    sourceOf: clearSource,
    delivery,
    policy: POLICY,
    canaries: [CANARY],
  }
}

export const checkRun = (run: Run): Report => check(history(run))
