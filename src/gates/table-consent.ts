/** The gate of consent tables: whether a subject had agreed when the event happened, and has not withdrawn since. */
import type { Gate, JudgedRecords } from '../engine/gate.ts'
import { ConsentTable } from '../lists/consent-table.ts'
import type { Plan, PlanConsentTable } from '../policy/plan.ts'
import type { GateData } from './gate-data.ts'

/** Why a record must not leave, if a table says so. `time`: of the event, in ms; undefined where it is not known. */
type Asked = (subject: string | undefined, time: number | undefined) => string | undefined

/** The gate of a plan that goes by consent tables. Without `data` it only tells what it reads. */
export function tableConsentGate({ consentTables, time }: Plan, data?: GateData): Gate | undefined {
  if (consentTables.length === 0 || time === undefined) return undefined
  const asked = data && consentTables.map((one) => askedOf(one, data))
  const timePlace = consentTables.length
  const timeOf = (records: JudgedRecords, record: number, now: number): number | undefined => {
    const text = records.text(record, timePlace)
    const read = text === undefined ? undefined : time.read(text, now)
    return typeof read === 'number' ? read : undefined
  }
  return {
    name: 'consent tables',
    phase: 'before-rules',
    reads: [...consentTables.map(({ by }) => by), time.path],
    reasons: consentTables.flatMap(({ denied, unknown }) => [denied, unknown]),
    judge(records, now) {
      if (asked === undefined) throw new Error('a gate judges without its tables')
      for (let record = records.from; record < records.to; record++) {
        if (records.isSuppressed(record)) continue
        const at = timeOf(records, record, now)
        for (const [place, ask] of asked.entries()) {
          const subject = records.text(record, place)
          // Of a record that cannot be read to its end, silence says nothing: it is a dead letter, which holds no value.
          if ((subject === undefined || at === undefined) && !records.isRead(record)) continue
          const reason = ask(subject, at)
          if (reason === undefined) continue
          records.deny(record, reason)
          break
        }
      }
    },
  }
}

function askedOf(
  { table, toNormal, silence, denied, unknown }: PlanConsentTable,
  { tables, matchKeys }: GateData,
): Asked {
  const loaded = tables.get(table)!
  const { keys, domain } = loaded
  let { memory } = loaded
  let histories = ConsentTable.of(memory)
  const matchers = keys.map(({ id, check }) => matchKeys!.matcher(id, check, domain, `the table ${table}`))
  const silent = silence === 'deny' ? unknown : undefined
  return (subject, time) => {
    const normal = subject === undefined ? '' : toNormal(subject)
    // Whose it is cannot be told: what the subject said cannot either, so that it may have said no.
    if (normal === undefined) return unknown
    if (normal === '') return silent
    // A table that is followed moves when it grows.
    if (loaded.memory !== memory) {
      memory = loaded.memory
      histories = ConsentTable.of(memory)
    }
    const states = matchers.flatMap((match) => histories.stateOf(match(normal), time ?? Number.NaN) ?? [])
    if (states.includes('withdrawn')) return denied
    // A time that is not known is covered by nothing; that it was withdrawn then cannot be ruled out.
    if (states.length > 0 && time === undefined) return unknown
    return states.length > 0 && states.every((state) => state === 'granted') ? undefined : silent
  }
}
