/** In which pattern the dates of a path are written, as far as they tell it themselves. */
import { formOf, patternsOf } from './date-patterns.ts'

/** What is said of a path: one pattern, or two that fit alike and differ in which number is the day. */
export type Notation =
  | { readonly kind: 'one'; readonly format: string; readonly timed: boolean; readonly needsZone: boolean }
  | { readonly kind: 'either'; readonly formats: readonly [string, string] }

const isDayFirst = (pattern: string): boolean => pattern.indexOf('d') < pattern.indexOf('M')

export class DateNotations {
  readonly #counts: Map<string, number> = new Map()
  /** Values that have a meaning with the day first only; and with the month first only. */
  #dayOnly = 0
  #monthOnly = 0

  add(text: string): void {
    const patterns = patternsOf(text)
    const dayFirst = patterns.some(isDayFirst)
    const monthFirst = patterns.some((pattern) => !isDayFirst(pattern))
    if (dayFirst && !monthFirst) this.#dayOnly++
    if (monthFirst && !dayFirst) this.#monthOnly++
    for (const pattern of patterns) this.#counts.set(pattern, (this.#counts.get(pattern) ?? 0) + 1)
  }

  merge(other: DateNotations): void {
    for (const [pattern, count] of other.#counts)
      this.#counts.set(pattern, (this.#counts.get(pattern) ?? 0) + count)
    this.#dayOnly += other.#dayOnly
    this.#monthOnly += other.#monthOnly
  }

  /** The notation of at least `least` values; undefined where there is none. */
  of(least: number): Notation | undefined {
    // The sort keeps the order in which patterns of equal count came: two digits before one.
    const fitting = [...this.#counts]
      .filter(([, count]) => count >= least && count > 0)
      .sort((a, b) => b[1] - a[1])
    const day = fitting.find(([pattern]) => isDayFirst(pattern))?.[0]
    const month = fitting.find(([pattern]) => !isDayFirst(pattern))?.[0]
    if (day !== undefined && month !== undefined && this.#dayOnly > 0 === this.#monthOnly > 0)
      return { kind: 'either', formats: [day, month] }
    const format = this.#monthOnly > 0 ? (month ?? day) : (day ?? month)
    if (format === undefined) return undefined
    const { bare, zone } = formOf(format)
    return { kind: 'one', format, timed: !bare, needsZone: zone === 'needed' }
  }
}
