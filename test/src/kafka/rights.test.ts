import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { patternTrouble } from '../../../src/kafka/pipeline-file/topics.ts'
import { literalPrefix, rightsOf } from '../../../src/kafka/rights.ts'
import { compile, pipeline, route } from './pipeline-file/sources.ts'

describe('the prefix of a pattern', () => {
  it.each([
    ['events', 'events'],
    ['events\\..*', 'events.'],
    ['events\\.(eu|us)\\..*', 'events.'],
    ['events*', 'event'],
    ['events?', 'event'],
    ['events+', 'events'],
    ['ab[cd]e', 'ab'],
    ['shop-eu|shop-us', 'shop-'],
    ['shop|web', ''],
    ['a\\.b|a\\.c(x|y)', 'a.'],
    ['[|]a|b', ''],
    ['.*', ''],
    ['(a|b)c', ''],
  ])('%s is %s', (pattern, prefix) => {
    expect(literalPrefix(pattern)).toBe(prefix)
  })

  it('is one of every name that matches', () => {
    const pieces = fc.constantFrom('a', 'b', '\\.', '.', '-', '*', '+', '?', '|', '(', ')', '[ab]', '[^a]')
    const names = fc.array(fc.stringMatching(/^[ab.-]{0,5}$/), { minLength: 20, maxLength: 40 })
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 6 }), names, (parts, candidates) => {
        const pattern = parts.join('')
        fc.pre(patternTrouble(pattern) === undefined)
        const compiled = RE2JS.compile(pattern)
        const prefix = literalPrefix(pattern)
        for (const name of candidates)
          if (compiled.matches(name)) expect(name.startsWith(prefix), `${pattern} ${name}`).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('rights', () => {
  const of = (top: string, ...routes: readonly string[]) =>
    rightsOf(compile(pipeline(top, ...routes)).pipeline!).map(
      ({ resource, name, match, rights }) => `${resource} ${match} ${name} ${rights.join('+')}`,
    )

  it('of replays are more by reading dead letters, and by transactions', () => {
    const { pipeline: made } = compile(pipeline('delivery: at-least-once', route({ topics: '[in]' })))
    const textOf = (replays: boolean) =>
      rightsOf(made!, replays).map(({ resource, name, rights }) => `${resource} ${name} ${rights.join('+')}`)
    const [before, after] = [textOf(false), textOf(true)]
    expect(after.filter((one) => !before.includes(one))).toEqual([
      'topic dead read+write+describe+describe-configs',
      'transactional-id lethe.p.events. write+describe',
    ])
  })

  it('are the least, and never to create', () => {
    expect(of('', route({ topics: '[in, in2]' }))).toEqual([
      'topic literal in read+describe',
      'topic literal in2 read+describe',
      'group literal g read',
      'group literal g.until-end read',
      'topic literal out write+describe+describe-configs',
      'topic literal dead write+describe+describe-configs',
      'transactional-id prefixed lethe.p.events. write+describe',
    ])
    expect(of('delivery: at-least-once').filter((text) => text.startsWith('transactional'))).toEqual([])
  })

  it('take in the settings of inputs where kafkajs may be the driver', () => {
    const inputs = (top: string) => of(top, route({ topics: '[in]' }))[0]
    expect(inputs('delivery: at-least-once\ndriver: kafkajs')).toBe(
      'topic literal in read+describe+describe-configs',
    )
    expect(inputs('delivery: at-least-once')).toBe('topic literal in read+describe+describe-configs')
    expect(inputs('delivery: at-least-once\ndriver: rdkafka')).toBe('topic literal in read+describe')
  })

  it('are there once for what routes share', () => {
    const two = of('', route(), route({ name: 'clicks', topics: '[in3]', group: 'g2' }))
    expect(two.filter((text) => text.includes(' dead '))).toHaveLength(1)
    expect(new Set(two).size).toBe(two.length)
  })

  it('of a pattern are prefixed, or all, and say what that takes in', () => {
    const grants = (pattern: string) =>
      rightsOf(compile(pipeline('', route({ topics: `{ pattern: '${pattern}' }` }))).pipeline!)[0]!
    expect(grants('shop\\..*')).toMatchObject({ name: 'shop.', match: 'prefixed' })
    expect(grants('shop\\..*').wider).toContain('begins with shop.')
    expect(grants('[a-c]+')).toMatchObject({ name: '*', match: 'literal' })
    expect(grants('[a-c]+').wider).toContain('every topic of the cluster')
  })
})
