/** Inputs may be a hundred thousand: what a thread holds does not grow with them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import type { Chunk, Layout } from '../../../src/run/chunk.ts'
import { ChunkRewriter } from '../../../src/run/chunk-work.ts'

const { plan } = compilePolicy(
  policyFileOf(
    'policy.yaml',
    `policy: p
version: 1
purpose: train_ai_system
fields:
  a: keep
  b: { use: mask.replace, with: x }
`,
  ),
)

const csv = (header: readonly string[]): Layout => ({
  ...{ format: 'csv', header, input: `${header.join()}.csv` },
  style: { delimiter: ',', lineBreak: '\n', escapeFormulas: false },
})
const chunkOf = (layoutId: number, layout: Layout, text: string): Chunk => {
  const bytes = Buffer.from(text)
  return {
    ...{ layoutId, layout, offset: 0, length: bytes.length },
    bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
  }
}

/** A rewriter, and how many engines it has made. */
function counted(): { readonly rewriter: ChunkRewriter; readonly made: () => number } {
  let made = 0
  const observe = () => {
    made++
    return { take: () => {} }
  }
  return { rewriter: new ChunkRewriter(plan!, { now: 0, observe }, undefined), made: () => made }
}

it('has one engine for all inputs of a layout, whatever they are called', () => {
  const { rewriter, made } = counted()
  for (let input = 0; input < 300; input++) {
    const isTable = input % 2 === 0
    const layout = isTable
      ? { ...csv(['b', 'a']), input: `${input}.csv` }
      : { format: 'ndjson' as const, told: new Map([['c', '1']]) }
    const text = isTable ? 'raw,1\n' : '{"a":1,"b":"raw"}\n'
    const { output } = rewriter.rewrite(chunkOf(input, layout, text))
    expect(Buffer.from(output).toString()).toBe(isTable ? 'x,1\n' : '{"a":1,"b":"x"}\n')
  }
  expect(made()).toBe(2)
  rewriter.rewrite(chunkOf(300, { format: 'ndjson', told: new Map([['c', '2']]) }, '{"a":1}\n'))
  expect(made()).toBe(3)
})

it('keeps few engines, however many layouts there are', () => {
  const { rewriter, made } = counted()
  const layouts = Array.from({ length: 40 }, (_, at) => csv(['a', 'b', `c${at}`]))
  for (const [at, layout] of [...layouts, layouts[39]!, layouts[0]!].entries())
    rewriter.rewrite(chunkOf(at, layout, '1,raw,raw\n'))
  expect(made()).toBe(41)
})

it('keeps few engines of many layouts, and does the same by those that are made again', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { minLength: 20, maxLength: 40 }), (widths) => {
      const { rewriter, made } = counted()
      for (const [input, width] of widths.entries()) {
        const header = [...Array.from({ length: width }, (_, at) => `c${at}`), 'a', 'b']
        const row = [...header.slice(0, -2).map(() => 'raw'), `${input}`, 'raw']
        const { output } = rewriter.rewrite(chunkOf(input, csv(header), `${row.join()}\n`))
        expect(Buffer.from(output).toString()).toBe(`${input},x\n`)
      }
      expect(made()).toBeLessThanOrEqual(widths.length)
      // The last sixteen are at hand.
      const before = made()
      const recent = [...new Set(widths.toReversed())].slice(0, 16)
      for (const [at, width] of recent.toReversed().entries()) {
        const header = [...Array.from({ length: width }, (_, column) => `c${column}`), 'a', 'b']
        rewriter.rewrite(chunkOf(1000 + at, csv(header), `${header.join()}\n`))
      }
      expect(made()).toBe(before)
    }),
    { numRuns: 2 },
  )
})
