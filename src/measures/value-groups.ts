/** Groups that values belong to by how they are written: closed lists of names, so that no value stands in one. */

/** Scripts that have a group of their own (names of Unicode, UAX #24). */
const SCRIPTS = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Thai',
  'Armenian',
  'Georgian',
  'Ethiopic',
] as const

const OF_SCRIPT = SCRIPTS.map((name) => ({ name, pattern: new RegExp(`\\p{Script=${name}}`, 'gu') }))
const LETTER = /\p{Letter}/gu
const BEYOND_ASCII = /[^\p{ASCII}]/u

/** Scripts that are written together in one language. */
const TOGETHER: readonly (readonly [string, readonly string[]])[] = [
  ['Japanese', ['Han', 'Hiragana', 'Katakana']],
  ['Korean', ['Han', 'Hangul']],
]

/**
 * The script of a text: that of all its letters. Latin is parted by whether all letters are of ASCII, since what reads
 * names and addresses often fails with others. Han with kana is `Japanese`, and Han with Hangul `Korean`.
 */
export function scriptOf(text: string): string {
  const letters = text.match(LETTER)?.length ?? 0
  if (letters === 0) return 'no letters'
  const found = OF_SCRIPT.flatMap(({ name, pattern }) => {
    const count = text.match(pattern)?.filter((one) => one.match(LETTER) !== null).length ?? 0
    return count === 0 ? [] : [{ name, count }]
  })
  if (found.reduce((sum, { count }) => sum + count, 0) < letters) return 'another script'
  const names = found.map(({ name }) => name as string)
  if (names.length > 1)
    return (
      TOGETHER.find(([, scripts]) => names.every((name) => scripts.includes(name)))?.[0] ?? 'several scripts'
    )
  if (names[0] !== 'Latin') return names[0]!
  return text.match(LETTER)!.some((letter) => BEYOND_ASCII.test(letter))
    ? 'Latin, beyond ASCII'
    : 'Latin, ASCII'
}

/** By the first digit of a country code: the world zones of numbering (ITU-T E.164, list of 2016). */
const ZONES = [
  undefined,
  'zone 1: North America',
  'zone 2: Africa',
  'zone 3: Europe',
  'zone 4: Europe',
  'zone 5: South and Central America',
  'zone 6: South-East Asia and Oceania',
  'zone 7: Russia and Kazakhstan',
  'zone 8: East Asia and special services',
  'zone 9: West, Central and South Asia',
]

/** A number in international form: + or 00, and a digit of a country code. */
const INTERNATIONAL = /^\s*(?:\+|00)\s*\(?([1-9])/

/** The region of a phone number in international form, and that it is none of others. */
export function regionOf(text: string): string {
  const zone = INTERNATIONAL.exec(text)?.[1]
  return zone === undefined ? 'not in international form' : ZONES[Number(zone)]!
}
