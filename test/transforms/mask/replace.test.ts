import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { replace } from '../../../transforms/mask/replace.ts'
import { OptionError } from '../../../transforms/transform.ts'
import { maskContext, NO_RECORD } from './context.ts'

describe('mask.replace', () => {
  it.each(replace.examples)('$title', ({ options, input, output }) => {
    expect(replace.compile(options, maskContext()).apply(input, NO_RECORD)).toBe(output)
  })

  it('gives the fixed text for every value', () => {
    const compiled = replace.compile({ with: '[x]' }, maskContext())
    fc.assert(fc.property(fc.string(), (text) => compiled.apply(text, NO_RECORD) === '[x]'))
  })

  it('refuses an empty and an ill-formed text', () => {
    expect(replace.options.safeParse({ with: '' }).success).toBe(false)
    expect(replace.options.safeParse({}).success).toBe(false)
    expect(() => replace.compile({ with: 'a\udc00' }, maskContext())).toThrow(OptionError)
  })

  it.each([
    ['REDACTED', true],
    ['a.b_c-d:e+f@g/h*i=j9', true],
    ['*', true],
    ['=1+1', false],
    ['-x', false],
    ['a b', false],
    ['a"b', false],
    ['a,b', false],
    ['é', false],
  ])('promises that %j is plain: %s', (text, plain) => {
    expect(replace.compile({ with: text }, maskContext()).plain).toBe(plain)
  })
})
