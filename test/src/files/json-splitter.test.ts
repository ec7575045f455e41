/** JSON that is not one record a line, cut anywhere: the records, where they begin, and what ends the run. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { JsonSplitter } from '../../../src/files/json-splitter.ts'
import type { Piece } from '../../../src/files/splitter.ts'

interface Record {
  readonly text: string
  readonly line: number
}

function split(
  text: string | Uint8Array,
  step = 1 << 20,
  maxRecordBytes = 1 << 20,
  chunkBytes = 1 << 20,
): Record[] {
  const bytes = Buffer.from(text)
  const splitter = new JsonSplitter('x.json', { chunkBytes, maxRecordBytes })
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += step) pieces.push(...splitter.push(bytes.subarray(at, at + step)))
  pieces.push(...splitter.end())
  return pieces.flatMap((piece): Record[] => {
    if (piece.kind === 'rejected') return [{ text: piece.code, line: piece.line! }]
    expect([...piece.bytes.subarray(piece.length)]).toEqual(Array(16).fill(10))
    const lines = Buffer.from(piece.bytes.subarray(0, piece.length)).toString().split('\n')
    expect(lines.pop()).toBe('')
    expect(lines).toHaveLength(piece.recordLines!.length)
    return lines.map((line, at) => ({ text: line, line: piece.recordLines![at]! }))
  })
}

const failure = (text: string | Uint8Array, step?: number): string => {
  try {
    split(text, step)
  } catch (error) {
    if (!(error instanceof LetheError)) throw error
    return `${error.code} ${error.message}`
  }
  return 'none'
}

const texts = (text: string): string[] => split(text).map((record) => record.text)

/** A value as JSON, with white space between its signs; strings hold what looks like signs. */
const value = fc.jsonValue({
  maxDepth: 4,
  stringUnit: fc.constantFrom('a', 'é', '"', '\\', '{', '}', '[', ']', ',', ':', '\n', ' '),
})
const object = fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 4 })
const shown = fc
  .tuple(object, fc.constantFrom(undefined, 1, '\t'))
  .map(([one, indent]) => JSON.stringify(one, null, indent))
const white = fc.constantFrom('', ' ', '\n', '\r\n', '\t\n \n')

