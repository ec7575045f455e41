/** Which patterns of dates a text may have been written by. */
import type { Form } from '../../transforms/calendar/form.ts'
import { compilePattern } from '../../transforms/calendar/pattern.ts'

/** Compiled forms by pattern. Their number is bounded: the code below makes only a few patterns. */
const forms = new Map<string, Form>()

/** The form of a pattern. */
export function formOf(pattern: string): Form {
  let form = forms.get(pattern)
  if (form === undefined) {
    form = compilePattern(pattern)
    forms.set(pattern, form)
  }
  return form
}

interface DateShape {
  readonly text: RegExp
  /** Patterns, given the signs that the expression has found between the parts. */
  readonly patterns: (...signs: readonly string[]) => readonly string[]
}

/** Those with two digits come first: they fit where others do, and say more. */
const DATES: readonly DateShape[] = [
  {
    text: /^\d{1,2}([./-])\d{1,2}\1\d{4}/,
    patterns: (sign) =>
      [
        ['dd', 'MM'],
        ['d', 'M'],
        ['MM', 'dd'],
        ['M', 'd'],
      ].map((parts) => [...parts, 'yyyy'].join(sign)),
  },
  {
    text: /^\d{4}([./-])\d{1,2}\1\d{1,2}/,
    patterns: (sign) => [`yyyy${sign}MM${sign}dd`, `yyyy${sign}M${sign}d`],
  },
  { text: /^(?:19|20)\d{6}/, patterns: () => ['yyyyMMdd'] },
  {
    text: /^\d{1,2}(\. | |-)[A-Z][a-z]{2,8}(,? |-)\d{4}/,
    patterns: (first, second) =>
      ['dd', 'd'].flatMap((day) => ['MMM', 'MMMM'].map((month) => `${day}${first}${month}${second}yyyy`)),
  },
  {
    text: /^[A-Z][a-z]{2,8} \d{1,2}(,? )\d{4}/,
    patterns: (sign) =>
      ['dd', 'd'].flatMap((day) => ['MMM', 'MMMM'].map((month) => `${month} ${day}${sign}yyyy`)),
  },
]

const TIME =
  /^(T|,? )\d{1,2}:\d\d(:\d\d)?(?:([.,])(\d{1,9}))?(?:([ \u00a0\u202f]?)([AP]M))?(?:( ?)(Z|[+-]\d\d(?::?\d\d)?))?$/
const COMPACT_TIME = /^(T| |)\d{4}(\d\d)?(\d{3})?(Z|[+-]\d{4})?$/

/** Patterns of what stands behind a date. */
function timePatterns(text: string): readonly string[] {
  if (text === '') return ['']
  const compact = COMPACT_TIME.exec(text)
  if (compact !== null) {
    const [, between, second, fraction, offset] = compact
    const end = `${second === undefined ? '' : 'ss'}${fraction === undefined ? '' : 'SSS'}${offset === undefined ? '' : 'XX'}`
    return [`${between === 'T' ? "'T'" : between}HHmm${end}`]
  }
  const match = TIME.exec(text)
  if (match === null) return []
  const [, between, second, point = '', fraction = '', blank = '', half, gap = '', offset] = match
  const start = between === 'T' ? "'T'" : between!
  const clock = `:mm${second === undefined ? '' : ':ss'}${point}${'S'.repeat(fraction.length)}`
  const end = `${half === undefined ? '' : `${blank}a`}${gap}${offset === undefined ? '' : offsetPattern(offset)}`
  const hours = half === undefined ? ['HH', 'H'] : ['hh', 'h']
  return hours.map((hour) => `${start}${hour}${clock}${end}`)
}

/** In the letters of patterns: `+01:00`, `+01` or `Z`, `+0100`. */
function offsetPattern(offset: string): string {
  if (offset.includes(':')) return 'XXX'
  return offset.length === 3 ? 'X' : 'XX'
}

/** The patterns that read `text`, those that a person would rather write first. */
export function patternsOf(text: string): readonly string[] {
  for (const shape of DATES) {
    const match = shape.text.exec(text)
    if (match === null) continue
    const times = timePatterns(text.slice(match[0].length))
    const [, ...signs] = match
    return shape
      .patterns(...signs)
      .flatMap((date) => times.map((time) => date + time))
      .filter((pattern) => formOf(pattern).read(text) !== undefined)
  }
  return []
}
