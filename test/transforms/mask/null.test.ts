import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nullValue } from '../../../transforms/mask/null.ts'
import { maskContext, NO_RECORD } from './context.ts'

describe('mask.null', () => {
  it('yields null and leaves no text', () => {
    const compiled = nullValue.compile({}, maskContext())
    expect(compiled.yields).toBe('null')
    fc.assert(fc.property(fc.string(), (text) => compiled.apply(text, NO_RECORD) === ''))
  })

  it('takes no options', () => {
    expect(nullValue.options.safeParse({ with: 'x' }).success).toBe(false)
  })
})
