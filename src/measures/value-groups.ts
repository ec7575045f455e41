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

const OF_SCRIPT = SCRIPTS.map((name) => ({
  name: name as string,
  pattern: new RegExp(`[\\p{Letter}&&\\p{Script=${name}}]`, 'v'),
}))
const LETTER = /\p{Letter}/u
const OF_OTHERS = new RegExp(`[\\p{Letter}--[${SCRIPTS.map((name) => `\\p{Script=${name}}`).join('')}]]`, 'v')
const BEYOND_ASCII = /[^\P{Letter}\p{ASCII}]/u

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
  // A value may be as long as a record, so that no letter is looked at by itself.
  if (!LETTER.test(text)) return 'no letters'
  if (OF_OTHERS.test(text)) return 'another script'
  const names = OF_SCRIPT.filter(({ pattern }) => pattern.test(text)).map(({ name }) => name)
  if (names.length > 1)
    return (
      TOGETHER.find(([, scripts]) => names.every((name) => scripts.includes(name)))?.[0] ?? 'several scripts'
    )
  if (names[0] !== 'Latin') return names[0]!
  return BEYOND_ASCII.test(text) ? 'Latin, beyond ASCII' : 'Latin, ASCII'
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
