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

  it('are the same in long texts, wherever a window ends', () => {
    const runs = fc.array(
      fc
        .tuple(
          fc.constantFrom(
            'a',
            '\r\n',
            'e\u0301',
            '\u0301',
            '\u200d',
            '\u1100',
            '👩',
            '👩\u200d',
            '🇩',
            '\u0915\u094d',
            '\u0600',
          ),
          fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 100, max: 700 })),
        )
        .map(([text, times]) => text.repeat(times)),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(runs, (parts) => {
        const text = `${parts.join('')}\u0301`
        expect(graphemeStarts(text)).toEqual(starts(text))
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['one for each sign', '😀', 200_000],
    ['one after a long one', `\u200d${'\u0301'.repeat(150_000)}😀`, 1],
    ['pairs', '🇩', 200_000],
  ])(
    'are found in linear time: %s',
    (_, text, times) => {
      const began = performance.now()
      const found = graphemeStarts(text.repeat(times) + '😀'.repeat(50_000))
      expect(found!.length).toBeGreaterThan(50_000)
      // About a second; in time that grows with the square it is minutes.
      expect(performance.now() - began).toBeLessThan(20_000)
    },
    30_000,
  )

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
