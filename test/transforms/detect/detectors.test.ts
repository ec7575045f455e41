import { describe, expect, it } from 'vitest'
import { detectors } from '../../../transforms/detect/index.ts'
import { look, lookAt } from '../../../transforms/detect/look.ts'

const kindsOf = (mask: number): readonly string[] =>
  detectors.filter((_, index) => (mask & (1 << index)) !== 0).map(({ kind }) => kind)

/** As in a chunk: other bytes stand before and behind it. */
function lookInside(text: string): readonly string[] {
  const bytes = Buffer.from(`a@b.example${text}7@c.example`)
  return kindsOf(look(bytes, 11, bytes.length - 11))
}

describe.each(detectors.map((detector) => [detector.kind, detector] as const))('%s', (kind, detector) => {
  it.each(detector.examples.map((text) => [text]))('is found in %s', (text) => {
    expect(lookInside(text)).toContain(kind)
    expect(lookInside(`well, ${text} (so)`)).toContain(kind)
    expect(lookAt(text).map((found) => found.kind)).toContain(kind)
  })

  it.each(detector.harmless.map((text) => [text]))('is not %s', (text) => {
    expect(lookInside(text)).not.toContain(kind)
    expect(lookInside(`well, ${text} (so)`)).not.toContain(kind)
    expect(lookAt(text).map((found) => found.kind)).not.toContain(kind)
  })
})

describe('the register', () => {
  it('has at most 31 kinds, each once', () => {
    expect(detectors.length).toBeLessThan(32)
    expect(new Set(detectors.map(({ kind }) => kind)).size).toBe(detectors.length)
  })
})

describe('a long list', () => {
  it.each([1, 3, 7, 40])('does not hide a number behind %i others', (count) => {
    const others = Array.from({ length: count }, (_, index) => `${1000 + index} 12`).join(' ')
    const numbers = { card: '4111 1111 1111 1111', phone: '+48 600 100 200', 'in-aadhaar': '2345 6789 0124' }
    for (const [kind, number] of Object.entries(numbers))
      expect(lookInside(`${others} ${number} ${others}`)).toContain(kind)
  })
})
