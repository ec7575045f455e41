/** What single values of Avro become, and what hostile bytes become: dead letters in bounded time, memory and depth. */
import { describe, expect, it } from 'vitest'
import { MessageBatch } from '../../../../src/engine/message-batch.ts'
import { messageEngine } from '../../../../src/run/engines.ts'
import { CODES_OF_SCHEMAS } from '../../../codes-of-messages.ts'
import { processorMs } from '../../../processor-time.ts'
import {
  AVRO_FORM,
  avroEngine,
  framed,
  type Outcome,
  outcomesOf,
  planOf,
  textOf,
  typeOf,
} from './avro-world.ts'

const KEEP = planOf('v: { use: keep.subtree, accept: "all values are wanted in this test" }')
const TOKEN = planOf('v: { use: hash.hmac, domain: v }')
const recordOf = (type: unknown): unknown => ({ type: 'record', name: 'R', fields: [{ name: 'v', type }] })

/** What the field `v` becomes, whose bytes these are. */
const become = (type: unknown, bytes: readonly number[] | Uint8Array, plan = KEEP): Outcome =>
  outcomesOf(avroEngine(plan, [recordOf(type)]), [framed(1, Buffer.from(bytes as Uint8Array))])[0]!

/** Zigzag, base 128, as the specification has it. */
function long(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}
const logical = (type: string, logicalType: string, more: object = {}): unknown => ({
  type,
  logicalType,
  ...more,
})

