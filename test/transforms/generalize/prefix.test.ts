import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prefix } from '../../../transforms/generalize/prefix.ts'
import { isVisible } from '../../../transforms/visible.ts'
import { coarser } from '../coarser.ts'
import { running, weakOptions } from './compiling.ts'

describe('generalize.prefix', () => {
  it.each([
    [3, '94103', '941'],
    [3, '9410', '941'],
    [3, '941', '!out-of-domain'],
    [3, '9', '!out-of-domain'],
    [1, '😀😀', '😀'],
    [2, '😀😀', '!out-of-domain'],
    [2, 'a😀b', 'a😀'],
    [1, 'e\u0301', 'e'],
    [3, ' SW1', ' SW'],
    [3, 'EC1    ', '!out-of-domain'],
    [3, 'EC1\u200b\u00a0', '!out-of-domain'],
    [3, '東京都\u3000', '!out-of-domain'],
    [3, 'EC1 9', 'EC1'],
  ])('keep %i of %j: %j', (keep, text, expected) => {
    expect(running(prefix, { keep })(text)).toBe(expected)
  })

  it('gives the first code points of a longer text and never the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        (text, keep) => {
          const result = running(prefix, { keep })(text)
          expect(result).not.toBe(text)
          const points = [...text]
          const hides = isVisible(points.slice(keep).join(''))
          expect(result).toBe(hides ? points.slice(0, keep).join('') : '!out-of-domain')
        },
      ),
    )
  })

  it('calls five and more weak, and is coarser the less it keeps', () => {
    expect(weakOptions(prefix, { keep: 4 })).toEqual([])
    expect(weakOptions(prefix, { keep: 5 })).toEqual(['keep'])
    expect(coarser(prefix, { keep: 3 }, { keep: 1 })).toBe(true)
    expect(coarser(prefix, { keep: 1 }, { keep: 3 })).toBe(false)
  })

  it.each([{}, { keep: 0 }, { keep: 1.5 }, { keep: 3, fill: '*' }])('does not take %j', (options) => {
    expect(prefix.options.safeParse(options).success).toBe(false)
  })
})
