/** A stray quote is legal CSV: it makes one cell of several rows, whose masked columns must not leave in a kept one. */

import { expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { padded } from '../../../src/record/codec.ts'
import { csvEngine } from '../../../src/run/engines.ts'

const HEADER = ['remark', 'code', 'kind']
const STYLE = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const

function planOf(remark: string) {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  remark: ${remark}\n  code: { use: mask.characters, length: 4 }\n  kind: keep\n`
  const readFile = () => {
    throw new Error('no file')
  }
  return compilePolicy({ file: 'p.yaml', text, readFile })
}

function rewrite(remark: string, text: string, kernels: boolean) {
  const { plan, problems } = planOf(remark)
  expect(problems).toEqual([])
  const rewriter = csvEngine(plan!, HEADER, 'input', STYLE, { now: 0, kernels })
  const bytes = Buffer.from(text)
  const { output, deadLetters } = rewriter.rewrite(padded(bytes), bytes.length)
  return { output: Buffer.from(output).toString(), codes: deadLetters.map(({ code, line }) => [code, line]) }
}

const STRAY = 'ok,S-1,a\n"oops,S-2,a\nS-3,S-4,b\n",S-5,c\nok,S-6,"a\rb"\nok,S-7,c\n'

it.each([true, false])('refuses kept cells with a line break, with kernels: %s', (kernels) => {
  const { output, codes } = rewrite('keep', STRAY, kernels)
  expect(codes).toEqual([
    ['kept-line-break', 1],
    ['kept-line-break', 4],
  ])
  expect(output).toBe('ok,****,a\nok,****,c\n')
})

it('refuses what is shown nearly whole as well, and nothing that is hidden', () => {
  expect(rewrite('{ use: mask.pattern, pattern: oops }', STRAY, true).codes.map(([code]) => code)).toContain(
    'kept-line-break',
  )
  expect(rewrite('{ use: mask.characters, length: 3 }', STRAY, true).codes).toEqual([['kept-line-break', 4]])
})

it('lets them pass where the rule allows it', () => {
  const { output } = rewrite('{ use: keep, lineBreaks: allow }', 'x,S-1,a\n"two\nlines",S-2,b\n', true)
  expect(output).toBe('x,****,a\n"two\nlines",****,b\n')
})

it('says that the word means nothing where nothing is kept', () => {
  const { problems } = planOf('{ use: mask.null, lineBreaks: allow }')
  expect(problems.map(({ code, line }) => [code, line])).toEqual([['misplaced-word', 5]])
})
