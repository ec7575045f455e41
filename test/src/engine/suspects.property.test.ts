/** Which kept values are looked at follows from where they stand: counted by another hand, and however records are cut. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Account, addAccount, emptyAccount, reconciles } from '../../../src/engine/account.ts'
import { MessageBatch } from '../../../src/engine/message-batch.ts'
import { FIRST_BYTES, FIRST_RECORDS } from '../../../src/engine/suspects.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { padded } from '../../../src/record/codec.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { csvEngine, jsonEngine, messageEngine } from '../../../src/run/engines.ts'
import { lookAt } from '../../../transforms/detect/look.ts'
import { rewrite } from './flat-outcome.ts'

function planOf(suspects: string, fields: string): Plan {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nsuspects: ${suspects}\nfields:\n${fields}`
  const readFile = () => {
    throw new Error('no file')
  }
  const { plan, problems } = compilePolicy({ file: 'p.yaml', text, readFile })
  if (plan === undefined) throw new Error(JSON.stringify(problems))
  return plan
}

const FLAT = '  a: keep\n  b: keep\n  gone: drop\n  c: { from: a, use: keep }\n'
const DEEP = `${FLAT}  m.*: keep\n  m.$names: { use: keep, accept: "for the test of names" }\n  t: { use: keep.subtree, accept: "for the test of containers" }\n`

/** Invented; each looks like something, and none of these characters stands in what is harmless. */
const PLANTED = [
  'lena.o@mail.example',
  'call +48600100200 now',
  '4111111111111111',
  'DE89370400440532013000',
  '203.0.113.9',
  '131052-308T',
]
const anyValue = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('', 'x', 'a "quoted" one', 'back\\slash', 'żółw', 'size 12', '2024-07-15'),
  },
  { weight: 1, arbitrary: fc.constantFrom(...PLANTED) },
)
const anyRecord = fc.record({ a: anyValue, gone: anyValue, b: anyValue })
/** In front of the first 8 MiB's end, at it, behind it, and beyond 4 GiB. */
const anyOffset = fc.constantFrom(0, FIRST_BYTES - 300, FIRST_BYTES, 3 * 2 ** 32 - 300, 7 * 2 ** 40)

/** The definition once more, without 32-bit tricks. */
const isLookedAt = (offset: number): boolean =>
  offset < FIRST_BYTES || Number(((BigInt(offset) & 0xffffffffn) * 0x9e3779b1n) & 0xfc000000n) === 0

interface Counted {
  looked: number
  suspects: Record<string, number>
}
function count(into: Counted, value: string, offset: number): void {
  if (value === '' || !isLookedAt(offset)) return
  into.looked++
  for (const { kind } of lookAt(value)) into.suspects[kind] = (into.suspects[kind] ?? 0) + 1
}

const tallies = (plan: Plan, account: Account) =>
  Object.fromEntries(
    plan.rules.map(({ id, field }) => {
      const { looked, suspects } = account.rules[id]!
      return [field, { looked, suspects }]
    }),
  )

/** Lines, put together into chunks whose sizes go round. */
function chunksOf(lines: readonly string[], sizes: readonly number[]): { text: Buffer; at: number }[] {
  const chunks: { text: Buffer; at: number }[] = []
  let at = 0
  for (let line = 0, turn = 0; line < lines.length; turn++) {
    const next = line + sizes[turn % sizes.length]!
    const text = Buffer.from(lines.slice(line, next).join(''))
    chunks.push({ text, at })
    at += text.length
    line = next
  }
  return chunks
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 })
const records = fc.array(anyRecord, { minLength: 1, maxLength: 120 })

