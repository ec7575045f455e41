import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  leaves,
  NumberText,
  printJson,
  readJson,
  scalarText,
  valuesAt,
} from '../../../src/explain/json-tree.ts'
import { parsePath } from '../../../src/policy/path.ts'

describe('JSON for people', () => {
  it('is what JSON.parse reads, printed again', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // Prototypes are no members, and JSON.stringify sorts names that are numbers.
        fc.pre(!text.includes('__proto__') && !/"\d+":/.test(text) && !text.includes('-0'))
        expect(JSON.parse(printJson(readJson(text)!))).toEqual(JSON.parse(text))
      }),
    )
  })

  it('keeps the digits of numbers, also beside strings that look like them', () => {
    const text = '{"a":9007199254740993,"b":[1.50,-0,1e400],"n1":"n1","2":"\\"3"}'
    expect(Object.fromEntries(leaves(readJson(text)!))).toEqual({
      a: '9007199254740993',
      'b[0]': '1.50',
      'b[1]': '-0',
      'b[2]': '1e400',
      n1: '"n1"',
      '2': '"\\"3"',
    })
  })

  it('gives undefined for what is not JSON', () => {
    for (const text of ['', '{', 'nul', '{"a":1,}']) expect(readJson(text)).toBeUndefined()
  })

  it('finds the values of a path', () => {
    const record = readJson(
      '{"items":[{"sku":"A"},{},{"sku":7}],"prices":{"USD":1,"a.b":null},"a":{"b.c":true}}',
    )!
    const at = (path: string) => valuesAt(record, parsePath(path)).map(printJson)
    expect(at('items[].sku')).toEqual(['"A"', '7'])
    expect(at('prices.*')).toEqual(['1', 'null'])
    expect(at('prices.$names')).toEqual(['"USD"', '"a.b"'])
    expect(at('a."b.c"')).toEqual(['true'])
    expect(at('a.b.c')).toEqual([])
  })

  it('knows what a transform would see of a scalar', () => {
    expect([new NumberText('1.0'), true, 'x', '', null, []].map((value) => scalarText(value))).toEqual([
      '1.0',
      'true',
      'x',
      undefined,
      undefined,
      undefined,
    ])
  })
})
