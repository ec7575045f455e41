/**
 * The lists of @faker-js/faker, read as data: its random generator is never used, so a result does not depend
 * on a seed or on how many were drawn before. A locale is loaded when a rule first needs it, by `compile`.
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { isStreamSafe } from '../stream-safe.ts'
import { OptionError } from '../transform.ts'

const require = createRequire(import.meta.url)

type Definitions = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

/** The lists of one locale. What the locale does not have itself is absent: other languages do not fill in. */
export interface Locale {
  readonly name: string
  /**
   * The entry `key` of faker's module `group` (`person`, `location`), undefined where the locale has none of its
   * own. A region of English (`en_AU`) may have `english`: then its entry is that of `en`.
   */
  readonly entry: (group: string, key: string, english?: 'or-english') => unknown
}

/**
 * Loads one locale, synchronously (about 40 ms the first time: the locale's lists come with English ones).
 * @param name faker's name of a locale, e.g. `de` or `pt_BR`; from a closed list, never from data
 */
export function loadLocale(name: string): Locale {
  const own = definitionsOf(name)
  const english = definitionsOf('en')
  return {
    name,
    entry: (group, key, mayBeEnglish) => {
      const found = own[group]?.[key]
      // Faker merges English into every locale; what is the very object that English holds is English.
      const borrowed = name !== 'en' && found === english[group]?.[key]
      const allowed = mayBeEnglish === 'or-english' && name.startsWith('en_')
      return borrowed && !allowed ? undefined : (found ?? undefined)
    },
  }
}

function definitionsOf(name: string): Definitions {
  const { faker } = require(`@faker-js/faker/locale/${name}`) as { faker: { rawDefinitions: Definitions } }
  return faker.rawDefinitions
}

/** The texts of a faker list: strings only, trimmed, each once (compared as `foldText` does), in faker's order. */
export function texts(entry: unknown): string[] {
  if (!Array.isArray(entry)) return []
  const seen = new Set<string>()
  const result: string[] = []
  for (const item of entry as readonly unknown[]) {
    if (typeof item !== 'string') continue
    const text = item.trim()
    const folded = foldText(text)
    if (folded === '' || seen.has(folded)) continue
    seen.add(folded)
    result.push(text)
  }
  return result
}

/** No surrogate has more than a quarter of these UTF-16 units, and NFKC makes one of four at most. */
const LONGEST_FOLDED = 1024

/**
 * How a surrogate and the value it stands for are compared: NFKC, trimmed, lower case. A text that is no surrogate,
 * because it is too long or has too many marks in a row, stays as it is: folding it could take long.
 */
export function foldText(text: string): string {
  const trimmed = text.trim()
  if (trimmed.length > LONGEST_FOLDED) return trimmed
  // ASCII is its own NFKC; asking for it costs more than the rest.
  if (/^[ -~]*$/.test(trimmed)) return trimmed.toLowerCase()
  return isStreamSafe(trimmed) ? trimmed.normalize('NFKC').trim().toLowerCase() : trimmed
}

/** Throws `OptionError` where a list has fewer than `least` entries: another faker version may have fewer. */
export function needAtLeast(least: number, count: number, what: string, locale: string): void {
  if (count >= least) return
  throw new OptionError(
    `locale ${locale} has ${count} ${what}, and ${least} are needed`,
    'locale',
    'choose another locale, e.g. en',
  )
}

/** SHA-256, lower-case hex, of the canonical JSON of named lists: names sorted, no white space. */
export function digestOf(lists: Readonly<Record<string, readonly string[]>>): string {
  const sorted = Object.fromEntries(Object.entries(lists).sort(([a], [b]) => (a < b ? -1 : 1)))
  return createHash('sha256').update(JSON.stringify(sorted), 'utf8').digest('hex')
}
