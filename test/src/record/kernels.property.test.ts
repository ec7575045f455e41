/** The kernels take only what is as usual, and do to it what the walkers and writers do: results never differ. */

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Engine } from '../../../src/engine/engine.ts'
import { padded } from '../../../src/record/codec.ts'
import type { CsvStyle } from '../../../src/record/csv/csv-text.ts'
import { CsvKernel } from '../../../src/record/kernel/csv-kernel.ts'
import { JsonKernel } from '../../../src/record/kernel/json-kernel.ts'
import { csvEngine, jsonEngine } from '../../../src/run/engines.ts'
import { expectSame } from '../../same.ts'
import { compileMarks, markPlan } from './marks.ts'
import * as reference from './reference.ts'
import { anyDamage, anySpec, damaged, recordFor, withMemberTwice } from './specs.ts'

/** What a rewriter makes of chunks, as far as anybody can see it. */
function seen(rewriter: Engine & { rewrite: Engine['rewrite'] }, chunks: readonly Uint8Array[]) {
  return chunks.map((chunk) => {
    const { output, deadLetters, lines } = rewriter.rewrite(padded(chunk), chunk.length)
    return {
      output: Buffer.from(output).toString('latin1'),
      deadLetters,
      lines,
      account: rewriter.takeAccount(),
    }
  })
}

/** How many records the calls of `scan` took. */
const taken = (scan: {
  readonly mock: { readonly results: readonly { readonly value: unknown }[] }
}): number => scan.mock.results.reduce((sum, { value }) => sum + (value as number), 0)

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the CSV kernel', () => {
  const plan = markPlan(
    '  a: mark.many\n  b: { from: c, use: mark.brackets, when: { a: [x, null] }, else: drop }\n  c: keep\n' +
      '  e: { from: a, use: mark.brackets }\n',
  )
  const header = ['a', 'unlisted', 'c']
  const cell = fc.oneof(
    fc.constantFrom('', 'x', 'é', '"x"', '""', '"a,b"', '"a""b"', '"a\r\nb"', '""""', '😀'),
    fc.nat(150).map((length) => 'y'.repeat(length)),
    fc.nat(70).map((length) => `"${'z'.repeat(length)}"`),
    fc.nat(70).map((length) => `"${'""'.repeat(length)}"`),
  )
  const lineBreak = fc.constantFrom('\n', '\r\n')
  const row = fc.tuple(cell, cell, cell, lineBreak).map(([a, b, c, end]) => `${a},${b},${c}${end}`)
  const piece = fc.constantFrom(
    '"',
    ',',
    '\n',
    '\r\n',
    '\r',
    'a',
    '""',
    '"\n',
    'a"b,',
    '\n\n',
    '\\',
    '\\"',
    '#',
  )
  const text = fc
    .array(fc.oneof({ weight: 6, arbitrary: row }, { weight: 1, arbitrary: piece }), { maxLength: 30 })
    .map((parts) => Buffer.from(parts.join('')))
  const bytes = fc.oneof(
    { weight: 8, arbitrary: text },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
    {
      weight: 1,
      arbitrary: fc.tuple(text, fc.uint8Array({ maxLength: 3 })).map((parts) => Buffer.concat(parts)),
    },
  )
  const chunk = fc
    .tuple(bytes, fc.constantFrom(1, 1, 1, 50))
    .map(([part, times]) => Buffer.concat(Array.from({ length: times }, () => part)))
  const style = fc.record<CsvStyle>({
    delimiter: fc.constantFrom(',', ',', ';', '*'),
    lineBreak: fc.constantFrom('\n' as const, '\r\n' as const),
    escapeFormulas: fc.boolean(),
    quote: fc.constantFrom(undefined, undefined, 'none' as const),
    escape: fc.constantFrom(undefined, undefined, 'backslash' as const),
    comment: fc.constantFrom(undefined, undefined, 'x', '#'),
  })

  it('changes nothing that comes out', () => {
    const scan = vi.spyOn(CsvKernel.prototype, 'scan')
    fc.assert(
      fc.property(
        fc.array(chunk, { minLength: 1, maxLength: 3 }),
        style,
        fc.boolean(),
        (chunks, style, one) => {
          const open = (kernels: boolean) =>
            csvEngine(plan, one ? ['a'] : header, 'input', style, {
              now: 0,
              maxRecordBytes: 300,
              kernels,
            })
          expectSame(seen(open(true), chunks), seen(open(false), chunks))
        },
      ),
      { numRuns: 125 },
    )
    expect(taken(scan)).toBeGreaterThan(100)
  })

  it('writes rows that are larger than its room', () => {
    const chunks = [Buffer.from(`${'"",'.repeat(2)}${'y'.repeat(600_000)}\nx,,"a""b"\n`.repeat(3))]
    const open = (kernels: boolean) =>
      csvEngine(
        plan,
        header,
        'input',
        { delimiter: ',', lineBreak: '\n', escapeFormulas: false },
        { now: 0, kernels },
      )
    const result = seen(open(true), chunks)
    expect(result).toEqual(seen(open(false), chunks))
    expect(result[0]!.account.published).toBe(6)
  })
})

