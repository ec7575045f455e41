/** The JSON walker and writer against a reference behind a strict validator, over arbitrary policies and records. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconciles } from '../../../src/engine/account.ts'
import type { Outcome } from '../../../src/engine/outcome.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { padded } from '../../../src/record/codec.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { jsonEngine } from '../../../src/run/engines.ts'
import { expectSame } from '../../same.ts'
import { compileMarks } from './marks.ts'
import * as reference from './reference.ts'
import { anyDamage, anySpec, damaged, recordFor, withMemberTwice } from './specs.ts'
import { readStrictly } from './strict-json.ts'

const NOW = Date.UTC(2024, 0, 1)

const planOf = (spec: reference.Spec): Plan | undefined => compileMarks(reference.policyText(spec)).plan

/** Both codes of a text that is not JSON are one here: where a text ends early is a matter of taste. */
const codeOf = (code: string): string => (code === 'json-truncated' ? 'json-syntax' : code)

function agree(outcome: Outcome, expected: reference.Expected): void {
  if (outcome.kind === 'publish') {
    expectSame<unknown>({ publish: Buffer.from(outcome.value).toString() }, expected)
    return
  }
  if (outcome.kind !== 'dead-letter' || 'publish' in expected)
    throw new Error(`${JSON.stringify(outcome)} for ${JSON.stringify(expected)}`)
  expect(expected.dead).toContain(codeOf(outcome.code))
}

/** Records of one policy; some come again, whole or with a member more, since the kernel learns their order. */
const anyCase = anySpec.chain(({ spec, tree }) =>
  fc.record({
    spec: fc.constant(spec),
    records: fc
      .tuple(
        fc.array(recordFor(tree), { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 8 }),
      )
      .map(([records, again]) => [
        ...records,
        ...again.map(([which, member, more]) => {
          const record = records[which % records.length]!
          return more ? withMemberTwice(record, member) : record
        }),
      ]),
  }),
)

describe('the JSON walker, with kernels and without', () => {
  it('does to every record what the reference does', () => {
    let compiled = 0
    let published = 0
    fc.assert(
      fc.property(anyCase, fc.array(anyDamage, { maxLength: 4 }), ({ spec, records }, damages) => {
        const plan = planOf(spec)
        if (plan === undefined) return
        compiled++
        const both = [true, false].map((kernels) =>
          createDeidentifier(plan, { format: 'json', now: NOW, kernels }),
        )
        for (const record of records) {
          const whole = Buffer.from(record)
          for (const bytes of [whole, ...damages.map((damage) => damaged(whole, damage))]) {
            const read = readStrictly(bytes)
            const expected = reference.expect(spec, bytes)
            const unlisted =
              typeof read === 'object' && read.kind === 'object'
                ? reference.shapeOf(spec, read).unlisted
                : undefined
            for (const deidentifier of both) {
              const before = deidentifier.account.unlisted
              const outcome = deidentifier.deidentify(bytes)
              if (outcome.kind === 'publish') published++
              if (unlisted !== undefined) expectSame(deidentifier.account.unlisted - before, unlisted)
              agree(outcome, expected)
            }
          }
        }
        for (const { account } of both) expect(reconciles(account)).toBe(true)
      }),
      { numRuns: 100 },
    )
    // Otherwise the property says nothing.
    expect(compiled).toBeGreaterThan(35)
    expect(published).toBeGreaterThan(125)
  })

  it('does to the lines of a chunk what it does to each of them alone', () => {
    fc.assert(
      fc.property(anyCase, fc.array(anyDamage, { maxLength: 3 }), ({ spec, records }, damages) => {
        const plan = planOf(spec)
        if (plan === undefined) return
        const lines = records
          .flatMap((record) => [Buffer.from(record), ...damages.map((d) => damaged(Buffer.from(record), d))])
          .filter((line) => /[^ \t\r\n]/.test(line.toString('latin1')))
        const chunk = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
        for (const kernels of [true, false]) {
          const together = jsonEngine(plan, { now: NOW, kernels })
          const { output, deadLetters } = together.rewrite(padded(chunk), chunk.length)
          const alone = createDeidentifier(plan, { format: 'json', now: NOW, kernels })
          const outcomes = lines.map((line) => alone.deidentify(line))
          const texts = outcomes.flatMap((o) => (o.kind === 'publish' ? [`${Buffer.from(o.value)}\n`] : []))
          expect(Buffer.from(output).toString()).toBe(texts.join(''))
          expectSame(
            deadLetters.map(({ record, line, code }) => [record, line, code]),
            outcomes.flatMap((o, i) => (o.kind === 'dead-letter' ? [[i, i, o.code]] : [])),
          )
          expectSame(together.takeAccount(), alone.account)
        }
      }),
      { numRuns: 75 },
    )
  })
})

describe.each([true, false])('with kernels: %s, the JSON walker', (kernels) => {
  it('never throws, and publishes only JSON, whatever the bytes', () => {
    const plan = planOf({
      unlisted: 'drop',
      fields: [
        { path: [{ name: 'a' }], rules: [{ use: 'mark.many', otherwise: 'null' }] },
        { path: [{ name: 'm' }, 'names'], rules: [{ use: 'keep' }] },
        { path: [{ name: 'm' }, 'member'], rules: [{ use: 'keep' }] },
      ],
    })!
    const deidentifier = createDeidentifier(plan, { format: 'json', now: NOW, kernels })
    const tokens = ['{', '}', '[', ']', '"a"', '"m"', ':', ',', '1', 'null', '"', '\\u', 'd800', ' ', '\\']
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.constantFrom(...tokens), { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
    )
    fc.assert(
      fc.property(bytes, (record) => {
        const outcome = deidentifier.deidentify(record)
        const read = readStrictly(record)
        if (outcome.kind === 'publish') {
          expect(typeof read).toBe('object')
          JSON.parse(Buffer.from(outcome.value).toString())
        } else if (typeof read === 'string') agree(outcome, { dead: [read] })
      }),
      { numRuns: 750 },
    )
  })
})

describe('the strict validator of the tests', () => {
  it('takes and refuses what JSON.parse does, beyond what only it refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          anyCase.map(({ records }) => records[0]!),
        ),
        anyDamage,
        (text, damage) => {
          for (const bytes of [Buffer.from(text), damaged(Buffer.from(text), damage)]) {
            const read = readStrictly(bytes)
            if (read === 'bad-utf8') continue
            let parsed: unknown
            try {
              parsed = JSON.parse(bytes.toString()) as unknown
            } catch {
              expect(typeof read).toBe('string')
              continue
            }
            if (typeof read === 'object') expect(JSON.parse(read.raw)).toEqual(parsed)
            else
              expect([
                'json-duplicate-name',
                'json-nul-in-name',
                'json-lone-surrogate',
                'json-too-deep',
              ]).toContain(read)
          }
        },
      ),
      { numRuns: 250 },
    )
  })
})
