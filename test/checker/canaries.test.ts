import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCanaries, spellings } from '../integration/checker/canaries.ts'

const CANARY = 'ZqCanary/é+ XJ'

describe('canaries', () => {
  it('are sought in every spelling that a program could write', () => {
    const all = new Set(spellings(CANARY).values())
    const bytes = Buffer.from(CANARY)
    const written = [
      CANARY.toLowerCase(),
      bytes.toString('hex'),
      encodeURIComponent(CANARY),
      'ZqCanary%2F%C3%A9%2B+XJ',
      'ZqCanary/\\u00e9+ XJ',
    ]
    for (const text of written) expect(all).toContain(Buffer.from(text).toString('latin1'))
    expect(all).toContain(Buffer.from(CANARY, 'utf16le').toString('latin1'))
    expect(new Set(spellings('ZqCanaryXJ').values()).size).toBeGreaterThan(20)
    expect(() => spellings('short')).toThrow()
  })

  it('are found wherever they stand in base64, base64url and hex', () => {
    const neighbours = fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }))
    const encoding = fc.constantFrom('base64', 'base64url', 'hex', 'utf8', 'latin1', 'utf16le')
    fc.assert(
      fc.property(neighbours, encoding, ([before, after], encoding) => {
        const canary = encoding === 'utf8' ? CANARY : 'ZqCanaryXJ'
        const whole = Buffer.concat([before, Buffer.from(canary), after])
        const text = encoding === 'utf8' ? whole : Buffer.from(whole.toString(encoding), 'latin1')
        const raw = encoding === 'utf16le' ? Buffer.from(`a${canary}`, 'utf16le') : text
        expect(findCanaries(['another one', canary], [Buffer.from('no'), raw])).toMatchObject([
          { text: 1, canary: 1 },
        ])
      }),
    )
  })

  it('are not found where they are not', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (texts) => {
        expect(findCanaries([CANARY, 'ZqCanaryXJ'], texts)).toEqual([])
      }),
    )
    // Not across two texts, and in the right one of many.
    expect(findCanaries(['ZqCanaryXJ'], [Buffer.from('ZqCana'), Buffer.from('ryXJ')])).toEqual([])
    const many = Array.from({ length: 3000 }, (_, n) => Buffer.alloc(1000, n === 2500 ? 'ZqCanaryXJ ' : 'a'))
    expect(findCanaries(['ZqCanaryXJ'], many)).toEqual([{ text: 2500, canary: 0, spelling: 'raw' }])
  })
})
