/** A word before a number: found as the pattern says, and the pattern is asked only where a word can stand. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { look } from '../../../transforms/detect/look.ts'
import { hasWordBefore, wordsOf } from '../../../transforms/detect/words.ts'

const WORDS = wordsOf('tel', 'social security no', 'тел', 'contribuinte n.º', '电话', 'phone_number')

/** The definition once more, without a look at the bytes first. */
const expected = (bytes: Buffer, at: number): boolean =>
  at > 0 && WORDS.pattern.test(bytes.toString('latin1', Math.max(0, at - 40), at).toLowerCase())

const anyPiece = fc.constantFrom(
  ...[
    'tel',
    'Tel',
    'тел',
    'n.º',
    'contribuinte ',
    '电话',
    'social security no',
    'phone_number',
    'x',
    '_',
    '\u00a0',
  ],
  ...[' ', '.', ': ', '-', '(', '+', '1', '23', '            ', '         '],
)

describe('a word before a number', () => {
  it('is found as its pattern says', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(anyPiece, { maxLength: 12 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''))
        for (let at = 0; at <= bytes.length; at++) {
          const wanted = expected(bytes, at)
          if (wanted) found++
          expect(hasWordBefore(bytes, 0, at, WORDS)).toBe(wanted)
        }
      }),
      { numRuns: 1000 },
    )
    expect(found).toBeGreaterThan(100)
  })

  it.each(['1 ', '12 ', '0 ', '123 456 789 ', '1(', '4111 ', '1.', '12345678901 ', '1\u00a0', '1234567 - '])(
    'is not looked for with a pattern in a long value of %j',
    (piece) => {
      const bytes = Buffer.from(piece.repeat(1000))
      const { test } = RegExp.prototype
      let asked = 0
      RegExp.prototype.test = function (this: RegExp, text: string): boolean {
        asked++
        return test.call(this, text)
      }
      try {
        look(bytes, 0, bytes.length)
      } finally {
        RegExp.prototype.test = test
      }
      expect(asked).toBeLessThan(200)
    },
  )
})
