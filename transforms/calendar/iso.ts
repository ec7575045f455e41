/**
 * The forms of ISO 8601 and RFC 3339 that databases and programs write, beyond those of RFC 3339: `auto` takes them. Each
 * names date, time and offset, so that none has two readings.
 *
 * - Date and time in the extended form (`2024-07-15T13:45`) or both in the basic one (`20240715T134500`); `T`, `t` or one
 *   space between them; seconds may be left out, a fraction follows seconds only.
 * - The offset: `Z`, `z`, `+01`, `+0100`, `+01:00`, with one space before it or none; or ` UTC`.
 * - Behind that the name of a zone in brackets, `[Europe/Warsaw]`: it changes nothing, since the offset tells the instant.
 * - `24:00`, with nothing but zeros behind it, is 00:00 of the next day. Second 60 is read as RFC 3339 has it.
 */

import type { Written } from './form.ts'
import { formatDay } from './gregorian.ts'
import { readWritten } from './rfc3339.ts'

const FORM =
  /^(?:(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?|(\d{8})[Tt ](\d\d)(\d\d)(?:(\d\d)(\.\d+)?)?)(?:( UTC)|([Zz])| ?([+-]\d\d)(?::?(\d\d))?)(\[[A-Za-z][A-Za-z0-9_+\-/]*\])?$/

const HYPHEN = 0x2d
const BRACKET = 0x5d
/** A name of a zone that is longer is none. */
const MOST_ZONE = 64

/** A moment that is written in one of these forms. */
export function readIso(text: string): Written | undefined {
  const match = FORM.exec(text)
  if (match === null || (match[15]?.length ?? 0) > MOST_ZONE) return undefined
  const basic = match[6]
  const date = match[1] ?? `${basic!.slice(0, 4)}-${basic!.slice(4, 6)}-${basic!.slice(6)}`
  const minute = match[3] ?? match[8]!
  const second = match[4] ?? match[9] ?? '00'
  const fraction = match[5] ?? match[10] ?? ''
  const offset = match[13] === undefined ? 'Z' : `${match[13]}:${match[14] ?? '00'}`
  const hour = match[2] ?? match[7]!
  if (hour !== '24') return readWritten(`${date}T${hour}:${minute}:${second}${fraction}${offset}`)
  if (/[1-9]/.test(minute + second + fraction)) return undefined
  const midnight = readWritten(`${date}T00:00:00${offset}`)
  const next = midnight && { ...midnight, days: midnight.days + 1 }
  return next && formatDay(next.days) === undefined ? undefined : next
}

/**
 * The same time of another day, in the form that `readWritten` and `readIso` take; without a zone in brackets, whose offset
 * may be another one then.
 */
export function moveIso(text: string, written: Written, days: number): string | undefined {
  const isBasic = text.charCodeAt(4) !== HYPHEN
  const size = isBasic ? 8 : 10
  const isNextDay = text.startsWith('24', size + 1)
  const day = formatDay(written.days + days - (isNextDay ? 1 : 0))
  if (day === undefined) return undefined
  const end = text.charCodeAt(text.length - 1) === BRACKET ? text.indexOf('[') : text.length
  const second = size + (isBasic ? 5 : 7)
  // On another day there is no leap second: it was read as second 59.
  const time = text.startsWith('60', second)
    ? `${text.slice(size, second)}59${text.slice(second + 2, end)}`
    : text.slice(size, end)
  return (isBasic ? day.replaceAll('-', '') : day) + time
}
