/** The gate of `consent:`: whether the event says that its subject agreed. */
import type { Gate, JudgedRecords } from '../engine/gate.ts'
import type { Plan, PlanConsent } from '../policy/plan.ts'

/** The gate of a plan that asks events for consent. Every entry must allow. */
export function consentGate({ consent }: Plan): Gate | undefined {
  if (consent.length === 0) return undefined
  const isList = consent.map(({ from }) => from.segments.at(-1)?.kind === 'element')
  const textsOf = (records: JudgedRecords, record: number, read: number): readonly string[] => {
    if (isList[read]) return records.texts(record, read)
    const text = records.text(record, read)
    return text === undefined ? [] : [text]
  }
  /** Why the record must not leave, if an entry says so. */
  const objection = (records: JudgedRecords, record: number): string | undefined => {
    for (const [read, one] of consent.entries()) {
      const reason = reasonOf(one, textsOf(records, record, read), records.isRead(record))
      if (reason !== undefined) return reason
    }
    return undefined
  }
  return {
    name: 'consent',
    phase: 'before-rules',
    reads: consent.map(({ from }) => from),
    reasons: consent.flatMap(({ denied, unknown }) => [denied, unknown]),
    judge(records) {
      for (let record = records.from; record < records.to; record++) {
        if (records.isSuppressed(record)) continue
        const reason = objection(records, record)
        if (reason !== undefined) records.deny(record, reason)
      }
    },
  }
}

/** Of a record that cannot be read to its end, silence says nothing: it is a dead letter, which holds no value. */
function reasonOf(one: PlanConsent, texts: readonly string[], isRead: boolean): string | undefined {
  if (texts.length === 0) return one.silence === 'deny' && isRead ? one.unknown : undefined
  const answer = one.read(texts)
  if (answer === 'allow') return undefined
  return answer === 'deny' ? one.denied : one.unknown
}
