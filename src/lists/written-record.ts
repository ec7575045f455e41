/**
 * Records of consent tables as `consentLine` writes them, read without JSON: a table of millions is read at each start. What is
 * written otherwise, or is wrong in any way, is left to the reader of all forms, which says what it is.
 */
import { checkTaxonomyKey, DATA_USES } from '../policy/fideslang.ts'
import { type ConsentRecord, type ConsentStatement, conflictIn } from './consent-history.ts'

const RECORD =
  /^\{"t":"(k[1-9][0-9]{0,5})\.([A-Za-z0-9_-]{21}[AQgw])","purpose":"([a-z0-9_.]{1,100})","history":\[(\{.+)\]\}$/
/** Texts of ASCII alone, none of which stands for another character. */
const STATEMENT =
  /\{"state":"(granted|withdrawn)","from":"([0-9T:.Z-]{20,24})"(?:,"until":"([0-9T:.Z-]{20,24})")?(?:,"source":"([ !#-[\]-~]{1,100})")?(?:,"notice":"([ !#-[\]-~]{1,100})")?\}(?:$|,(?=\{))/y
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/

/** Undefined where it is not written so. */
export function parseWrittenRecord(
  line: string,
  now: number,
): ({ readonly kind: 'record' } & ConsentRecord) | undefined {
  const record = RECORD.exec(line)
  if (record === null || !isPurpose(record[3]!)) return undefined
  const text = record[4]!
  const history: ConsentStatement[] = []
  STATEMENT.lastIndex = 0
  while (STATEMENT.lastIndex < text.length) {
    const read = STATEMENT.exec(text)
    if (read === null) return undefined
    const from = writtenInstant(read[2]!)
    const until = read[3] === undefined ? undefined : writtenInstant(read[3])
    if (from === undefined || (read[3] !== undefined && until === undefined)) return undefined
    history.push({
      state: read[1] as ConsentStatement['state'],
      from,
      until,
      source: read[4],
      notice: read[5],
    })
  }
  if (conflictIn(history, now) !== undefined) return undefined
  return {
    kind: 'record',
    key: record[1]!,
    token: Buffer.from(record[2]!, 'base64url'),
    purpose: record[3]!,
    history,
  }
}

/** A table has few purposes, one after the other. */
let known: string | undefined

function isPurpose(text: string): boolean {
  if (text === known) return true
  if (!checkTaxonomyKey(text, DATA_USES).ok) return false
  known = text
  return true
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** In ms since the epoch; undefined where it is no instant of the calendar, or before the year 1000. */
export function writtenInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined
  const two = (at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
  const [year, month, day] = [two(0) * 100 + two(2), two(5), two(8)]
  const [hour, minute, second] = [two(11), two(14), two(17)]
  if (year < 1000 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    return undefined
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (day > DAYS[month - 1]! + (isLeap && month === 2 ? 1 : 0)) return undefined
  const ms = text.length === 24 ? two(20) * 10 + text.charCodeAt(22) - 48 : 0
  return Date.UTC(year, month - 1, day, hour, minute, second, ms)
}
