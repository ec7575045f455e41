/** Files of which some records are not what the policy says: those alone become dead letters. */
import { type Bad, CSV, json, latin } from './refused.ts'

export const DAMAGED: readonly (Bad & {
  readonly dead: readonly (readonly [line: number, code: string])[]
  /** The records that leave. */
  readonly n: readonly number[]
})[] = [
  {
    title: 'bytes of no UTF-8',
    name: 'in.csv',
    bytes: latin(`${CSV}2,\xe9,b,c\n3,a,b,c\n`),
    dead: [[3, 'bad-utf8']],
    n: [1, 3],
  },
  {
    title: 'bytes of no Shift_JIS',
    name: 'in.csv',
    bytes: latin(`${CSV}2,\xa0\xfd,b,c\n3,a,b,c\n`),
    input: { encoding: 'shift_jis' },
    dead: [[3, 'bad-encoding']],
    n: [1, 3],
  },
  {
    title: 'half of a surrogate pair in UTF-16',
    name: 'in.csv',
    bytes: Buffer.from(`\ufeff${CSV}2,\ud800,b,c\n3,a,b,c\n`, 'utf16le'),
    dead: [[3, 'bad-encoding']],
    n: [1, 3],
  },
  {
    title: 'an odd byte at the end of UTF-16',
    name: 'in.csv',
    bytes: Buffer.concat([Buffer.from(`\ufeff${CSV}2,a,b,c`, 'utf16le'), Buffer.from('x')]),
    dead: [[3, 'bad-encoding']],
    n: [1],
  },
  {
    title: 'rows too long and too short',
    name: 'in.csv',
    bytes: `${CSV}2,a,b\n3,a,b,c,d\n4,a,b,c\n`,
    dead: [
      [3, 'csv-ragged'],
      [4, 'csv-ragged'],
    ],
    n: [1, 4],
  },
  {
    title: 'stray quotes',
    name: 'in.csv',
    bytes: `${CSV}2,a "b" c,b,c\n3,"a" b,b,c\n4,a,b,c\n`,
    dead: [
      [3, 'csv-syntax'],
      [4, 'csv-syntax'],
    ],
    n: [1, 4],
  },
  {
    title: 'backslashes before quotes, unstated',
    name: 'in.csv',
    bytes: `${CSV}2,"a \\"b\\" c",b,c\n3,a,b,c\n`,
    dead: [[3, 'csv-syntax']],
    n: [1, 3],
  },
  {
    title: 'a carriage return alone',
    name: 'in.csv',
    bytes: `${CSV}2,a\rb,b,c\n3,a,b,c\n`,
    dead: [[3, 'csv-syntax']],
    n: [1, 3],
  },
  {
    title: 'a quote that never closes',
    name: 'in.csv',
    bytes: `${CSV}2,"a,b,c\n3,a,b,c\n`,
    dead: [
      [3, 'csv-quote-unclosed'],
      [4, 'csv-quote-unclosed'],
    ],
    n: [1],
  },
  {
    title: 'a line break in a kept number',
    name: 'in.csv',
    bytes: `${CSV}"2\n",a,b,c\n3,a,b,c\n`,
    dead: [[3, 'kept-line-break']],
    n: [1, 3],
  },
  {
    title: 'lines that are no JSON',
    name: 'in.ndjson',
    bytes: `${json(1)}\n{"n":2,}\n${json(3)}x\n${json(4)}\n{"n":5`,
    dead: [
      [2, 'json-syntax'],
      [3, 'json-trailing'],
      [5, 'json-truncated'],
    ],
    n: [1, 4],
  },
  {
    title: 'an object with a name twice',
    name: 'in.ndjson',
    bytes: `${json(1, ',"\\u006e":7')}\n${json(2)}\n`,
    dead: [[1, 'json-duplicate-name']],
    n: [2],
  },
  {
    title: 'half of a surrogate pair in JSON',
    name: 'in.ndjson',
    bytes: `${json(1, ',"x":"\\ud800"')}\n${json(2)}\n`,
    dead: [[1, 'json-lone-surrogate']],
    n: [2],
  },
  {
    title: 'two records on a line of NDJSON',
    name: 'in.ndjson',
    bytes: `${json(1)}${json(2)}\n${json(3)}\n`,
    dead: [[1, 'json-trailing']],
    n: [3],
  },
  {
    title: 'arrays of one object and of others',
    name: 'in.ndjson',
    bytes: `[${json(1)}]\n[]\n[${json(2)},${json(3)}]\n[4]\n${json(5)}\n`,
    dead: [
      [2, 'array-length'],
      [3, 'array-length'],
      [4, 'not-an-object'],
    ],
    n: [1, 5],
  },
  {
    title: 'elements that are no objects',
    name: 'in.json',
    bytes: `[${json(1)},\n7,\n"x",\nnull,\n${json(2)}]`,
    dead: [
      [2, 'not-an-object'],
      [3, 'not-an-object'],
      [4, 'not-an-object'],
    ],
    n: [1, 2],
  },
  {
    title: 'a record whose end is sure',
    name: 'in.json',
    bytes: `[${json(1)},\n{"n":tru},\n${json(2)}]`,
    dead: [[2, 'json-syntax']],
    n: [1, 2],
  },
  {
    title: 'the last of several, cut short',
    name: 'in.json',
    bytes: `${json(1)}${json(2)}\n{"n":3`,
    dead: [[2, 'json-truncated']],
    n: [1, 2],
  },
  {
    title: 'an object where a value is named',
    name: 'in.ndjson',
    bytes: `{"n":1,"label":{"a":"b"}}\n${json(2)}\n`,
    dead: [[1, 'container-for-scalar']],
    n: [2],
  },
]
