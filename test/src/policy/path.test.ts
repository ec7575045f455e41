import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PathError, parsePath, pathOf, type Segment, wildcardsOf } from '../../../src/policy/path.ts'

const name = (text: string): Segment => ({ kind: 'name', name: text })
const element: Segment = { kind: 'element' }
const like = (...pieces: string[]): Segment => ({ kind: 'like', pieces })
const member: Segment = { kind: 'member' }

describe('parsePath', () => {
  it.each<[string, Segment[]]>([
    ['a', [name('a')]],
    ['a.b', [name('a'), name('b')]],
    ['items[].sku', [name('items'), element, name('sku')]],
    ['tags[]', [name('tags'), element]],
    ['grid[][]', [name('grid'), element, element]],
    ['prices.*', [name('prices'), member]],
    ['prices.*.net', [name('prices'), member, name('net')]],
    ['prices.$names', [name('prices'), { kind: 'names' }]],
    ['a."b.c"', [name('a'), name('b.c')]],
    ['"$key"', [name('$key')]],
    ['a."$names"', [name('a'), name('$names')]],
    ['""', [name('')]],
    ['"\\u0061"', [name('a')]],
    ['größe.名', [name('größe'), name('名')]],
    ['a-b.c_d.42', [name('a-b'), name('c_d'), name('42')]],
    ['__proto__', [name('__proto__')]],
    ['address_*', [like('address_', '')]],
    ['a.*_id', [name('a'), like('', '_id')]],
    ['"Custom field ("*")"', [like('Custom field (', ')')]],
    ['a*b*.c', [like('a', 'b', ''), name('c')]],
    ['**.email', [{ kind: 'any' }, name('email')]],
    ['a.**.b[].c_*', [name('a'), { kind: 'any' }, name('b'), element, like('c_', '')]],
  ])('reads %s', (text, segments) => {
    expect(parsePath(text).segments).toEqual(segments)
  })

  it('has one text for every way to write a path', () => {
    expect(parsePath('"a"."b c"').text).toBe('a."b c"')
    expect(parsePath('a."\\u0062"').text).toBe('a.b')
    expect(parsePath('$headers."trace-id"').text).toBe('$headers.trace-id')
  })

  it('reads what stands beside the value', () => {
    expect(parsePath('$key')).toEqual({ text: '$key', segments: [], envelope: 'key' })
    expect(parsePath('$timestamp').envelope).toBe('timestamp')
    expect(parsePath('$headers.h')).toEqual({ text: '$headers.h', segments: [name('h')], envelope: 'header' })
  })

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    'a[0]',
    'a[',
    '[]',
    '[].a',
    '*',
    '$names',
    '*.a',
    '$value',
    '$headers',
    '$headers.a.b',
    'a.$x',
    'a.$names.b',
    '"a',
    '"\\x"',
    '"\\ud800"',
    '"\\u0000"',
    'a**',
    'a*"b"c',
    '**',
    '**.*',
    'a.**',
    '**.a.**.b',
    'a_*.*',
    'a*b*c*d*',
    'a"b"',
    '"a"b',
    'a\u0000',
    'a\u0007',
    'a\ud800',
    'a\n',
    Array.from({ length: 65 }, () => 'a').join('.'),
  ])('refuses %j', (text) => {
    expect(() => parsePath(text)).toThrow(PathError)
  })

  it('reads back what it prints', () => {
    const names = fc
      .oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('$', '$key', '*', '[]', '', '"', '\\', ' ', 'a.b'),
      )
      .filter((text) => !text.includes('\0'))
    const steps = fc.array(fc.oneof(names.map(name), fc.constant(element), fc.constant(member)), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(names, steps, (first, rest) => {
        const path = pathOf([name(first), ...rest])
        expect(parsePath(path.text)).toEqual(path)
      }),
    )
  })

  it('throws nothing but PathError', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('a', '.', '[', ']', '*', '"', '\\', '$', '$names', ' ', '0'))
        .map((p) => p.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const path = parsePath(text)
          expect(parsePath(path.text).text).toBe(path.text)
        } catch (error) {
          expect(error).toBeInstanceOf(PathError)
        }
      }),
    )
  })
})

describe('wildcardsOf', () => {
  it('is everything up to the last [] or .*', () => {
    expect(wildcardsOf(parsePath('a[].b.*.c'))).toHaveLength(4)
    expect(wildcardsOf(parsePath('a.b'))).toEqual([])
    expect(wildcardsOf(parsePath('a.*.$names'))).toHaveLength(2)
  })
})
