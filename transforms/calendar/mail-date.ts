/**
 * Dates of mail and HTTP, after RFC 1123: `Mon, 15 Jul 2024 13:45:00 GMT`. The weekday may be left out, and has to be that of
 * the date; so may the seconds. The day has one digit or two, the offset is `GMT` or `+0200`. Second 60 is read as RFC 3339
 * has it.
 */

import type { Written } from './form.ts'
import { dateOfDay, pad2, pad4, weekday } from './gregorian.ts'
import { readWritten } from './rfc3339.ts'
import { SHORT_MONTHS, WEEKDAYS } from './words.ts'

const FORM = new RegExp(
  `^(?:(${WEEKDAYS.join('|')}), )?(\\d\\d?) (${SHORT_MONTHS.join('|')}) (\\d{4}) (\\d\\d:\\d\\d)(:\\d\\d)? (GMT|[+-]\\d{4})$`,
)

export function readMailDate(text: string): Written | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, named, day, month, year, time, second = ':00', zone] = match
  const offset = zone === 'GMT' ? 'Z' : `${zone!.slice(0, 3)}:${zone!.slice(3)}`
  const date = `${year}-${pad2(SHORT_MONTHS.indexOf(month!) + 1)}-${day!.padStart(2, '0')}`
  const written = readWritten(`${date}T${time}${second}${offset}`)
  return written === undefined || (named !== undefined && WEEKDAYS[weekday(written.days)] !== named)
    ? undefined
    : written
}

/** The same time of another day, with its weekday where there was one. */
export function moveMailDate(text: string, { days: before }: Written, days: number): string | undefined {
  const [, named, day, , , time, second = '', zone] = FORM.exec(text)!
  const clock = `${time}${second === ':60' ? ':59' : second} ${zone}`
  return write(before + days, clock, named !== undefined, day!.length === 2)
}

/** A moment in this form; undefined outside the years 0001 to 9999. */
export function writeMailDate({ days, time = 0, offset = 0 }: Written): string | undefined {
  const seconds = Math.floor(time / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const size = Math.abs(offset)
  const zone = `${offset < 0 ? '-' : '+'}${pad2(Math.floor(size / 60))}${pad2(size % 60)}`
  const clock = `${pad2(hours)}:${pad2(minutes)}:${pad2(seconds % 60)} ${offset === 0 ? 'GMT' : zone}`
  return write(days, clock, true, true)
}

function write(days: number, clock: string, weekdays: boolean, padded: boolean): string | undefined {
  const date = dateOfDay(days)
  if (date === undefined) return undefined
  const before = weekdays ? `${WEEKDAYS[weekday(days)]}, ` : ''
  const day = padded ? pad2(date.day) : String(date.day)
  return `${before}${day} ${SHORT_MONTHS[date.month - 1]} ${pad4(date.year)} ${clock}`
}
