import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, nearest, suggestion } from '../../../src/policy/suggest.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['fields', 'feilds', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%s and %s: %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })
  it('is the same both ways and nothing only for equals', () => {
    const text = fc.string({ maxLength: 8 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
      }),
    )
  })
})

describe('nearest', () => {
  it('finds slips and nothing else', () => {
    expect(nearest('domian', ['bits', 'domain'])).toBe('domain')
    expect(nearest('KEEP', ['keep'])).toBe('keep')
    expect(nearest('colour', ['bits', 'domain'])).toBeUndefined()
    expect(nearest('b', ['a'])).toBeUndefined()
  })
})

describe('suggestion', () => {
  it('lists the names where none is near and they are few', () => {
    expect(suggestion('x', ['keep', 'drop'])).toBe('one of: keep, drop')
    expect(
      suggestion(
        'x',
        Array.from({ length: 20 }, (_, i) => `name${i}`),
      ),
    ).toBeUndefined()
  })
})
