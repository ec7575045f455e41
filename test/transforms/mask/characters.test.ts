import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { characters, mostShown } from '../../../transforms/mask/characters.ts'
import { OptionError } from '../../../transforms/transform.ts'
import { coarser } from '../coarser.ts'
import { maskContext, NO_RECORD } from './context.ts'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const graphemes = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment)
const apply = (options: object, text: string) =>
  characters.compile(options, maskContext()).apply(text, NO_RECORD) as string

const texts = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme-ascii' }),
  fc.string({ minLength: 1, unit: 'grapheme-composite' }),
  fc.string({ minLength: 1, unit: 'binary' }),
)
const keeps = fc.record({ keepFirst: fc.nat(10), keepLast: fc.nat(10) })
/** U+2588, which no generated text holds, so that hidden positions can be told from shown ones. */
const SIGN = '█'

describe('mask.characters', () => {
  it.each(characters.examples)('$title', ({ options, input, output }) => {
    expect(apply(options, input)).toBe(output)
  })

  it('never shows more than it hides, hides at least three, and keeps everything in its place', () => {
    fc.assert(
      fc.property(
        texts.filter((text) => !text.includes(SIGN)),
        keeps,
        (text, keep) => {
          const before = graphemes(text)
          const result = apply({ ...keep, with: SIGN }, text)
          const first = result.slice(0, result.indexOf(SIGN))
          const last = result.slice(result.lastIndexOf(SIGN) + 1)
          const hidden = result.length - first.length - last.length
          expect(result).toBe(first + SIGN.repeat(hidden) + last)
          expect(text.startsWith(first)).toBe(true)
          expect(text.endsWith(last)).toBe(true)
          const shown = graphemes(first).length + graphemes(last).length
          expect(shown + hidden).toBe(before.length)
          expect(hidden).toBeGreaterThanOrEqual(Math.min(3, before.length))
          expect(shown).toBeLessThanOrEqual(hidden)
          if (before.length <= 3) expect(shown).toBe(0)
          expect(shown).toBeLessThanOrEqual(keep.keepFirst + keep.keepLast)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is not deceived by padding: at least half of what is visible stays hidden, and at least three', () => {
    const unseen = fc.string({
      unit: fc.constantFrom(...' \t\n\u00a0\u00ad\u200b\u200d\u2060\u2800\u3000\u3164\ufeff\ufe0f\u034f'),
    })
    fc.assert(
      fc.property(
        unseen,
        fc.string({ unit: fc.constantFrom('a', 'é', 'я', '漢', '7'), minLength: 1, maxLength: 16 }),
        unseen,
        keeps,
        fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        (before, text, behind, keep, length) => {
          const result = apply({ ...keep, with: SIGN, length }, before + text + behind)
          const shown = result.match(/[aéя漢7]/g)?.length ?? 0
          expect(shown).toBeLessThanOrEqual(mostShown(text.length))
        },
      ),
      { numRuns: 1000 },
    )
    expect(apply({ keepLast: 4 }, '    1234')).toBe('*******4')
    expect(apply({ keepFirst: 6 }, 'Müller      ')).toBe('Mül*********')
  })

  it('shows as much as it was asked to where the value is long enough', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 20, unit: fc.constantFrom('a', 'é', 'я', '漢') }),
        keeps,
        (text, keep) => {
          const hidden = text.length - keep.keepFirst - keep.keepLast
          fc.pre(keep.keepFirst + keep.keepLast <= mostShown(text.length))
          expect(apply(keep, text)).toBe(
            text.slice(0, keep.keepFirst) + '*'.repeat(hidden) + text.slice(text.length - keep.keepLast),
          )
        },
      ),
    )
  })

  it('gives the start way to the end', () => {
    expect(apply({ keepFirst: 2, keepLast: 4 }, '1234567890')).toBe('1*****7890')
    expect(apply({ keepFirst: 2, keepLast: 4 }, '12345678')).toBe('****5678')
  })

  it('says of one rule that it is coarser only where it shows nothing that the other hides', () => {
    const rules = fc.record(
      { keepFirst: fc.nat(5), keepLast: fc.nat(5), length: fc.integer({ min: 1, max: 5 }) },
      { requiredKeys: ['keepFirst', 'keepLast'] },
    )
    const shownBy = (rule: object, text: string) => {
      const result = apply({ ...rule, with: SIGN }, text)
      return { first: result.indexOf(SIGN), last: result.length - 1 - result.lastIndexOf(SIGN), result }
    }
    let found = 0
    fc.assert(
      fc.property(rules, rules, fc.string({ minLength: 1, maxLength: 12 }), (previous, next, text) => {
        if (!coarser(characters, previous, next)) return
        found++
        const a = shownBy(previous, text)
        const b = shownBy(next, text)
        expect(b.first).toBeLessThanOrEqual(a.first)
        expect(b.last).toBeLessThanOrEqual(a.last)
        if (previous.length !== undefined) {
          expect(next.length).toBeDefined()
        }
      }),
      { numRuns: 3000 },
    )
    expect(found).toBeGreaterThan(100)
    expect(coarser(characters, { keepLast: 4, keepFirst: 2 }, { keepLast: 0, keepFirst: 2 })).toBe(false)
    expect(coarser(characters, { keepLast: 4 }, { keepLast: 1 })).toBe(true)
    expect(coarser(characters, { keepLast: 1 }, { keepLast: 4 })).toBe(false)
    expect(coarser(characters, { length: 3 }, {})).toBe(false)
  })

  it('does not leak the length with a fixed one', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 14 }), (text) => {
        expect(apply({ keepLast: 4, length: 3 }, text).slice(0, 3)).toBe('***')
        expect(graphemes(apply({ length: 3 }, text)).length).toBe(3)
      }),
    )
  })

  it('cuts no character in half, and shows none in which a text can hide', () => {
    expect(apply({ keepFirst: 1, keepLast: 1 }, '👨‍👩‍👧‍👦bcd🇩🇪')).toBe('👨‍👩‍👧‍👦***🇩🇪')
    const smuggled = [...'ada@example.com'].map((sign) => String.fromCodePoint(0xe0000 + sign.charCodeAt(0)))
    expect(apply({ keepFirst: 2 }, `a🏴${smuggled.join('')}bcdefg`)).toBe('a*******')
    expect(apply({ keepLast: 2 }, `bcdefg🏴${smuggled.join('')}a`)).toBe('*******a')
  })

  it('promises plain output only where nothing of the value is left', () => {
    const plain = (options: object) => characters.compile(options, maskContext()).plain
    expect(plain({})).toBe(true)
    expect(plain({ length: 4, with: 'x' })).toBe(true)
    expect(plain({ keepLast: 1 })).toBe(false)
    expect(plain({ with: '#' })).toBe(false)
  })

  it.each(['**', '', ' ', '\u0301', '\u200d', '\n', '\ud83d'])('refuses %j as mask sign', (sign) => {
    expect(() => characters.compile({ with: sign }, maskContext())).toThrow()
  })

  it('names the option at fault, and takes signs of more than one unit', () => {
    expect(() => characters.compile({ with: 'ab' }, maskContext())).toThrow(OptionError)
    expect(apply({ with: '🔒', keepLast: 1 }, 'abcd')).toBe('🔒🔒🔒d')
  })

  it('says that it depends on Unicode data', () => {
    const used: string[] = []
    characters.compile({}, maskContext(used))
    expect(used).toEqual(['unicode'])
  })

  it('calls it weak to keep more than six', () => {
    expect(characters.weaknesses({ keepFirst: 3, keepLast: 3 })).toEqual([])
    expect(characters.weaknesses({ keepFirst: 3, keepLast: 4 })).toMatchObject([{ option: 'keepLast' }])
    expect(characters.weaknesses({ keepFirst: 7 })).toMatchObject([{ option: 'keepFirst' }])
  })
})