describe('a value of Avro', () => {
  it.each([
    ['an int', 'int', long(-(2n ** 31n)), -(2 ** 31)],
    ['a long', 'long', long(2n ** 40n), 2 ** 40],
    ['true', 'boolean', [1], true],
    ['null', 'null', [], null],
    ['a date', logical('int', 'date'), long(20_454n), '2026-01-01'],
    ['a date before 1970', logical('int', 'date'), long(-25_509n), '1900-02-28'],
    ['a leap day', logical('int', 'date'), long(19_782n), '2024-02-29'],
    ['a date beyond 9999', logical('int', 'date'), long(2_932_897n), 2_932_897],
    ['a time', logical('int', 'time-millis'), long(37_230_005n), '10:20:30.005'],
    ['a time in microseconds', logical('long', 'time-micros'), long(37_230_000_001n), '10:20:30.000001'],
    ['a timestamp', logical('long', 'timestamp-millis'), long(1_767_225_600_000n), '2026-01-01T00:00:00Z'],
    ['one with a fraction', logical('long', 'timestamp-millis'), long(-1n), '1969-12-31T23:59:59.999Z'],
    [
      'one in microseconds',
      logical('long', 'timestamp-micros'),
      long(1_767_225_600_123_000n),
      '2026-01-01T00:00:00.123Z',
    ],
    [
      'one in nanoseconds',
      logical('long', 'timestamp-nanos'),
      long(1_767_225_600_123_456_789n),
      '2026-01-01T00:00:00.123456789Z',
    ],
    ['one before 1970', logical('long', 'timestamp-nanos'), long(-1n), '1969-12-31T23:59:59.999999999Z'],
    [
      'a local one',
      logical('long', 'local-timestamp-micros'),
      long(1_767_225_600_000_001n),
      '2026-01-01T00:00:00.000001',
    ],
    ['a uuid', logical('string', 'uuid'), [2, 0x61], 'a'],
    [
      'a uuid of 16 bytes',
      { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
      Buffer.alloc(16, 0xab),
      'abababab-abab-abab-abab-abababababab',
    ],
    ['bytes', 'bytes', [4, 0xff, 0xfe], '//4='],
    ['bytes of fixed length', { type: 'fixed', name: 'F', size: 3 }, [1, 2, 3], 'AQID'],
    ['an enum', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, [2], 'B'],
    ['a union', ['null', 'int', 'string'], [4, 2, 0x61], 'a'],
    [
      'an array in blocks, some with their length',
      { type: 'array', items: 'int' },
      [2, 2, 1, 2, 4, 0],
      [1, 2],
    ],
    ['a map', { type: 'map', values: 'int' }, [2, 2, 0x61, 4, 0], { a: 2 }],
    ['a logical type that does not fit', logical('string', 'date'), [2, 0x61], 'a'],
    [
      'a record',
      {
        type: 'record',
        name: 'S',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'b', type: 'null' },
        ],
      },
      [2],
      { a: 1, b: null },
    ],
  ])('%s is what JSON would say', (_, type, bytes, wanted) => {
    expect(become(type, bytes)).toEqual({ value: { v: wanted } })
  })

  it.each([
    ['12.50', 2, [4, 0x04, 0xe2]],
    ['-0.05', 2, [2, 0xfb]],
    ['0', 0, [0]],
    ['123456789012345678901.5', 1, [18, ...Buffer.from('42ed123b0bd8203a17', 'hex')]],
  ] as const)('the decimal %s keeps the digits of its scale', (text, scale, bytes) => {
    const engine = avroEngine(KEEP, [recordOf(logical('bytes', 'decimal', { precision: 30, scale }))])
    const outcomes = engine.rewrite(
      MessageBatch.of([
        { key: null, value: framed(1, Buffer.from(bytes)), headers: undefined, timestamp: 0 },
      ]),
    )
    expect(Buffer.from(outcomes.value(0)!).toString()).toBe(`{"v":${text}}`)
  })

  it('of 64 bits is written to its last digit', () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 52n), 2n ** 28n, 0n]) {
      const engine = avroEngine(KEEP, [recordOf('long')])
      const batch = MessageBatch.of([
        { key: null, value: framed(1, long(value)), headers: undefined, timestamp: 0 },
      ])
      expect(Buffer.from(engine.rewrite(batch).value(0)!).toString()).toBe(`{"v":${value}}`)
    }
  })

  it('has one token as int, long, double, float, decimal without a fraction, text, and as JSON', () => {
    const double = Buffer.alloc(8)
    double.writeDoubleLE(42)
    const float = Buffer.alloc(4)
    float.writeFloatLE(42)
    const tokens = [
      become('int', [84], TOKEN),
      become('long', [84], TOKEN),
      become('double', double, TOKEN),
      become('float', float, TOKEN),
      become('string', [4, 0x34, 0x32], TOKEN),
      become(logical('bytes', 'decimal', { precision: 3 }), [2, 42], TOKEN),
      outcomesOf(messageEngine(TOKEN, { now: 0, compacted: false, keyRules: [] }), [
        Buffer.from('{"v":42}'),
      ])[0]!,
    ]
    expect(new Set(tokens.map((token) => JSON.stringify(token))).size).toBe(1)
    // A float has the digits that a person wrote, not those of the double beside it.
    float.writeFloatLE(0.1)
    expect(become('float', float)).toEqual({ value: { v: 0.1 } })
  })

  it('that no rule names is gone, and is looked at no further', () => {
    const plan = planOf('a: keep')
    const schema = {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'x', type: { type: 'array', items: { type: 'map', values: 'string' } } },
        { name: 'a', type: 'int' },
        { name: 'y', type: 'double' },
      ],
    }
    const bytes = Buffer.concat([Buffer.from([2, 2, 2, 0x6b, 4, 0xff, 0xff, 0, 0, 6]), Buffer.alloc(8, 0xff)])
    const engine = avroEngine(plan, [schema])
    expect(outcomesOf(engine, [framed(1, bytes)])).toEqual([{ value: { a: 3 } }])
    expect(engine.account.unlisted).toBe(2)
    const rejecting = planOf('a: keep', 'unlisted: reject\n')
    expect(outcomesOf(avroEngine(rejecting, [schema]), [framed(1, bytes)])).toMatchObject([
      { code: 'unlisted-field' },
    ])
  })

  it('of a map is found by its key, and by patterns', () => {
    const plan = planOf('m.a: keep\n"**.b": { use: mask.characters, keepFirst: 1 }')
    const value = {
      type: 'record',
      name: 'V',
      fields: [
        { name: 'b', type: 'string' },
        { name: 'c', type: 'string' },
      ],
    }
    const schema = recordOf(value)
    const withMap = {
      type: 'record',
      name: 'T',
      fields: [{ name: 'm', type: { type: 'map', values: 'string' } }, ...(schema as { fields: [] }).fields],
    }
    const type = typeOf(withMap)
    const bytes = type.toBuffer({ m: { a: 'yes', b: 'hidden', c: 'no' }, v: { b: 'hidden', c: 'no' } })
    const [outcome] = outcomesOf(avroEngine(plan, [withMap]), [framed(1, bytes)])
    expect(outcome).toEqual({ value: { m: { a: 'yes', b: 'h*****' }, v: { b: 'h*****' } } })
  })
})

