/** The gate of consent tables: whether a subject had agreed when the event happened, and has not withdrawn since. */
import type { Gate, JudgedRecords } from '../engine/gate.ts'
import { ConsentTable } from '../lists/consent-table.ts'
import { TOKEN_WORDS } from '../lists/token-table.ts'
import type { Plan, PlanConsentTable } from '../policy/plan.ts'
import type { GateData } from './gate-data.ts'

/** One table, asked for the subjects of a block of records. */
interface Asked {
  /** Makes the tokens of subjects, and brings to hand where they stand. */
  prepare(subjects: readonly (string | undefined)[]): void
  /** Why the record of the subject at a place must not leave, if the table says so. `time`: of the event, in ms, where it is known. */
  answer(at: number, time: number | undefined): string | undefined
}

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
      const subjects = asked.map((ask, place) => {
        const texts: (string | undefined)[] = []
        for (let record = records.from; record < records.to; record++)
          texts.push(records.isSuppressed(record) ? undefined : records.text(record, place))
        ask.prepare(texts)
        return texts
      })
      for (let record = records.from; record < records.to; record++) {
        if (records.isSuppressed(record)) continue
        const time = timeOf(records, record, now)
        const at = record - records.from
        for (const [place, ask] of asked.entries()) {
          // Of a record that cannot be read to its end, silence says nothing: it is a dead letter, which holds no value.
          const isSilent = subjects[place]![at] === undefined || time === undefined
          if (isSilent && !records.isRead(record)) continue
          const reason = ask.answer(at, time)
          if (reason === undefined) continue
          records.deny(record, reason)
          break
        }
      }
    },
  }
}

/** Where the tokens of a subject begin, or one of these. */
type Found = number
const UNKNOWN = -1
const SILENT = -2

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
  const each = matchers.length * TOKEN_WORDS
  let tokens = new Int32Array(0)
  let found: Found[] = []
  return {
    prepare(subjects) {
      // A table that is followed moves when it grows.
      if (loaded.memory !== memory) {
        memory = loaded.memory
        histories = ConsentTable.of(memory)
      }
      if (tokens.length < subjects.length * each) tokens = new Int32Array(subjects.length * each)
      const bytes = new Uint8Array(tokens.buffer)
      let end = 0
      found = subjects.map((subject) => {
        const normal = subject === undefined ? '' : toNormal(subject)
        if (normal === undefined || normal === '') return normal === '' ? SILENT : UNKNOWN
        const begin = end
        for (const match of matchers) {
          bytes.set(match(normal), end * Int32Array.BYTES_PER_ELEMENT)
          end += TOKEN_WORDS
        }
        return begin
      })
      histories.touch(tokens, end / TOKEN_WORDS)
    },
    answer(at, time) {
      const begin = found[at]!
      // Whose it is cannot be told: what the subject said cannot either, so that it may have said no.
      if (begin === UNKNOWN) return unknown
      if (begin === SILENT) return silent
      let isKnown = false
      let isGranted = true
      for (let token = begin; token < begin + each; token += TOKEN_WORDS) {
        const state = histories.stateAt(tokens, token, time ?? Number.NaN)
        if (state === 'withdrawn') return denied
        if (state === undefined) continue
        isKnown = true
        isGranted &&= state === 'granted'
      }
      // A time that is not known is covered by nothing; that it was withdrawn then cannot be ruled out.
      if (isKnown && time === undefined) return unknown
      return isKnown && isGranted ? undefined : silent
    },
  }
}
