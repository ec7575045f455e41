/** The gate of `crowd:`. What judges classes knows all records of a run; a run that is not told is refused. */
import { CROWD } from '../engine/class-pass.ts'
import type { Gate } from '../engine/gate.ts'
import { LetheError } from '../errors.ts'
import type { Plan } from '../policy/plan.ts'
import type { GateData } from './gate-data.ts'

/**
 * The gate of a plan that states a crowd. Without `data` it only tells its reason.
 * @throws LetheError `crowd-refused` (usage) where the run does not judge classes
 */
export function crowdGate({ crowd }: Plan, data?: GateData): Gate | undefined {
  if (crowd === undefined) return undefined
  if (data !== undefined && data.crowd === undefined)
    throw new LetheError(
      'crowd-refused',
      'the policy states `crowd:`, which goes by all records of a run, and here each is judged by itself; nothing was read',
      'run `lethe batch` over the whole, or take a policy without `crowd:`',
    )
  const leaving = data?.crowd === 'unjudged' ? undefined : data?.crowd
  return { name: 'crowd', phase: 'after-rules', reads: [], reasons: [CROWD], leaving, judge: () => {} }
}
