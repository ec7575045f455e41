import fc from 'fast-check'
import { expect, it } from 'vitest'
import { digitsOf } from '../../transforms/digits.ts'

it('gives the digits of any text, short or long', () => {
  const texts = fc.array(fc.oneof(fc.stringMatching(/^[0-9(). +-]*$/), fc.string({ unit: 'binary' })), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join('')
      expect(digitsOf(text)).toBe(text.replace(/[^0-9]/g, ''))
    }),
  )
  expect(digitsOf('1'.repeat(63))).toHaveLength(63)
  expect(digitsOf('1-'.repeat(32))).toBe('1'.repeat(32))
})
