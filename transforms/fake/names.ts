/** First and last names of a locale, for `fake.person` and `fake.email`, and streets that are named after people. */
import { type Locale, needAtLeast, texts } from './lists.ts'

const LEAST_NAMES = 20

/** Where the family name comes first, and what stands between the two. */
const FAMILY_FIRST: Readonly<Record<string, string | undefined>> = {
  hu: ' ',
  ja: ' ',
  ko: '',
  vi: ' ',
  zh_CN: '',
  zh_TW: '',
}

export interface Names {
  /** Every first name once, in the order generic, female, male. */
  readonly first: readonly string[]
  /** Every last name once, in the same order. */
  readonly last: readonly string[]
  /** For each of `first` the last names that go with it: in some languages they have a gender too. */
  readonly lastFor: readonly (readonly string[])[]
  /** A first and a last name as this locale writes them. */
  readonly full: (first: string, last: string) => string
  readonly lists: Readonly<Record<string, readonly string[]>>
}

/** Throws `OptionError` where the locale has fewer than 20 first or last names. */
export function namesOf(locale: Locale): Names {
  const firstNames = byGender(locale.entry('person', 'first_name', 'or-english'))
  const lastNames = byGender(locale.entry('person', 'last_name', 'or-english'))
  const first: string[] = []
  const lastFor: (readonly string[])[] = []
  const taken = new Set<string>()
  for (const gender of ['generic', 'female', 'male'] as const) {
    const last = unique([...lastNames.generic, ...(gender === 'generic' ? [] : lastNames[gender])])
    // A first name of no gender has no last name to go with where last names have one.
    if (last.length < LEAST_NAMES) continue
    for (const name of firstNames[gender]) {
      if (taken.has(name)) continue
      taken.add(name)
      first.push(name)
      lastFor.push(last)
    }
  }
  const last = unique([...lastNames.generic, ...lastNames.female, ...lastNames.male])
  needAtLeast(LEAST_NAMES, first.length, 'first names', locale.name)
  needAtLeast(LEAST_NAMES, last.length, 'last names', locale.name)
  const between = FAMILY_FIRST[locale.name]
  return {
    first,
    last,
    lastFor,
    full: (given, family) => (between === undefined ? `${given} ${family}` : `${family}${between}${given}`),
    lists: {
      'first generic': firstNames.generic,
      'first female': firstNames.female,
      'first male': firstNames.male,
      'last generic': lastNames.generic,
      'last female': lastNames.female,
      'last male': lastNames.male,
    },
  }
}

interface ByGender {
  readonly generic: readonly string[]
  readonly female: readonly string[]
  readonly male: readonly string[]
}

function byGender(entry: unknown): ByGender {
  const lists = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
  return { generic: texts(lists['generic']), female: texts(lists['female']), male: texts(lists['male']) }
}

function unique(names: readonly string[]): string[] {
  return texts(names)
}
