/** Strings of JSON to bytes: what is decoded is what a parser reads, whatever is written as an escape. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeString, levelsOf, unescapeJson } from '../../../src/record/json/json-text.ts'

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A character, and how it stands in a string: as it is, as `JSON.stringify` writes it, or as escapes of its units. */
const sign = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(
        '\0',
        '"',
        '\\',
        '/',
        '\x7f',
        '\x80',
        '\u07ff',
        '\u0800',
        '\uffff',
        '\u{10000}',
        '\u{10ffff}',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    fc.boolean(),
  )
  .map(([character, isEscaped]) =>
    isEscaped ? character.split('').map(escaped).join('') : JSON.stringify(character).slice(1, -1),
  )
  .filter((written) => (JSON.parse(`"${written}"`) as string).isWellFormed())

it('decodes strings as a parser does', () => {
  fc.assert(
    fc.property(fc.array(sign), (signs) => {
      const written = Buffer.from(signs.join(''))
      const out = new Uint8Array(written.length)
      const text = JSON.parse(`"${signs.join('')}"`) as string
      const end = decodeString(written, 0, written.length, out, 0)
      expect(Buffer.from(out.subarray(0, end)).toString('hex')).toBe(Buffer.from(text).toString('hex'))
      expect(unescapeJson(signs.join(''))).toBe(text)
    }),
    { numRuns: 300 },
  )
})

it('counts levels, and no brackets in strings', () => {
  const levels = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map((below) => levels(below)))
      : 0
  const value = fc.jsonValue({ stringUnit: fc.constantFrom('[', '{', ']', '"', '\\', 'a'), maxDepth: 4 })
  fc.assert(
    fc.property(value, (one) => {
      expect(levelsOf(JSON.stringify(one))).toBe(levels(one))
    }),
  )
  for (const text of ['"', '["\\', ']]{']) expect(levelsOf(text)).toBeLessThan(2)
})
