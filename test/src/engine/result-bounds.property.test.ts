/** What the rules make of a record is bounded: by the record alone, however records are put together and walked. */

import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Account, addAccount, emptyAccount, reconciles } from '../../../src/engine/account.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { loadKeyring } from '../../../src/keys/file.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { padded } from '../../../src/record/codec.ts'
import type { CsvStyle } from '../../../src/record/csv/csv-text.ts'
import { maxResultBytes } from '../../../src/record/limits.ts'
import { csvEngine, jsonEngine, messageEngine } from '../../../src/run/engines.ts'
import { IN_PROOF } from '../../proofs/in-proof.ts'
import { expectSame } from '../../same.ts'
import { compileMarks, markPlan } from '../record/marks.ts'
import * as reference from '../record/reference.ts'
import { anyDamage, anySpec, damaged, recordFor } from '../record/specs.ts'
import { rewrite } from './flat-outcome.ts'

interface Seen {
  readonly output: string
  readonly codes: readonly string[]
  readonly account: Account
}

/** What comes of the lines, so many of them a chunk. */
function seen(
  rewriter: Engine & { rewrite: Engine['rewrite'] },
  lines: readonly Uint8Array[],
  size: number,
): Seen {
  const account = emptyAccount(rewriter.plan)
  const codes: string[] = []
  let output = ''
  for (let at = 0; at < lines.length; at += size) {
    const chunk = Buffer.concat(lines.slice(at, at + size))
    const made = rewriter.rewrite(padded(chunk), chunk.length)
    output += Buffer.from(made.output).toString('latin1')
    codes.push(...made.deadLetters.map(({ record, code, rule }) => `${at + record} ${code} ${rule}`))
    addAccount(account, rewriter.takeAccount())
  }
  return { output, codes, account }
}

const line = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d), Buffer.from('\n')])

describe('the bound on results', () => {
  it('is the same for JSON records alone and together, with kernels and without', () => {
    let tooLarge = 0
    fc.assert(
      fc.property(
        anySpec.chain(({ spec, tree }) =>
          fc.tuple(
            fc.constant(spec),
            fc.array(fc.tuple(recordFor(tree), fc.option(anyDamage, { freq: 8 })), { maxLength: 12 }),
          ),
        ),
        fc.integer({ min: 5, max: 25 }),
        fc.integer({ min: 2, max: 5 }),
        ([spec, records], maxBytes, size) => {
          const { plan } = compileMarks(reference.policyText(spec))
          if (plan === undefined) return
          // A blank line is not a record, and would be counted for one here.
          const lines = records
            .map(([text, damage]) =>
              damage === null ? Buffer.from(text) : damaged(Buffer.from(text), damage),
            )
            .filter((bytes) => !/^[ \t\r\n]*$/.test(Buffer.from(bytes).toString('latin1')))
            .map(line)
          const open = (kernels: boolean) => jsonEngine(plan, { now: 0, kernels, maxResultBytes: maxBytes })
          const alone = seen(open(false), lines, 1)
          tooLarge += alone.account.deadLettered['result-too-large'] ?? 0
          expect(reconciles(alone.account)).toBe(true)
          for (const kernels of [true, false]) {
            const engine = open(kernels)
            for (const together of [1, size, 100]) expectSame(seen(engine, lines, together), alone)
          }
        },
      ),
      { numRuns: 60 },
    )
    expect(tooLarge).toBeGreaterThan(0)
  })

  it('is the same for CSV rows alone and together, with kernels and without', () => {
    const plan = markPlan(
      '  a: mark.many\n  b: { from: c, use: mark.brackets, when: { a: [x, null] }, else: drop }\n  c: keep\n' +
        '  e: { from: a, use: mark.brackets }\n  d: mark.hex\n',
    )
    const cell = fc.oneof(
      fc.constantFrom('', 'x', 'é', '"x"', '""', '"a,b"', '"a""b"', '""""', '😀', 'ff'),
      fc.nat(60).map((length) => 'f'.repeat(length)),
    )
    const style = fc.record<CsvStyle>({
      delimiter: fc.constant(','),
      lineBreak: fc.constantFrom('\n' as const, '\r\n' as const),
      escapeFormulas: fc.boolean(),
    })
    let tooLarge = 0
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 12 }),
        style,
        fc.integer({ min: 5, max: 300 }),
        fc.integer({ min: 2, max: 5 }),
        (rows, written, maxBytes, size) => {
          const lines = rows.map((cells) => Buffer.from(`${cells.join(',')}\n`))
          const open = (kernels: boolean) =>
            csvEngine(plan, ['a', 'c', 'd'], 'input', written, {
              now: 0,
              kernels,
              maxResultBytes: maxBytes,
            })
          const alone = seen(open(false), lines, 1)
          tooLarge += alone.account.deadLettered['result-too-large'] ?? 0
          expect(reconciles(alone.account)).toBe(true)
          for (const kernels of [true, false]) {
            const engine = open(kernels)
            for (const together of [1, size, 100]) expectSame(seen(engine, lines, together), alone)
          }
        },
      ),
      { numRuns: 30 },
    )
    expect(tooLarge).toBeGreaterThan(0)
  })

  it('is 16 MiB, or four times the longest record', () => {
    expect([1, 1 << 20, 1 << 22, 1 << 23, 1 << 29].map(maxResultBytes)).toEqual([
      1 << 24,
      1 << 24,
      1 << 24,
      1 << 25,
      1 << 29,
    ])
  })
})