describe('the watch on kept values', () => {
  it('looks at the same ones of NDJSON however it is cut, with kernels and without', () => {
    const plan = planOf('warn', FLAT)
    fc.assert(
      fc.property(records, sizes, anyOffset, fc.boolean(), (given, sizes, offset, escaped) => {
        const text = (value: string) =>
          escaped ? JSON.stringify(value).replace('@', '\\u0040') : JSON.stringify(value)
        const lines = given.map(({ a, gone, b }) => `{"a":${text(a)},"gone":${text(gone)},"b":${text(b)}}\n`)
        const expected = { a: { looked: 0, suspects: {} }, b: { looked: 0, suspects: {} } }
        let at = offset
        given.forEach(({ a, gone, b }, index) => {
          count(expected.a, a, at + 6)
          count(expected.b, b, at + Buffer.byteLength(`{"a":${text(a)},"gone":${text(gone)},"b":"`))
          at += Buffer.byteLength(lines[index]!)
        })
        const none = { looked: 0, suspects: {} }
        for (const kernels of [true, false]) {
          const rewriter = jsonEngine(plan, { now: 0, kernels })
          const account = emptyAccount(plan)
          for (const { text, at } of chunksOf(lines, sizes)) {
            rewriter.rewrite(padded(text), text.length, offset + at)
            addAccount(account, rewriter.takeAccount())
          }
          expect(tallies(plan, account)).toEqual({ ...expected, c: expected.a, gone: none })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('looks at the same ones of CSV however it is cut, with kernels and without', () => {
    const plan = planOf('warn', FLAT)
    const cell = (value: string) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
    fc.assert(
      fc.property(records, sizes, anyOffset, (given, sizes, offset) => {
        const lines = given.map(({ a, gone, b }) => `${cell(a)},${cell(gone)},${cell(b)},z\n`)
        const expected = { a: { looked: 0, suspects: {} }, b: { looked: 0, suspects: {} } }
        let at = offset
        given.forEach(({ a, gone, b }, index) => {
          count(expected.a, a, at + (cell(a) === a ? 0 : 1))
          count(expected.b, b, at + Buffer.byteLength(`${cell(a)},${cell(gone)},`) + (cell(b) === b ? 0 : 1))
          at += Buffer.byteLength(lines[index]!)
        })
        const none = { looked: 0, suspects: {} }
        for (const kernels of [true, false]) {
          const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
          const rewriter = csvEngine(plan, ['a', 'gone', 'b', 'z'], 'in.csv', style, {
            now: 0,
            kernels,
          })
          const account = emptyAccount(plan)
          for (const { text, at } of chunksOf(lines, sizes)) {
            rewriter.rewrite(padded(text), text.length, offset + at)
            addAccount(account, rewriter.takeAccount())
          }
          expect(tallies(plan, account)).toEqual({ ...expected, c: expected.a, gone: none })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('looks at the messages that it is told to, however batches are cut, and beside their values', () => {
    const plan = planOf(
      'warn',
      `${FLAT}  $key: { use: keep, accept: "for the test of keys" }\n  $headers.trace: { use: keep, accept: "for the test of headers" }\n`,
    )
    const message = fc.record({ record: anyRecord, key: anyValue, trace: anyValue, isLine: fc.boolean() })
    const messages = fc.array(fc.tuple(message, fc.boolean()), { minLength: 1, maxLength: 60 })
    const make = () => messageEngine(plan, { now: 0, compacted: false, keyRules: [] })
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 60 }), (given, size) => {
        const packed = given.map(([{ record, key, trace, isLine }]) => ({
          key: Buffer.from(key),
          value: Buffer.from(isLine ? JSON.stringify(record) : JSON.stringify(record, null, 1)),
          headers: [{ name: 'trace', value: Buffer.from(trace) }],
          timestamp: 0,
        }))
        const expected: Record<string, Counted> = {}
        for (const field of ['a', 'b', 'c', 'gone', '$key', '$headers.trace'])
          expected[field] = { looked: 0, suspects: {} }
        for (const [{ record, key, trace }, isLooked] of given) {
          if (!isLooked) continue
          count(expected['a']!, record.a, 0)
          count(expected['b']!, record.b, 0)
          count(expected['c']!, record.a, 0)
          count(expected['$key']!, key, 0)
          count(expected['$headers.trace']!, trace, 0)
        }
        const rewriter = make()
        const account = emptyAccount(plan)
        for (let at = 0; at < given.length; at += size) {
          const looked = Uint8Array.from(given.slice(at, at + size), ([, isLooked]) => Number(isLooked))
          rewriter.rewrite(MessageBatch.of(packed.slice(at, at + size)), looked)
          addAccount(account, rewriter.takeAccount())
        }
        expect(tallies(plan, account)).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })

  it('looks at the first messages and each 64th behind them, where nobody says which', () => {
    const plan = planOf('warn', '  a: keep\n')
    const rewriter = messageEngine(plan, { now: 0, compacted: false, keyRules: [] })
    const message = { key: null, value: Buffer.from('{"a":"x@y.example"}'), headers: [], timestamp: 0 }
    for (let batch = 0; batch < 13; batch++)
      rewriter.rewrite(MessageBatch.of(Array.from({ length: 1000 }, () => message)))
    const behind = Math.floor(12_999 / 64) - Math.floor((FIRST_RECORDS - 1) / 64)
    expect(rewriter.account.rules[0]).toMatchObject({
      looked: FIRST_RECORDS + behind,
      suspects: { email: FIRST_RECORDS + behind },
    })
  })

  it('with dead-letter: looks at all, and lets none of them pass', () => {
    const plan = planOf('dead-letter', DEEP)
    const record = fc.record({
      a: anyValue,
      gone: anyValue,
      b: anyValue,
      m: fc.dictionary(anyValue, anyValue, { maxKeys: 2, noNullPrototype: true }),
      t: fc.oneof(
        fc.array(anyValue, { maxLength: 2 }),
        fc.dictionary(anyValue, fc.constant(1), { noNullPrototype: true }),
      ),
    })
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 40 }),
        anyOffset,
        fc.boolean(),
        fc.boolean(),
        (given, offset, kernels, escaped) => {
          const lines = given.map((record) => {
            const line = JSON.stringify(record)
            return `${escaped ? line.replaceAll('@', '\\u0040').replaceAll('4111', '411\\u0031') : line}\n`
          })
          const isHarmless = ({ gone: _, ...kept }: (typeof given)[number]) =>
            PLANTED.every((planted) => !JSON.stringify(kept).includes(JSON.stringify(planted)))
          const text = Buffer.from(lines.join(''))
          const rewriter = jsonEngine(plan, { now: 0, kernels })
          const { output, deadLetters } = rewriter.rewrite(padded(text), text.length, offset)
          const written = Buffer.from(output).toString('utf8')
          for (const line of written.split('\n').filter((line) => line !== '')) {
            const plain = JSON.stringify(JSON.parse(line))
            expect(PLANTED.filter((planted) => plain.includes(planted))).toEqual([])
          }
          expect(
            deadLetters.every(({ code, rule }) => code === 'suspect-value' && plan.rules[rule]!.watched),
          ).toBe(true)
          expect(rewriter.account.published).toBe(given.filter(isHarmless).length)
          expect(reconciles(rewriter.account)).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('with dead-letter: lets no tombstone pass under such a key', () => {
    const plan = planOf('dead-letter', '  $key: { use: keep, accept: "for the test of keys" }\n')
    const rewriter = messageEngine(plan, { now: 0, compacted: false, keyRules: [] })
    const tombstone = (key: string) => ({ key: Buffer.from(key), value: null, headers: [], timestamp: 0 })
    const outcomes = rewrite(rewriter, ['x', ...PLANTED].map(tombstone))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['tombstone', ...PLANTED.map(() => 'dead-letter')])
  })

  it('with dead-letter: lets no tombstone pass under a key that is nearly such a one, as it lets no record', () => {
    const rule = '{ use: mask.pattern, pattern: "#[0-9]", accept: "for the test of keys" }'
    const plan = planOf('dead-letter', `  id: keep\n  $key: ${rule}\n`)
    for (const compacted of [false, true]) {
      const { id, action } = plan.envelope[0]!.rulesByStep[0]![0]!
      const keyRules = action.kind === 'transform' ? [new Map([[id, action.transform]])] : []
      const rewriter = messageEngine(plan, { now: 0, compacted, keyRules })
      const message = (key: string, value: Buffer | null) => ({
        key: Buffer.from(`${key} #1`),
        value,
        headers: [],
        timestamp: 0,
      })
      const keys = ['x', ...PLANTED]
      const tombstones = rewrite(
        rewriter,
        keys.map((key) => message(key, null)),
      )
      const records = rewrite(
        rewriter,
        keys.map((key) => message(key, Buffer.from('{"id":1}'))),
      )
      const kinds = PLANTED.map(() => 'dead-letter')
      expect(tombstones.map(({ kind }) => kind)).toEqual(['tombstone', ...kinds])
      expect(records.map(({ kind }) => kind)).toEqual(['publish', ...kinds])
      expect(tombstones.slice(1).map(({ code, rule }) => [code, rule])).toEqual(
        records.slice(1).map(({ code, rule }) => [code, rule]),
      )
      expect(reconciles(rewriter.account)).toBe(true)
    }
  })

  it('looks at what is left of a value that a rule nearly keeps', () => {
    const plan = planOf('warn', '  a: { use: mask.pattern, pattern: "[0-9]{3}" }\n')
    expect(plan.rules[0]!.watched).toBe(true)
    const deidentifier = createDeidentifier(plan, { format: 'json', now: 0 })
    for (const a of ['x@y.example 123', 'tel 123456789', 'nothing 123', 'no "match@z.example" 123'])
      deidentifier.deidentify(Buffer.from(JSON.stringify({ a })))
    expect(deidentifier.account.rules[0]).toMatchObject({ looked: 4, suspects: { email: 2 } })
  })
})