describe('the JSON kernel', () => {
  /** A record as programs write it: without white space, and nothing escaped that need not be. */
  const usual = (tree: Parameters<typeof recordFor>[0]) =>
    recordFor(tree).map((record) => JSON.stringify(JSON.parse(record)))

  /** Lines of records of one kind, most of them whole, some damaged, some blank. */
  const anyChunks = anySpec.chain(({ spec, tree }) => {
    const line = fc
      .tuple(
        fc.oneof(usual(tree), recordFor(tree)),
        fc.option(anyDamage, { freq: 6 }),
        fc.option(fc.nat(), { freq: 8 }),
      )
      .map(([record, damage, twice]) => {
        const text = Buffer.from(twice === null ? record : withMemberTwice(record, twice))
        return damage === null ? text : damaged(text, damage)
      })
    const many = fc
      .tuple(line, fc.constantFrom(1, 1, 1, 3, 300))
      .map(([text, times]) => Array.from({ length: times }, () => text))
    const chunk = fc
      .tuple(fc.array(many, { maxLength: 8 }), fc.constantFrom('\n', '\n', '\r\n', '\n \n'), fc.boolean())
      .map(([lines, end, last]) => {
        const parts = lines.flat().flatMap((text) => [text, Buffer.from(end)])
        return Buffer.concat(last ? parts : parts.slice(0, -1))
      })
    return fc.record({ spec: fc.constant(spec), chunks: fc.array(chunk, { minLength: 2, maxLength: 6 }) })
  })

  it('changes nothing that comes out', () => {
    const scan = vi.spyOn(JsonKernel.prototype, 'scan')
    fc.assert(
      fc.property(
        anyChunks,
        fc.oneof(fc.constant(1 << 20), fc.integer({ min: 5, max: 60 })),
        ({ spec, chunks }, maxRecordBytes) => {
          const { plan } = compileMarks(reference.policyText(spec))
          if (plan === undefined) return
          const open = (kernels: boolean) => jsonEngine(plan, { now: 0, maxRecordBytes, kernels })
          expectSame(seen(open(true), chunks), seen(open(false), chunks))
        },
      ),
      // A policy is compiled for each: of one, two to six chunks are compared.
      { numRuns: 75 },
    )
    expect(taken(scan)).toBeGreaterThan(10)
  })

  const wide = markPlan('  a: keep\n  "b[].c": mark.many\n  "m.*": keep\n  "m.$names": { use: mark.first }\n')
  const open = (kernels: boolean) => jsonEngine(wide, { now: 0, kernels })
  const agrees = (chunk: string, published: number) => {
    const result = seen(open(true), [Buffer.from(chunk), Buffer.from(chunk)])
    expect(result).toEqual(seen(open(false), [Buffer.from(chunk), Buffer.from(chunk)]))
    expect(result[1]!.account.published).toBe(published)
  }

  it('leaves to the walker what needs more room than it has', () => {
    const items = Array.from({ length: 40_000 }, (_, i) => `{"c":"${i}"}`)
    agrees(`{"a":1}\n{"b":[${items.join()}],"a":2}\n{"a":3}\n`, 3)
  })

  it('writes records that are larger than its room', () => {
    agrees(`{"a":"${'y'.repeat(600_000)}"}\n{"b":[{"c":"x"}]}\n`.repeat(3), 6)
  })

  it('learns names until there is no room, and finds those that come twice', () => {
    const names = Array.from({ length: 150 }, (_, i) => `"n${i}":{"x":${i},"y${i}":[]}`)
    const lines = names.flatMap((name, i) => [
      `{"a":${i},${name}}`,
      `{${name},"a":${i},"n${i}":1}`,
      `{${names.slice(0, i + 1).join()}}`,
      `{"z":{${names.slice(0, i + 1).join()}},${name}}`,
      `{"z":{${name},"q":1,${name}}}`,
    ])
    agrees(lines.join('\n'), 450)
  })

  it('writes maps whose names stay different, and no other', () => {
    agrees(
      '{"m":{"x":1,"y":null}}\n{"m":{"x":1,"x":2}}\n{"m":{"xa":1,"xb":2}}\n{"m":null}\n{"m":{}}\n{"m":{"":"é"}}\n',
      4,
    )
  })

  it('writes derived members into containers that the record holds, or else into new ones', () => {
    const plan = markPlan(
      '  x: keep\n  o.a: keep\n  o.d: { from: x, use: mark.hex }\n  n.d: { from: x, use: mark.hex }\n',
    )
    const chunk = Buffer.from(
      '{"x":"1","o":{"a":2}}\n{"o":{},"x":"1"}\n{"x":"1"}\n{"o":null,"x":"1"}\n{"n":{},"x":"1"}\n',
    )
    const results = [true, false].map((kernels) => seen(jsonEngine(plan, { now: 0, kernels }), [chunk]))
    expect(results[0]).toEqual(results[1])
    expect(results[0]![0]!.output.split('\n')).toEqual([
      '{"x":"1","o":{"a":2,"d":"x31"},"n":{"d":"x31"}}',
      '{"o":{"d":"x31"},"x":"1","n":{"d":"x31"}}',
      '{"x":"1","o":{"d":"x31"},"n":{"d":"x31"}}',
      '{"o":{"d":"x31"},"x":"1","n":{"d":"x31"}}',
      '{"x":"1","o":{"d":"x31"},"n":{"d":"x31"}}',
      '',
    ])
  })

  it.each([true, false])(
    'with kernels: %s, takes a record of the most bytes, and none of one more',
    (kernels) => {
      const rewriter = jsonEngine(wide, { now: 0, maxRecordBytes: 20, kernels })
      const chunk = Buffer.from(`${'{"a":1}'.padEnd(20)}\n${'{"a":1}'.padEnd(21)}\n`)
      expect(seen(rewriter, [chunk])[0]!.deadLetters.map(({ record, code }) => [record, code])).toEqual([
        [1, 'record-too-large'],
      ])
    },
  )
})
