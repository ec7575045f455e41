/** Lets those records of a stream leave whose class enough data subjects have shown within the window of its policy. Nothing is held back, and nothing raw is kept. */
import { addPeriod } from '../../transforms/calendar/period.ts'
import { ShownClasses } from '../groups/shown-classes.ts'
import type { Plan } from '../policy/plan.ts'
import { CROWD } from './class-pass.ts'
import type { MakeLeavingJudge } from './leaving-judge.ts'
import { ClassHashes, type CrowdKey, RecordClasses } from './record-classes.ts'

/**
 * What judges the records of a route; undefined where its policy states no crowd. It begins closed. A record that is judged has
 * shown its class, whatever becomes of its batch: shown again, its subject counts no more than once.
 */
export function shownJudge(plan: Plan, key: CrowdKey, mostBytes?: number): MakeLeavingJudge | undefined {
  const { crowd } = plan
  if (crowd === undefined) return undefined
  const { window, k, l } = crowd
  if (window === undefined) throw new Error('the crowd of a stream has a window')
  const shown = new ShownClasses({ k, l, fields: crowd.sensitive.length }, mostBytes)
  const hashes = new ClassHashes(crowd, key)
  return (format, shape, fields) => {
    const classes = new RecordClasses(plan, hashes, fields, format, shape.subject)
    return {
      judge: (block, from, to, now) => {
        classes.find(block, from, to)
        const isRecent = (instant: number): boolean => instant > 0 && addPeriod(instant, window) > now
        for (let record = from; record < to; record++)
          if (block.recordOut[record] === 0 && !shown.show(classes.of(record), now, isRecent))
            block.suppress(record, CROWD)
      },
      take: () => {},
    }
  }
}
