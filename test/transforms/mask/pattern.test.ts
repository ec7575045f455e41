import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pattern } from '../../../transforms/mask/pattern.ts'
import { fail, OptionError } from '../../../transforms/transform.ts'
import { processorMs } from '../../processor-time.ts'
import { maskContext, NO_RECORD } from './context.ts'

const apply = (options: object, text: string) =>
  pattern.compile(options, maskContext()).apply(text, NO_RECORD)

function refusal(options: object): OptionError {
  try {
    pattern.compile(options, maskContext())
  } catch (error) {
    if (error instanceof OptionError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('mask.pattern', () => {
  it.each(pattern.examples)('$title', ({ options, input, output }) => {
    expect(apply(options, input)).toEqual(typeof output === 'string' ? output : fail(output.fails))
  })

  it('hides what the platform’s own regular expressions find', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('[0-9]+', '[a-c]{2}', 'a.c', 'é|漢+', '(?:ab|b)1?', '[^ ]+ '),
        fc.string({ unit: fc.constantFrom(...'abc01 é漢👩\n'), minLength: 1, maxLength: 30 }),
        (source, text) => {
          const expected = text.replace(new RegExp(source, 'gu'), '#')
          const result = apply({ pattern: source, replacement: '#' }, text)
          expect(result).toEqual(expected === text ? fail('no-match') : expected)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('leaves no text that the pattern matches, group or not', () => {
    const digits = { pattern: '[0-9]+' }
    const groups = { pattern: '[a-z]+([0-9]+)', masks: 'groups' }
    fc.assert(
      fc.property(fc.stringMatching(/^([a-z]{1,3}[0-9]{1,3}){1,5}$/), (text) => {
        const result = apply(digits, text)
        expect(result).not.toMatch(/[0-9]/)
        expect(apply(groups, text)).toBe(result)
      }),
    )
  })

  it('writes one sign for each character, and the same count with another sign', () => {
    expect(apply({ pattern: '[^ ]+' }, 'e\u0301👩‍👩‍👧 x')).toBe('** *')
    expect(apply({ pattern: '[0-9]+', with: '•' }, 'id 123')).toBe('id •••')
  })

  it('takes a replacement as it is', () => {
    expect(apply({ pattern: '(a)', replacement: '$1\\1$&' }, 'bab')).toBe('b$1\\1$&b')
  })

  it('hides groups in any order, inside each other, side by side and absent', () => {
    const hide = (source: string, text: string) =>
      apply({ pattern: source, masks: 'groups', replacement: '#' }, text)
    expect(hide('(a)(b)c', 'abc')).toBe('##c')
    expect(hide('((a)b)c', 'abc')).toBe('#c')
    expect(hide('(a(b))c', 'abc')).toBe('#c')
    expect(hide('x(?:(a)|(b))', 'xb xa')).toBe('x# x#')
    expect(hide('x(a)?', 'x')).toBe(fail('no-match'))
    expect(hide('x(a)?', 'x xa')).toBe('x x#')
  })

  it.each([
    '([0-9])+',
    '(?:([0-9])-?){3}',
    '(x(a))*y',
    '([)])+',
    '(\\))*x',
    '(?P<n>a){2}b',
    '(?i:(a))+',
    '\\Q(\\E(a)+',
  ])('refuses the repeated group of %s, of which only the last repetition would be hidden', (source) => {
    expect(refusal({ pattern: source, masks: 'groups' }).message).toContain('repeated')
  })

  it.each([
    '([0-9]+)',
    '(?:ab)+(c)',
    '[(]+(a)',
    '\\(+(a)',
    '\\Q(a)+\\E(b)',
    '(a)?b',
    '[^)(]+(a)',
    '[](]+(a)',
    '[[:alpha:](]+(1)',
  ])('takes %s, whose group is not repeated', (source) => {
    expect(() => pattern.compile({ pattern: source, masks: 'groups' }, maskContext())).not.toThrow()
  })

  it.each(['^', '$', '\\b', '\\B', 'a*', '(?:)', 'x?', '(?m)^', 'a|', '[0-9]*\\b'])(
    'refuses %s, which can match the empty text',
    (source) => {
      expect(refusal({ pattern: source })).toMatchObject({ option: 'pattern' })
      expect(refusal({ pattern: source }).message).toContain('empty')
    },
  )

  it.each([
    ['(a)\\1', 'backreference'],
    ['a(?=b)', 'lookahead'],
    ['a(?!b)', 'lookahead'],
    ['(?<=a)b', 'lookbehind'],
    ['(?<!a)b', 'lookbehind'],
    ['(a', 'RE2'],
    ['a{2000}', 'RE2'],
  ])('refuses %s with a reason', (source, reason) => {
    const error = refusal({ pattern: source })
    expect(error.option).toBe('pattern')
    expect(error.message).toContain(reason)
  })

  it('refuses options that say nothing together', () => {
    expect(refusal({ pattern: 'a', with: '#', replacement: 'x' }).option).toBe('replacement')
    expect(refusal({ pattern: 'a', masks: 'groups' }).option).toBe('pattern')
    expect(refusal({ pattern: 'a', replacement: '\ud800' }).option).toBe('replacement')
    expect(refusal({ pattern: 'a', with: '**' }).option).toBe('with')
  })

  it('needs time in proportion to the text where backtracking would not end', () => {
    const started = processorMs()
    expect(apply({ pattern: '(?:a+)+$' }, `${'a'.repeat(5000)}!`)).toBe(fail('no-match'))
    expect(processorMs() - started).toBeLessThan(5000)
  })

  it('keeps nothing of one value for the next', () => {
    const compiled = pattern.compile({ pattern: '[0-9]+' }, maskContext())
    const results = ['a1', 'b', 'c22'].map((text) => compiled.apply(text, NO_RECORD))
    expect(results).toEqual(['a*', fail('no-match'), 'c**'])
  })
})