describe('records', () => {
  it('gives the records of arrays and of values one behind the other, with their lines, wherever the text is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(shown, white, white)),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (records, isArray, step) => {
          let text = isArray ? '[' : ''
          const lines: number[] = []
          records.forEach(([record, before, behind], at) => {
            text += isArray && at > 0 ? `,${before}` : before
            lines.push(text.split('\n').length)
            text += record + behind
          })
          if (isArray) text += ']'
          const found = split(text, step, 1 << 20, step)
          expect(found.map(({ text: one }) => JSON.parse(one))).toEqual(
            records.map(([record]) => JSON.parse(record)),
          )
          expect(found.map(({ line }) => line)).toEqual(lines)
          for (const { text: one } of found) expect(one).not.toMatch(/[\r\n]/)
        },
      ),
    )
  })

  it('gives the same, or fails in the same place, however a damaged text is cut; and no record is two', () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '\n', 'x', '"\n"'),
    )
    fc.assert(
      fc.property(
        fc.array(shown, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(',', '\n', ',\n'),
        damage,
        fc.nat(6),
        (records, between, [at, sign], cut) => {
          const sound = between === '\n' ? records.join('\n') : `[${records.join(between)}]`
          const place = at % (sound.length + 1)
          const text = sound.slice(0, place) + sign + sound.slice(place + cut)
          const outcome = (step: number) => {
            try {
              return split(text, step)
            } catch (error) {
              return (error as Error).message
            }
          }
          const whole = outcome(1 << 20)
          expect(outcome(1)).toEqual(whole)
          expect(outcome(7)).toEqual(whole)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('takes an array in which nothing stands, and a file in which nothing stands', () => {
    for (const text of ['[]', ' [ \n ] \n', '', ' \n']) expect(split(text)).toEqual([])
  })

  it('takes numbers, words and texts for records too: they are no objects, but nothing is lost', () => {
    expect(texts('[1, "a,b" ,nul,[2,{}],-3.5e1]')).toEqual(['1', '"a,b"', 'nul', '[2,{}]', '-3.5e1'])
    expect(texts('1 "a"{}true\n[2]')).toEqual(['1', '"a"', '{}', 'true', '[2]'])
  })

  it('puts blanks for line breaks, and leaves a carriage return in a string, where it is no JSON', () => {
    expect(texts('{"a":\r\n1,\n"b\r":2}')).toEqual(['{"a":  1, "b\r":2}'])
  })

  it('leaves what is no JSON in a record to the walker where the end is sure', () => {
    const records = ['{"a":1 2}', "{'a':1}", '{a:NaN,}', '{,,}', '{"a":}']
    expect(texts(`[${records.join(',')}]`)).toEqual(records)
  })

  it('refuses a record that is too long, counts its line, and holds no more of it', () => {
    const long = `{"a":"${'x'.repeat(200)}",\n"b":[{}]}`
    for (const step of [1, 50, 1000])
      expect(split(`[{"a":1},\n${long},{"b":2}\n,\n{"c":3}]`, step, 100)).toEqual([
        { text: '{"a":1}', line: 1 },
        { text: 'record-too-large', line: 2 },
        { text: '{"b":2}', line: 3 },
        { text: '{"c":3}', line: 5 },
      ])
  })

  it('takes a million brackets, and a value of 16 MiB, in memory that does not grow with them', () => {
    const splitter = new JsonSplitter('x', { chunkBytes: 1 << 16, maxRecordBytes: 1 << 10 })
    let most = 0
    const allocated = (bytes: number): Uint8Array<ArrayBuffer> => {
      most = Math.max(most, bytes)
      return new Uint8Array(bytes)
    }
    const bounded = new JsonSplitter('x', {
      chunkBytes: 1 << 16,
      maxRecordBytes: 1 << 10,
      allocate: allocated,
    })
    const deep = Buffer.from('['.repeat(1_000_000) + ']'.repeat(1_000_000))
    expect(splitter.push(Buffer.from('{}')).concat(splitter.push(deep), splitter.end())).toMatchObject([
      { kind: 'records', length: 3 },
      { kind: 'rejected', code: 'record-too-large' },
    ])
    bounded.push(Buffer.from('{"a":"'))
    const part = Buffer.alloc(1 << 16, 'x')
    for (let n = 0; n < 256; n++) bounded.push(part)
    expect(bounded.push(Buffer.from('"}'))).toMatchObject([{ code: 'record-too-large' }])
    expect(most).toBeLessThan(1 << 19)
  })
})

describe('what ends the run', () => {
  it.each([
    ['[{"a":1} {"a":2}]', 'file-malformed', 'line 1, column 10, record 2: a comma is missing'],
    ['[{"a":1}\n;{"a":2}]', 'file-malformed', 'line 2, column 1, record 2: what follows a record'],
    ['[{"a":1},]', 'file-malformed', 'line 1, column 10, record 2: a comma stands before the end'],
    ['[{"a":1},,{}]', 'file-malformed', 'line 1, column 10, record 2: a comma stands where a record'],
    ['[,{}]', 'file-malformed', 'line 1, column 2, record 1: a comma stands where a record'],
    ['[{}] {}', 'file-malformed', 'line 1, column 6, record 2: something follows'],
    ['[{}]\n]', 'file-malformed', 'line 2, column 1, record 2: something follows'],
    ['[{}', 'input-damaged', 'line 1, column 4, record 2: the file ends before its array does'],
    ['[', 'input-damaged', 'line 1, column 2, record 1: the file ends before its array does'],
    ['[{},', 'input-damaged', 'record 2: the file ends before its array does'],
    ['[{},\n{"a":[1,', 'input-damaged', 'line 2, column 9, record 2: the file ends in the middle'],
    ['[{},\n{"a":"', 'input-damaged', 'line 2, column 7, record 2: the file ends in the middle'],
    ['{},{}', 'file-malformed', 'line 1, column 3, record 2: a comma stands between records'],
    ['{} x', 'file-malformed', 'line 1, column 4, record 2: what begins here is no JSON value'],
    ['<html>', 'file-malformed', 'line 1, column 1, record 1: what begins here is no JSON value'],
    ['[{"a":1,{"a":2}]', 'file-malformed', 'line 1, column 9, record 1: a comma, colon, quote or bracket'],
    ['[{"a":"x"y"},{"b":""}]', 'file-malformed', 'line 1, column 10, record 1: a comma, colon, quote'],
    ['[{"a":[1},{"b":2}]', 'file-malformed', 'line 1, column 9, record 1: a bracket is closed'],
    [
      '[\n{"a":\n"x\n"}]',
      'file-malformed',
      'line 3, column 3, record 1 (which begins on line 2): a line break',
    ],
    ['[{"a":{}{}}]', 'file-malformed', 'line 1, column 9, record 1: a comma, colon, quote or bracket'],
  ])('%j', (text, code, message) => {
    for (const step of [1, 3, 1000]) expect(failure(text, step)).toContain(`${code} x.json: `)
    expect(failure(text)).toContain(message)
  })

  it('ends where more brackets are open than are followed, and says so', () => {
    expect(failure('['.repeat((1 << 20) + 2))).toContain('more than 1,048,576 brackets are open')
  })

  it('says nothing of what stands in the file', () => {
    fc.assert(
      fc.property(fc.constantFrom('[{"a":1}Secret', '{"Secret":"Secret\n', '[Secret:'), (text) => {
        expect(failure(text)).not.toContain('Secret')
        expect(failure(text)).not.toBe('none')
      }),
    )
  })
})

describe('a record a line, under a name that does not say so', () => {
  it('takes a broken line for a broken record, and goes on with the next', () => {
    const broken = ['{"a":2]', '{"a":3', 'hello, world', '{"a":"x', '{"a":"\\', ']', '{"a":{"b":1}']
    const text = ['{"a":1}', ...broken, '{"a":9}', ''].join('\n')
    for (const step of [1, 5, 1000])
      expect(split(text, step).map(({ text: one }) => one.trim())).toEqual(['{"a":1}', ...broken, '{"a":9}'])
    expect(split(text).map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('keeps a record whose text ends with the file for one that is cut short', () => {
    expect(texts('{"a":1}\n{"a":"x')).toEqual(['{"a":1}', '{"a":"x'])
    expect(texts('{\n"a":\n')).toEqual(['{ "a": '])
  })

  it('ends once records have not had a line each, or where a line may go on', () => {
    expect(failure('{"a":1}{"a":2}\n{"a":3\n{"a":4}')).toContain(
      'line 3, column 1, record 3 (which begins on line 2)',
    )
    expect(failure('{"a":1}\n{"a":\n{"a":4}\n{"a":5}')).toContain(
      'line 4, column 1, record 2 (which begins on line 2)',
    )
    expect(failure('{"a":1\n{"a":2}\n')).toContain('line 2, column 1, record 1')
  })
})
