/** Digits, English names and offsets, as patterns and RFC 1123 write them. */

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

export const SHORT_MONTHS: readonly string[] = MONTHS.map((name) => name.slice(0, 3))

/** From Monday on, as `weekday` counts. */
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const

export function isDigitAt(text: string, at: number): boolean {
  const digit = text.charCodeAt(at) - 48
  return digit >= 0 && digit <= 9
}

/** The number that the `count` digits at `at` write; -1 where there are fewer digits. */
export function digitsAt(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    if (!isDigitAt(text, i)) return -1
    value = value * 10 + text.charCodeAt(i) - 48
  }
  return value
}

/** The month, 1 to 12, whose name of `names` stands at `at`; 0 for none. */
export function monthAt(text: string, at: number, names: readonly string[]): number {
  return names.findIndex((name) => text.startsWith(name, at)) + 1
}

/** What an offset may look like: `+01` or `+0130` (1), `+0100` (2), `+01:00` (3); or `Z`. */
export type OffsetStyle = 1 | 2 | 3

/**
 * Behind the offset that stands at `at`; -1 where none of this style does. `-00` is none: it says that the offset is not
 * known.
 */
export function offsetEnd(text: string, at: number, style: OffsetStyle): number {
  const sign = text.charCodeAt(at)
  if (sign === 90) return at + 1
  if (sign !== 43 && sign !== 45) return -1
  let end = at + 3
  if (style === 3) end = text.charCodeAt(end) === 58 ? end + 3 : -1
  else if (style === 2 || isDigitAt(text, end)) end += 2
  if (end < 0) return -1
  const hours = digitsAt(text, at + 1, 2)
  const minutes = end === at + 3 ? 0 : digitsAt(text, end - 2, 2)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1
  if (style === 1 && end > at + 3 && minutes === 0) return -1
  return sign === 45 && hours + minutes === 0 ? -1 : end
}

/** Minutes ahead of UTC, of the offset that is `text[at..end)`. */
export function offsetOf(text: string, at: number, end: number): number {
  if (end === at + 1) return 0
  const minutes = digitsAt(text, at + 1, 2) * 60 + (end === at + 3 ? 0 : digitsAt(text, end - 2, 2))
  return text.charCodeAt(at) === 45 ? -minutes : minutes
}
