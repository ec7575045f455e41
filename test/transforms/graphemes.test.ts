import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countGraphemes, graphemeStarts } from '../../transforms/graphemes.ts'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const starts = (text: string) => Array.from(segmenter.segment(text), ({ index }) => index)

/** Every character that the fast path takes, and some that it must not. */
const mixed = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 1, max: 0xfff }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0x3000, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\r', '\n', '\u0301', '\u200d', '\u1100', '\u1161', '👩', '🇩', '\ufe0f'),
  ),
})

describe('graphemes', () => {
  it('are where Intl.Segmenter finds them, on the fast path too', () => {
    fc.assert(
      fc.property(mixed, (text) => {
        expect(graphemeStarts(text) ?? Array.from(text, (_, at) => at)).toEqual(starts(text))
        expect(countGraphemes(text)).toBe(starts(text).length)
      }),
      { numRuns: 2000 },
    )
  })

  it('are single units for every pair of characters of the fast path', () => {
    const simple: string[] = []
    for (let code = 1; code < 0xd7a4; code++) {
      const sign = String.fromCharCode(code)
      if (graphemeStarts(sign) === undefined) simple.push(sign)
    }
    expect(simple.length).toBeGreaterThan(30_000)
    const text = simple.join('')
    expect(starts(text).length).toBe(text.length)
    expect(starts([...simple].reverse().join('')).length).toBe(text.length)
  })

  it.each([
    ['CR LF', 'a\r\nb', 3],
    ['a letter with an accent of its own', 'e\u0301a', 2],
    ['a family', '👩‍👩‍👧', 1],
    ['a flag', '🇩🇪🇫🇷', 2],
    ['Devanagari', 'नि', 1],
    ['nothing', '', 0],
  ])('counts %s', (_, text, count) => {
    expect(countGraphemes(text)).toBe(count)
  })
})
