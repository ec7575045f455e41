import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { category } from '../../../transforms/generalize/category.ts'
import { coarser } from '../coarser.ts'
import { compiled, optionError, running } from './compiling.ts'

describe('generalize.category', () => {
  it('keeps what is allowed, maps what is mapped and folds the rest', () => {
    const run = running(category, { allow: ['US', 7, true], map: { MD: 'physician' }, other: 'rest' })
    expect(
      ['US', '7', 'true', 'MD', 'us', ' US', '7.0', '__proto__', 'constructor', 'physician'].map(run),
    ).toEqual(['US', '7', 'true', 'physician', 'rest', 'rest', 'rest', 'rest', 'rest', 'rest'])
  })

  it('yields nothing but listed labels', () => {
    const run = running(category, { allow: ['a', 'b'], map: { c: 'x' } })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['a', 'b', 'x', 'other']).toContain(run(text))
      }),
    )
  })

  it('promises plain results only where all labels are', () => {
    expect(compiled(category, { allow: ['US'] }).plain).toBe(true)
    expect(compiled(category, { allow: ['a b'] }).plain).toBe(false)
    expect(compiled(category, { allow: ['US'], other: '-' }).plain).toBe(false)
    expect(compiled(category, { map: { a: 'x,y' } }).plain).toBe(false)
  })

  it.each<[Record<string, unknown>, string]>([
    [{}, 'allow'],
    [{ allow: ['a', 'a'] }, 'allow'],
    [{ allow: [1, '1'] }, 'allow'],
    [{ allow: ['a'], map: { a: 'b' } }, 'allow'],
    [{ allow: ['other'] }, 'other'],
    [{ map: { a: 'rest' }, other: 'rest' }, 'other'],
  ])('does not compile %j', (options, option) => {
    expect(optionError(category, options).option).toBe(option)
  })

  it.each<[Record<string, unknown>, Record<string, unknown>, boolean]>([
    [{ allow: ['a', 'b'] }, { allow: ['a'] }, true],
    [{ allow: ['a'] }, { allow: ['a', 'b'] }, false],
    [{ allow: ['a', 'b'] }, { map: { a: 'x', b: 'x' } }, true],
    [{ map: { a: 'x', b: 'x' } }, { allow: ['a', 'b'] }, false],
    [{ allow: ['a'], other: 'rest' }, { allow: ['a'] }, true],
    [{ map: { a: 'x', b: 'x' } }, { map: { a: 'y' } }, false],
  ])('coarser: %j to %j is %s', (previous, next, expected) => {
    expect(coarser(category, previous, next)).toBe(expected)
  })
})