const keys = loadKeyring(fileURLToPath(new URL('../../../config/keys/test.keyset.json', import.meta.url)))

/** Rules whose results are longer than what they read, over every element of an array. */
const LONG = 'x'.repeat(1000)
const LONGER: Readonly<Record<string, { readonly rule: string; readonly value: string }>> = {
  'generalize.number': { rule: '{ use: generalize.number, width: 10 }', value: '1e39' },
  'mask.replace': { rule: `{ use: mask.replace, with: "${LONG}" }`, value: '1' },
  'mask.replace, escaped': {
    rule: `{ use: mask.replace, with: "${'\\"'.repeat(400)}" }`,
    value: '1',
  },
  'mask.characters': { rule: '{ use: mask.characters, length: 64, with: "•" }', value: '1' },
  'mask.pattern': { rule: `{ use: mask.pattern, pattern: "[0-9]", replacement: "${LONG}" }`, value: '111' },
  'generalize.category': { rule: `{ use: generalize.category, allow: [DE], other: "${LONG}" }`, value: '1' },
  'hash.hmac': { rule: '{ use: hash.hmac, domain: a, bits: 256, encoding: hex }', value: '1' },
  'else: a constant': {
    rule: `{ use: generalize.date, to: year, else: { constant: "${LONG}" } }`,
    value: '1',
  },
}

/** In a check, those that cost least: a rule that writes text, one that has to escape it, a token, and an `else`. */
const IN_CHECK = ['mask.replace', 'mask.replace, escaped', 'hash.hmac', 'else: a constant']

describe.each(Object.entries(LONGER).filter(([name]) => IN_PROOF || IN_CHECK.includes(name)))(
  '%s over an array',
  (_, { rule, value }) => {
    const source = {
      file: 'p.yaml',
      text: `policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  "a[]": ${rule}\n  n: keep\n`,
      readFile: () => {
        throw new Error('no file')
      },
    }
    const { plan, problems } = compilePolicy(source, { keys })
    if (plan === undefined) throw new Error(JSON.stringify(problems))
    /** As many values as a record of the longest may hold. */
    const hostile = `{"a":[${Array.from({ length: Math.floor(1_040_000 / (value.length + 1)) }, () => value).join(',')}],"n":1}`
    const good = '{"a":["1"],"n":2}'

    it('is a dead letter, and the records around it pass', () => {
      const batch = [good, hostile, good]
      const rewriter = messageEngine(plan, { now: 0, compacted: false, keyRules: [] })
      const before = process.memoryUsage().rss
      const messages = batch.map((text) => ({
        key: null,
        value: Buffer.from(text),
        timestamp: 0,
        headers: [],
      }))
      const outcomes = rewrite(rewriter, messages)
      expect(outcomes.map(({ code }) => code)).toEqual([
        outcomes[0]!.code,
        'result-too-large',
        outcomes[0]!.code,
      ])
      expect(process.memoryUsage().rss - before).toBeLessThan(600 << 20)
    })
  },
)
