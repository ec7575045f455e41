import { describe, expect, it } from 'vitest'
import { foldText } from '../../transforms/fake/lists.ts'
import { normalizer } from '../../transforms/hash/normalize.ts'
import { isStreamSafe } from '../../transforms/stream-safe.ts'
import { type CompileContext, fail } from '../../transforms/transform.ts'

const context = { usesPlatform: () => {}, usesList: () => {} } as unknown as CompileContext

describe('stream-safe text', () => {
  it('counts whatever canonical order may move', () => {
    const missed: string[] = []
    for (let code = 0; code < 0x110000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue
      const sign = String.fromCodePoint(code)
      // Whatever moves in front of a mark of the lowest class, or behind one of the highest, has a class itself.
      const decomposed = sign.normalize('NFKD')
      const moves = ['\u0334', '\u0345'].some(
        (mark) =>
          `a${mark}${decomposed}`.normalize('NFD') !== `a${mark}${decomposed}` ||
          `a${decomposed}${mark}`.normalize('NFD') !== `a${decomposed}${mark}`,
      )
      const starts = /^[\0-\x7f\p{L}\p{N}\p{P}\p{S}\p{Z}]/u.test(decomposed)
      if (moves && !starts && isStreamSafe(sign.repeat(31))) missed.push(code.toString(16))
    }
    expect(missed).toEqual([])
  })

  it('has at most 30 marks in a row', () => {
    expect(isStreamSafe(`a${'\u0301\u0316'.repeat(15)}`)).toBe(true)
    expect(isStreamSafe(`a${'\u0301\u0316'.repeat(15)}\u0301`)).toBe(false)
    expect(isStreamSafe(`か${'ﾞ'.repeat(31)}`)).toBe(false)
    expect(isStreamSafe('a\u0301'.repeat(1000))).toBe(true)
  })

  it('is all that nfkc takes', () => {
    const nfkc = normalizer({ normalize: 'nfkc' }, context)!
    expect(nfkc('ﬁ')).toBe('fi')
    expect(nfkc(`a${'\u0301\u0316'.repeat(240_000)}`)).toBe(fail('not-well-formed'))
  })

  it('is all that is folded for fakes, and no text longer than any of them', () => {
    expect(foldText(`${' '.repeat(5000)}ＡＤＡ\u00a0`)).toBe('ada')
    const long = `A${'\u0301\u0316'.repeat(240_000)}`
    expect(foldText(long)).toBe(long)
    const marks = `A${'\u0301\u0316'.repeat(20)}`
    expect(foldText(marks)).toBe(marks)
  })
})
