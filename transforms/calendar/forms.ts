/** Every form by its name in a policy; what is no name is a pattern. */

import { OptionError } from '../transform.ts'
import { EPOCHS, type EpochFormat, epochForm } from './epoch.ts'
import type { Form, Written } from './form.ts'
import { formatDay, HOUR_MS, MINUTE_MS, pad2 } from './gregorian.ts'
import { moveIso, readIso } from './iso.ts'
import { moveMailDate, readMailDate, writeMailDate } from './mail-date.ts'
import { compilePattern } from './pattern.ts'
import { readWritten } from './rfc3339.ts'
import { isDigitAt } from './words.ts'

export const NAMED_FORMATS = [
  'auto',
  'rfc3339',
  'date',
  'date-time',
  'rfc1123',
  'epoch-days',
  'epoch-seconds',
  'epoch-milliseconds',
  'epoch-microseconds',
  'epoch-nanoseconds',
] as const

/** `2024-07-15T13:45:00`, with milliseconds where there are any. */
function clock({ days, time = 0 }: Written): string | undefined {
  const day = formatDay(days)
  if (day === undefined) return undefined
  const [hours, minutes] = [Math.floor(time / HOUR_MS), Math.floor(time / MINUTE_MS) % 60]
  const seconds = (time % MINUTE_MS) / 1000
  const second = seconds % 1 === 0 ? pad2(seconds) : seconds.toFixed(3).padStart(6, '0')
  return `${day}T${pad2(hours)}:${pad2(minutes)}:${second}`
}

function offsetText(offset: number): string {
  const size = Math.abs(offset)
  return offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${pad2(Math.floor(size / 60))}:${pad2(size % 60)}`
}

function writeRfc3339(moment: Written): string | undefined {
  const text = clock(moment)
  return text && text + offsetText(moment.offset ?? 0)
}

const moment = { bare: false, counts: false, move: moveIso, write: writeRfc3339 } as const

const WRITTEN_FORMS: readonly Form[] = [
  {
    ...moment,
    name: 'auto',
    zone: 'used',
    read: (text) => {
      const written = readWritten(text)
      if (written !== undefined)
        return (written.time === undefined) === (written.offset === undefined) ? written : undefined
      return readIso(text) ?? readMailDate(text)
    },
    move: (text, written, days) =>
      isDigitAt(text, 3) ? moveIso(text, written, days) : moveMailDate(text, written, days),
  },
  {
    ...moment,
    name: 'rfc3339',
    zone: 'unused',
    read: (text) => {
      const written = readWritten(text)
      return written?.offset === undefined ? undefined : written
    },
  },
  {
    ...moment,
    name: 'date',
    bare: true,
    zone: 'used',
    read: (text) => {
      const written = readWritten(text)
      return written?.time === undefined ? written : undefined
    },
    write: ({ days }) => formatDay(days),
  },
  {
    ...moment,
    name: 'date-time',
    zone: 'needed',
    read: (text) => {
      const written = readWritten(text)
      return written?.time === undefined || written.offset !== undefined ? undefined : written
    },
    write: clock,
  },
  {
    ...moment,
    name: 'rfc1123',
    zone: 'unused',
    read: readMailDate,
    move: moveMailDate,
    write: writeMailDate,
  },
]

/** The form of a name or pattern. Throws `OptionError`, whose `option` is `format`, for what is neither. */
export function compileForm(format: string): Form {
  const named = WRITTEN_FORMS.find(({ name }) => name === format)
  if (named !== undefined) return named
  if (Object.hasOwn(EPOCHS, format)) return epochForm(format as EpochFormat)
  // Every pattern has an M.
  if (/^[a-z0-9_-]*$/.test(format))
    throw new OptionError(
      'no format is called so',
      'format',
      `write ${NAMED_FORMATS.join(', ')}, or a pattern such as dd/MM/yyyy HH:mm`,
    )
  return compilePattern(format)
}

/** 15 July 2024, 13:45 UTC, in a format that there is. */
export function exampleOf(format: string): string {
  return compileForm(format).write({ days: 19_919, time: 13 * HOUR_MS + 45 * MINUTE_MS, offset: 0 })!
}
