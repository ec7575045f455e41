/** The gate of `retention:`: how many steps the event of a record has reached, and whether it must not leave. */
import type { Gate } from '../engine/gate.ts'
import type { Plan } from '../policy/plan.ts'

/** The gate of a plan that states retention. */
export function retentionGate({ retention, time }: Plan): Gate | undefined {
  if (retention === undefined || time === undefined) return undefined
  return {
    name: 'retention',
    phase: 'before-rules',
    reads: [time.path],
    reasons: retention.suppresses ? [retention.label] : [],
    judge(records, now) {
      const latest = now + retention.toleranceMs
      for (let record = records.from; record < records.to; record++) {
        if (records.isOut(record)) continue
        const text = records.text(record, 0)
        const eventTime = text === undefined ? undefined : time.read(text, now)
        if (eventTime === undefined) records.fail(record, 'event-time-missing')
        else if (typeof eventTime !== 'number')
          records.fail(
            record,
            eventTime.code === 'out-of-domain' ? 'event-time-out-of-domain' : 'event-time-unparsable',
          )
        else if (eventTime > latest) records.fail(record, 'event-time-future')
        else {
          const step = retention.judge(eventTime, now)
          if (step === 'suppress') records.suppress(record, retention.label)
          else records.setStep(record, step)
        }
      }
    },
  }
}
