/** Texts of others in cards stay text, and counts of few records are in none of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Card } from '../../../src/cards/card.ts'
import { cardFactsJsonSchema, readCardFacts } from '../../../src/cards/card-facts.ts'
import { sizeCategory } from '../../../src/cards/hugging-face.ts'
import { paragraphs, plain } from '../../../src/cards/markdown.ts'
import { nameUuid } from '../../../src/cards/name-uuid.ts'
import { shownJson, shownYaml } from '../../../src/cards/shown-text.ts'
import { SMALLEST_COUNT, shownCount, withheldCounts } from '../../../src/cards/small-counts.ts'
import { biases } from '../../../src/cards/statements.ts'
import { fits, type Schema } from '../draft-07.ts'

const decoded = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'<>|*_[]()#`!-+= \n\r\t1.)&;~:@\\$\u202e\u0000www') }),
  fc.constantFrom(
    '---\na: b',
    '<script>',
    '![x](y)',
    '| a | b |',
    '1. a',
    '- a',
    '# a',
    'https://evil.example',
    '```',
  ),
)

describe('texts of others', () => {
  it('are one line without markup in Markdown, and show what was given', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = plain(text)
        expect(shown).not.toMatch(/[<>|*[\]#`\\~!](?!\d+;)|\n|^[-+=]|^\d+[.)]|https?:|www\./i)
        expect(shown.replaceAll(/&#\d+;/g, '')).not.toContain('&')
        // Letters and digits stay, in their order.
        const letters = (one: string): string => one.replace(/[^\p{L}\p{N}]/gu, '')
        if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/u.test(text))
          expect(letters(decoded(shown))).toBe(letters(text))
        expect(
          paragraphs(text)
            .split('\n')
            .every((line) => !line.startsWith('---')),
        ).toBe(true)
      }),
    )
  })
})

describe('data with texts of others', () => {
  it('show every character in YAML and JSON, and are the same data', () => {
    const hidden = fc
      .string({
        unit: fc.constantFrom(
          '\u202e',
          '\u2066',
          '\u2028',
          '\u0085',
          '\u061c',
          'a',
          '\n',
          ' ',
          '"',
          '\\',
          ':',
        ),
      })
      .map((text) => `a${text}z`)
    fc.assert(
      fc.property(
        fc.dictionary(hidden, fc.oneof(hidden, fc.array(hidden)), { noNullPrototype: true }),
        (value) => {
          const [yaml, json] = [shownYaml(value), shownJson(JSON.stringify(value))]
          for (const text of [yaml, json])
            expect(text).not.toMatch(/[\u0080-\u009f\u061c\u2028-\u202e\u2066-\u2069]/)
          expect(JSON.parse(json)).toEqual(value)
          expect(parse(yaml, { version: '1.1' })).toEqual(value)
          expect(parse(yaml)).toEqual(value)
        },
      ),
    )
  })
})

describe('counts of few records', () => {
  it('are not told, nor what they could be worked out from', () => {
    const counts = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 50 }))
    fc.assert(
      fc.property(counts, counts, fc.nat({ max: 1000 }), (suppressed, deadLettered, published) => {
        const all = [...Object.values(suppressed), ...Object.values(deadLettered)]
        const read = published + all.reduce((sum, one) => sum + one, 0)
        const { read: told, reasons } = withheldCounts({ in: read, suppressed, deadLettered })
        const isAnySmall = all.some((one) => one > 0 && one < SMALLEST_COUNT)
        expect(told).toBe(isAnySmall ? undefined : read)
        for (const [at, [, text]] of reasons.entries()) {
          const count = all[at]!
          expect(text).toBe(count > 0 && count < SMALLEST_COUNT ? 'fewer than 10' : String(count))
        }
      }),
    )
    expect([0, 9, 10, 1234567].map(shownCount)).toEqual(['0', 'fewer than 10', '10', '1,234,567'])
  })
})

describe('groups of a measure', () => {
  const group = { name: 'ZqCanary | <b>', read: 40, published: 20, ratio: 0.5, isFlagged: true, emptied: [] }
  const said = (smallestGroup: number, more = {}): string => {
    const balance = [{ by: 'town', groups: [{ ...group, ...more }] }]
    const measured = { options: { smallestGroup }, balance }
    return biases({ measured, withheld: { reasons: [] } } as unknown as Card).join('\n')
  }
  it('are named where groups of few subjects are not, and told without a small count', () => {
    expect(said(10)).toContain('ZqCanary | <b>')
    expect(said(10)).toContain('0.50 times')
    expect(said(9)).not.toContain('ZqCanary')
    expect(said(9)).toContain('1 of 1 groups')
    expect(said(10, { published: 3, ratio: 0.075 })).toMatch(/fewer than 10 of 40/)
    expect(said(10, { published: 3, ratio: 0.075 })).not.toContain('0.07')
    expect(said(10, { isFlagged: false })).not.toContain('ZqCanary')
    expect(said(10, { name: null })).toContain('records without a value of town')
  })
})

describe('what follows from a run', () => {
  it('is the size as the Hub names it, and a UUID of version 5', () => {
    expect([0, 999, 1000, 9_999, 10_000, 1e12, 5e12].map(sizeCategory)).toEqual([
      'n<1K',
      'n<1K',
      '1K<n<10K',
      '1K<n<10K',
      '10K<n<100K',
      'n>1T',
      'n>1T',
    ])
    expect(nameUuid('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect([nameUuid('a'), nameUuid('b')]).toEqual([
      nameUuid('a'),
      expect.not.stringContaining(nameUuid('a')),
    ])
  })
})

describe('facts', () => {
  const whole = `name: n
license: https://data.example.com/terms
creator: { name: c, kind: person }
collection: { from: 2026-01-01, to: ongoing }
contract: { status: active }
lineage: { inputs: [{ namespace: kafka, name: orders }] }
`
  it('fit their JSON Schema where they are read, and do not where they are refused', () => {
    const schema = cardFactsJsonSchema() as Schema
    const isRead = (text: string): boolean => readCardFacts({ file: 'card.yaml', text }).facts !== undefined
    expect([isRead(whole), fits(parse(whole), schema, schema)]).toEqual([true, true])
    for (const wrong of [
      'nam: n',
      'license: [a]',
      'creator: c',
      'contract: { status: done }',
      'lineage: { inputs: [a] }',
    ])
      expect([wrong, isRead(wrong), fits(parse(wrong), schema, schema)]).toEqual([wrong, false, false])
    for (const wrong of [
      'name: "a\\nb"',
      'url: http://a.example',
      'url: https://u:p@a.example',
      'published: 2026-02-30',
    ])
      expect([wrong, isRead(wrong)]).toEqual([wrong, false])
  })
})
