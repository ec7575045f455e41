/** The kernels take only what is as usual, and do to it what the walkers and writers do: results never differ. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CsvRewriter } from '../../../src/record/csv-rewriter.ts'
import type { CsvStyle } from '../../../src/record/csv-text.ts'
import { padded, type Rewriter } from '../../../src/record/rewriter.ts'
import { markPlan } from './marks.ts'

/** What a rewriter makes of chunks, as far as anybody can see it. */
function seen(rewriter: Rewriter & { rewrite: CsvRewriter['rewrite'] }, chunks: readonly Uint8Array[]) {
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
  const piece = fc.constantFrom('"', ',', '\n', '\r\n', '\r', 'a', '""', '"\n', 'a"b,', '\n\n')
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
  })

  it('changes nothing that comes out', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { minLength: 1, maxLength: 3 }),
        style,
        fc.boolean(),
        (chunks, style, one) => {
          const open = (kernels: boolean) =>
            new CsvRewriter(plan, one ? ['a'] : header, 'input', style, {
              now: 0,
              maxRecordBytes: 300,
              kernels,
            })
          expect(seen(open(true), chunks)).toEqual(seen(open(false), chunks))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('writes rows that are larger than its room', () => {
    const chunks = [Buffer.from(`${'"",'.repeat(2)}${'y'.repeat(600_000)}\nx,,"a""b"\n`.repeat(3))]
    const open = (kernels: boolean) =>
      new CsvRewriter(
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
