/** The groups of values by how they are written. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { regionOf, scriptOf } from '../../../src/measures/value-groups.ts'

it.each([
  ['Anna Smith', 'Latin, ASCII'],
  ["O'Brien 2nd", 'Latin, ASCII'],
  ['Zoë', 'Latin, beyond ASCII'],
  ['Zoe\u0308', 'Latin, ASCII'],
  ['Łódź', 'Latin, beyond ASCII'],
  ['Иван', 'Cyrillic'],
  ['Γιώργος', 'Greek'],
  ['محمد', 'Arabic'],
  ['דוד', 'Hebrew'],
  ['王小明', 'Han'],
  ['山田 花子さん', 'Japanese'],
  ['ヤマダ', 'Katakana'],
  ['김민준', 'Hangul'],
  ['金민준', 'Korean'],
  ['अमित', 'Devanagari'],
  ['สมชาย', 'Thai'],
  ['Ivan Иван', 'several scripts'],
  ['ᏣᎳᎩ', 'another script'],
  ['12-34', 'no letters'],
  ['', 'no letters'],
])('%s is written in: %s', (text, script) => {
  expect(scriptOf(text)).toBe(script)
})

it.each([
  ['+1 212 555 0100', 'zone 1: North America'],
  ['0049 30 123456', 'zone 4: Europe'],
  ['+ (81) 3-1234-5678', 'zone 8: East Asia and special services'],
  ['030 123456', 'not in international form'],
  ['+0 123', 'not in international form'],
  ['', 'not in international form'],
])('%s is of: %s', (text, region) => {
  expect(regionOf(text)).toBe(region)
})

it('never has a text in its names, whatever it is', () => {
  const names = new Set<string>()
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      names.add(scriptOf(text))
      names.add(regionOf(text))
      expect(names.size).toBeLessThan(40)
    }),
    { numRuns: 500 },
  )
})

it('looks at a long text as a whole', () => {
  const long = 'a'.repeat(1 << 20)
  expect(scriptOf(long)).toBe('Latin, ASCII')
  expect(scriptOf(`${long}é`)).toBe('Latin, beyond ASCII')
  expect(scriptOf(`${long}Ж`)).toBe('several scripts')
  expect(scriptOf(`${long}Ꮳ`)).toBe('another script')
})
