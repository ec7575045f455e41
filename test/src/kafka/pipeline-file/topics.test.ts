import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patternTrouble, topicMatcher } from '../../../../src/kafka/pipeline-file/topics.ts'

describe('topicMatcher', () => {
  it('takes names as they are', () => {
    const reads = topicMatcher(['a.b', '__mine'])
    expect(['a.b', 'a_b', 'A.B', 'a.b.c', '__mine', 'constructor'].filter(reads)).toEqual(['a.b', '__mine'])
  })

  it('matches whole names, and none of the cluster', () => {
    const reads = topicMatcher({ pattern: 'events\\.(eu|us)|.*offsets' })
    expect(
      [
        'events.eu',
        'events.us',
        'eventsxeu',
        'events.eu.2',
        'my.events.eu',
        'offsets',
        '__consumer_offsets',
      ].filter(reads),
    ).toEqual(['events.eu', 'events.us', 'offsets'])
  })

  it('takes no time for patterns that others take for ever', () => {
    const reads = topicMatcher({ pattern: '((a+)+)+b' })
    expect(patternTrouble('((a+)+)+b')).toBeUndefined()
    expect(reads('a'.repeat(249))).toBe(false)
  })

  it('matches as an anchored expression of JavaScript does', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '.',
      '\\.',
      '[ab]',
      '[^a]',
      '(a|b)',
      '(a|.b)',
      'a*',
      'b+',
      '[ab]?',
      '-',
    )
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), name, (pieces, topic) => {
        const pattern = pieces.join('')
        expect(patternTrouble(pattern)).toBeUndefined()
        expect(topicMatcher({ pattern })(topic)).toBe(new RegExp(`^(${pattern})$`, 'u').test(topic))
      }),
      { numRuns: 500 },
    )
  })
})

describe('patternTrouble', () => {
  it.each(['a', 'events\\..*', '(a|b)+', '[a-z0-9_-]+', '[^a]x?'])('takes %s', (pattern) => {
    expect(patternTrouble(pattern)).toBeUndefined()
  })

  it.each([
    '^a$',
    'a{2}',
    '\\w+',
    '(?i)a',
    '(?:a)',
    'a*?',
    'a++',
    '[[:alpha:]]',
    '[\\d]',
    'a b',
    '',
    '(',
    '[b-a]',
    '*a',
  ])('refuses %s', (pattern) => {
    expect(patternTrouble(pattern)).toBeDefined()
  })
})
