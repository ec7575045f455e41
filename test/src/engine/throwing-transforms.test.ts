import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { reconciles } from '../../../src/engine/account.ts'
import { compileWith } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { padded } from '../../../src/record/codec.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { csvEngine, jsonEngine } from '../../../src/run/engines.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { transforms } from '../../../transforms/index.ts'
import { type CompiledTransform, defineTransform, type Result } from '../../../transforms/transform.ts'
import { registerOf } from '../record/marks.ts'
import { flatOf } from './flat-outcome.ts'

const apply = (text: string): Result => {
  if (text.startsWith('bad')) throw new Error(`cannot take ${text}`)
  return `<${text}>`
}
const write: NonNullable<CompiledTransform['writeBytes']> = (source, start, end, out, at) => {
  const result = Buffer.from(apply(Buffer.from(source.subarray(start, end)).toString()) as string)
  out.set(result, at)
  return at + result.length
}

/** Every way in which a transform may be called, each of which may throw, or give what is not a result. */
const compiled: Record<string, CompiledTransform> = {
  apply: { yields: 'string', apply },
  applyAll: {
    yields: 'string',
    apply,
    applyAll: (texts, out, count) => {
      for (let i = 0; i < count; i++) out[i] = apply(texts[i]!)
    },
  },
  writeBytes: { yields: 'string', apply, writeBytes: write },
  writeAllBytes: {
    yields: 'string',
    apply,
    writeAllBytes: (source, starts, ends, count, out, at, resultEnds) => {
      let to = at
      for (let i = 0; i < count; i++) {
        to = write(source, starts[i]!, ends[i]!, out, to)
        resultEnds[i] = to
      }
    },
  },
  'no result': {
    yields: 'string',
    apply: (text) => (text.startsWith('bad') ? (undefined as unknown as Result) : apply(text)),
  },
  'results left out': {
    yields: 'string',
    apply,
    applyAll: (texts, out, count) => {
      for (let i = 0; i < count; i++) if (!texts[i]!.startsWith('bad')) out[i] = apply(texts[i]!)
    },
  },
}

const POLICY = `policy: test
version: 1
purpose: train_ai_system
fields:
  word: { use: custom.throws }
  $key: { use: custom.throws }
`
const lines = ['one', 'bad', 'two', 'badder', 'three']

describe.each(Object.entries(compiled))('a transform that fails in %s', (_, made) => {
  const throws = defineTransform({
    name: 'custom.throws',
    version: 1,
    summary: 'Throws for what begins with bad.',
    options: z.strictObject({}),
    properties: {
      reversible: false,
      deterministic: true,
      uniqueness: 'lossy',
      accepts: 'any text',
      yields: 'string',
      keyed: false,
      stableToken: false,
      mayReturnInput: false,
    },
    examples: [],
    reveals: () => ({ kind: 'nothing' }),
    compile: () => made,
  } as never)
  const source = policyFileOf('policy.yaml', POLICY)
  const result = compileWith(source, undefined, registerOf([...transforms, throws]))
  const plan = result.plan!

  it('compiles', () => {
    expect(result.problems).toEqual([])
  })

  it('makes dead letters of these records, and the account adds up', () => {
    const deidentifier = createDeidentifier(plan, { format: 'json' })
    const outcomes = lines.map((word) => deidentifier.deidentify(Buffer.from(JSON.stringify({ word }))))
    expect(outcomes.map((one) => (one.kind === 'dead-letter' ? one.code : one.kind))).toEqual([
      'publish',
      'transform-error',
      'publish',
      'transform-error',
      'publish',
    ])
    expect(reconciles(deidentifier.account)).toBe(true)
    expect(deidentifier.account.rules[0]).toMatchObject({ applied: 3, failed: 2 })
  })

  it.each([true, false])('does so in files, kernels: %s', (kernels) => {
    const json = Buffer.from(lines.map((word) => `${JSON.stringify({ word })}\n`).join(''))
    const csv = Buffer.from(lines.map((word) => `${word}\n`).join(''))
    const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false } as const
    for (const [rewriter, bytes, expected] of [
      [
        jsonEngine(plan, { now: 0, kernels }),
        json,
        ['{"word":"<one>"}', '{"word":"<two>"}', '{"word":"<three>"}'],
      ],
      [csvEngine(plan, ['word'], 'in.csv', style, { now: 0, kernels }), csv, ['<one>', '<two>', '<three>']],
    ] as const) {
      const { output, deadLetters } = rewriter.rewrite(padded(bytes), bytes.length)
      expect(Buffer.from(output).toString().trimEnd().split('\n')).toEqual(expected)
      expect(deadLetters.map(({ code, record }) => [code, record])).toEqual([
        ['transform-error', 1],
        ['transform-error', 3],
      ])
      expect(reconciles(rewriter.account)).toBe(true)
    }
  })

  it('does so in messages, tombstones too', () => {
    const deidentifier = createMessageDeidentifier(source, result)
    const message = (key: string, value: string | null) => ({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(JSON.stringify({ word: value })),
      headers: [],
      timestamp: 0,
    })
    const outcomes = deidentifier.deidentify([
      message('k', 'one'),
      message('bad', 'one'),
      message('k', 'bad'),
      message('bad', null),
      message('k', null),
    ])
    expect(outcomes.map(flatOf).map(({ kind, code }) => code ?? kind)).toEqual([
      'publish',
      'transform-error',
      'transform-error',
      'transform-error',
      'tombstone',
    ])
    expect(reconciles(deidentifier.account)).toBe(true)
  })
})