describe('hostile bytes', () => {
  const nested = (depth: number): unknown => {
    let type: unknown = 'int'
    for (let at = 0; at < depth; at++) type = { type: 'array', items: type }
    return type
  }
  const recursive = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] }
  /** 40 types, each with 40 fields of the next: without one byte, more values than there are atoms in the world. */
  const bomb = (depth: number): unknown =>
    depth === 0
      ? 'null'
      : {
          type: 'record',
          name: `B${depth}`,
          fields: Array.from({ length: 40 }, (_, at) => ({
            name: `f${at}`,
            type: at === 0 ? bomb(depth - 1) : depth === 1 ? 'null' : `B${depth - 1}`,
          })),
        }
  it.each([
    ['an overlong number', 'long', Buffer.alloc(11, 0x80), 'payload-malformed'],
    ['a number of 65 bits', 'long', Buffer.from('ffffffffffffffffff02', 'hex'), 'payload-malformed'],
    ['an int of 33 bits', 'int', long(2n ** 31n), 'payload-malformed'],
    ['a boolean that is none', 'boolean', [2], 'payload-malformed'],
    ['a text that is cut short', 'string', [8, 0x61], 'payload-malformed'],
    ['a length below zero', 'string', [1], 'payload-malformed'],
    ['a length without end', 'bytes', long(2n ** 62n), 'payload-malformed'],
    ['a text that is not UTF-8', 'string', [4, 0xff, 0xff], 'bad-utf8'],
    ['a branch that is not there', ['null', 'int'], [4], 'payload-malformed'],
    ['a symbol that is not there', { type: 'enum', name: 'E', symbols: ['A'] }, [2], 'payload-malformed'],
    [
      'a count beyond all bytes',
      { type: 'array', items: 'int' },
      [...long(2n ** 30n), 2],
      'payload-malformed',
    ],
    ['a count of 63 bits', { type: 'array', items: 'null' }, long(2n ** 62n), 'payload-malformed'],
    ['nulls without end', { type: 'array', items: 'null' }, long(2n ** 30n), 'payload-too-large'],
    [
      'a block that is not as long as it says',
      { type: 'array', items: 'int' },
      [1, 4, 2, 0],
      'payload-malformed',
    ],
    ['bytes behind the record', 'int', [2, 2], 'payload-malformed'],
    ['a key twice', { type: 'map', values: 'int' }, [4, 2, 0x61, 2, 2, 0x61, 2, 0], 'payload-malformed'],
    [
      'a schema of depth 63',
      nested(63),
      [...Array.from({ length: 63 }, () => 2), 2, ...Array.from({ length: 63 }, () => 0)],
      undefined,
    ],
    [
      'one deeper than records may be',
      nested(64),
      [...Array.from({ length: 64 }, () => 2), 2, ...Array.from({ length: 64 }, () => 0)],
      'schema-refused',
    ],
    ['recursion without end', recursive, Buffer.alloc(100_000, 2), 'payload-too-deep'],
    ['types that unfold without bytes', bomb(12), [], 'payload-too-large'],
    ['NaN', 'double', Buffer.from('000000000000f87f', 'hex'), 'number-not-finite'],
    [
      'a decimal of very many digits',
      logical('bytes', 'decimal', { precision: 9 }),
      [...long(1000n), ...Buffer.alloc(1000, 1)],
      'payload-too-large',
    ],
    [
      'symbols that are long, very often',
      { type: 'array', items: { type: 'enum', name: 'E', symbols: ['A'.repeat(1000)] } },
      [...long(100_000n), ...Buffer.alloc(100_001)],
      'payload-too-large',
    ],
  ])('%s', (_, type, bytes, code) => {
    const began = processorMs()
    const outcome = become(type, bytes)
    expect('code' in outcome ? outcome.code : undefined).toBe(code)
    const listed = become(
      { type: 'record', name: 'Outer', fields: [{ name: 'w', type }] },
      bytes,
      planOf('v.other: keep'),
    )
    // What is skipped is held to the same bounds, but for what texts and numbers say.
    if (code !== undefined && !['bad-utf8', 'number-not-finite', 'payload-too-large'].includes(code))
      if (!/key twice|not as long/.test(_))
        expect(listed).toMatchObject({ code: expect.any(String) as string })
    expect(processorMs() - began).toBeLessThan(5000)
  })

  it('name every code of schemas, and no value', () => {
    const engine = messageEngine(
      KEEP,
      { now: 0, compacted: false, keyRules: [] },
      {
        ...AVRO_FORM,
        key: { format: 'avro', framing: 'confluent' },
      },
    )
    const schemas = [
      recordOf('string'),
      recordOf('double'),
      recordOf({ type: 'array', items: 'null' }),
      recordOf(recursive),
    ]
    engine.learn({
      known: [
        ...schemas.map((schema, at) => ({ id: at + 1, part: 'value', schema: textOf(schema) }) as const),
        { id: 5, part: 'key', schema: textOf('string') },
        { id: 10, part: 'value', schema: 'schema-incompatible' },
        { id: 11, part: 'value', schema: 'schema-too-large' },
        { id: 12, part: 'value', schema: 'tagged-without-rule' },
        { id: 20, part: 'value', schema: textOf({ type: 'nothing' }) },
      ],
      forgotten: [],
    })
    const key = framed(5, Buffer.from([2, 0x6b]))
    const values = [
      framed(1, Buffer.from([8, 0x61])),
      framed(2, Buffer.from('000000000000f07f', 'hex')),
      framed(3, long(2n ** 30n)),
      framed(4, Buffer.alloc(1000, 2)),
      framed(10, Buffer.from([1])),
      framed(11, Buffer.from([1])),
      framed(12, Buffer.from([1])),
      framed(20, Buffer.from([1])),
      framed(99, Buffer.from([1])),
    ]
    const outcomes = engine.rewrite(
      MessageBatch.of(values.map((value) => ({ key, value, headers: undefined, timestamp: 0 }))),
    )
    const codes = values.map((_, index) => outcomes.code(index))
    // What is written by a schema has its own: see avro-output.test.ts.
    expect([...codes, 'output-unwritable'].toSorted()).toEqual([...CODES_OF_SCHEMAS].toSorted())
  })
})
