/** How the words of command lines are read. Each throws commander's error, which says what is expected. */
import { Argument, InvalidArgumentError, Option } from 'commander'
import { addPeriod, parsePeriod } from '../../transforms/calendar/period.ts'
import { readMoment } from '../../transforms/calendar.ts'
import type { RequiredApproval } from '../approval/required-approval.ts'
import { type DeadLetterLimit, parseDeadLetterLimit } from '../engine/limit.ts'
import type { ExpectedKey } from '../keys/real-data.ts'
import { DELIMITER } from '../policy/input-form.ts'

/** A whole number within bounds. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
    return number
  }
}

/** The most records that may become dead letters. */
export function parseLimit(text: string): DeadLetterLimit {
  const limit = parseDeadLetterLimit(text)
  if (limit === undefined)
    throw new InvalidArgumentError('It is a count, such as 100, or a share, such as 0.5%.')
  return limit
}

/** The delimiter of CSV: one ASCII character. */
export function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' || text === 'tab' ? '\t' : text
  if (!DELIMITER.test(delimiter))
    throw new InvalidArgumentError('It must be `tab` or one ASCII character other than a quote.')
  return delimiter
}

/** An instant, in ms since the epoch. */
export function parseTime(text: string): number {
  const time = readMoment(text, true)
  if (time === undefined)
    throw new InvalidArgumentError('It is written as 2026-01-31T12:00:00Z, or as 2026-01-31 (midnight UTC).')
  return time
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** A length of time, in ms. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,6})(ms|s|m|h)$/.exec(text) ?? []
  if (unit === undefined) throw new InvalidArgumentError('It is written as 500ms, 30s, 5m or 2h.')
  return Number(count) * UNITS[unit as keyof typeof UNITS]
}

/** A file of public keys, and how many of them have to approve: `trusted.pem,2`; one unless stated. */
export function parseRequiredApproval(text: string): RequiredApproval {
  const [, keysFile, need = '1'] = /^(.+?)(?:,([1-9]\d?))?$/.exec(text) ?? []
  if (keysFile === undefined || keysFile.includes(','))
    throw new InvalidArgumentError('It is a file of public keys and a number from 1 to 99, as trusted.pem,2.')
  return { keysFile, need: Number(need) }
}

/** A key to expect, `k1:3fa9c012`; the option may be repeated. */
export function parseExpectedKey(text: string, before: readonly ExpectedKey[] = []): readonly ExpectedKey[] {
  const [, id, check] = /^(k[1-9][0-9]{0,5}):([0-9a-f]{8})$/i.exec(text) ?? []
  if (id === undefined || check === undefined)
    throw new InvalidArgumentError('It is the id of a key and its check value, as k1:3fa9c012.')
  return [...before, { id: id.toLowerCase(), check: check.toLowerCase() }]
}

/** A list of subjects, `NAME=FILE`; the option may be repeated. */
export function parseList(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const [, name, file] = /^([a-z0-9][a-z0-9._-]{0,63})=(.+)$/s.exec(text) ?? []
  if (name === undefined || file === undefined)
    throw new InvalidArgumentError(
      'It is the name of a list in the policy and a file, as erasures=erasures.ndjson.',
    )
  if (before.has(name)) throw new InvalidArgumentError('A list is named once.')
  return new Map([...before, [name, file]])
}

/** Takes what matches `form`; `is` says what that is. */
export const matching =
  (form: RegExp, is: string) =>
  (text: string): string => {
    if (!form.test(text)) throw new InvalidArgumentError(is)
    return text
  }

/** A period of days or weeks, or of hours, in ms. */
export function parseSpan(text: string): number {
  const period = /^0[hd]?$/.test(text) ? undefined : parsePeriod(text)
  if (period !== undefined && period.months === 0) return addPeriod(0, period)
  if (/^0[hd]?$/.test(text)) return 0
  throw new InvalidArgumentError('It is written as 12h, 1d or 2w.')
}

/** A share above 0 and up to 1, written in percent. */
export function parseShare(text: string): number {
  const share = Number(/^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1] ?? Number.NaN) / 100
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('It is a share above 0, such as 5% or 0.5%.')
  return share
}

/** Of orders over object stores. */
export const objectVersionsOption = (): Option =>
  new Option(
    '--object-versions <what>',
    'where a bucket keeps versions: delete all older ones of each target too (default: nothing there is touched)',
  ).choices(['delete'])

export const storedTargets = (): Argument =>
  new Argument(
    '[target...]',
    'files that `lethe batch` wrote, or folders of them; s3://bucket/key, or s3://bucket/prefix/',
  )
