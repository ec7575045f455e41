import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { POLICY_CODES } from '../../../src/policy/problems.ts'
import { processorMs } from '../../processor-time.ts'

const valid = `# A comment
policy: customer-events
version: 3
purpose: train_ai_system
subject: customer.id
time: { path: occurred_at, format: date-time, zone: Europe/Berlin }
unlisted: reject
fields:
  customer.id: { use: hash.hmac, domain: customer, category: user.unique_id }
  customer.postcode: [{ when: { customer.country: [US, null] }, use: generalize.zip3, else: null }, { use: drop }]
  "items[].sku": keep
  "items[].ref": { from: "items[].id", use: generalize.prefix, keep: 2, else: { constant: "-" } }
  prices.*: { use: generalize.number, width: 10 }
  prices.$names: { use: keep, accept: currency codes of our own }
  extra: { use: keep.subtree, accept: "agreed with the producer" }
  $key: { use: hash.hmac, domain: customer, key: k1 }
retention:
  futureTolerance: 10m
  steps:
    - { after: 180d, fields: { prices.*: mask.null } }
    - { after: 400d, then: suppress }
columns: { cust_id: customer.id }
`

function compile(text: string) {
  return compilePolicy({
    file: 'p.yaml',
    text,
    readFile: () => {
      throw new Error('no such file')
    },
  })
}

function expectSound(text: string): void {
  const { plan, problems } = compile(text)
  expect(plan === undefined).toBe(problems.length > 0)
  for (const { code, line, column, message } of problems) {
    expect(Object.keys(POLICY_CODES)).toContain(code)
    expect(line).toBeGreaterThan(0)
    expect(column).toBeGreaterThan(0)
    expect(message).not.toBe('')
  }
}

describe('compilePolicy', () => {
  it('takes the policy that is mutated below', () => {
    expect(compile(valid).problems).toEqual([])
  })

  it('never throws on arbitrary text', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '\n',
        '  ',
        '- ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '"',
        "'",
        '&a',
        '*a',
        '!t',
        '|',
        '>',
        '#',
        'fields',
        'use',
        'when',
        'keep',
        'null',
        '\t',
        '---',
        '?',
        '__proto__',
        '1e999',
        '.nan',
      ),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          pieces.map((p) => p.join('')),
        ),
        expectSound,
      ),
      { numRuns: 50 },
    )
  })

  it('never throws on a policy with something cut out, put in or doubled', () => {
    const at = fc.nat(valid.length)
    const insert = fc.constantFrom(
      '',
      ' ',
      '\n',
      ':',
      '[]',
      '.*',
      '{ a: 1 }',
      '"',
      '$',
      'null',
      '12',
      '- ',
      '[',
      '}',
      'keep',
      '\ud800',
      '\0',
    )
    fc.assert(
      fc.property(at, fc.nat(12), insert, (start, length, text) => {
        expectSound(valid.slice(0, start) + text + valid.slice(start + length))
      }),
      { numRuns: 100 },
    )
  })

  it('never throws on a policy with lines swapped or left out', () => {
    const lines = valid.split('\n')
    fc.assert(
      fc.property(fc.shuffledSubarray(lines), (some) => expectSound(some.join('\n'))),
      { numRuns: 50 },
    )
  })

  it('refuses a YAML bomb at once', () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i + 1}: &x${i + 1} [*x${i},*x${i},*x${i},*x${i},*x${i},*x${i}]`,
    )
    const start = processorMs()
    const { plan, problems } = compile(`a0: &x0 [lol]\n${levels.join('\n')}\n`)
    expect(plan).toBeUndefined()
    expect(problems.every((p) => p.code === 'yaml-alias')).toBe(true)
    expect(processorMs() - start).toBeLessThan(2000)
  })

  it('reports all problems, by line and column', () => {
    const { problems } = compile(
      'policy: P\nversion: 0\npurpose: tran_ai_system\nunlisted: keep\nfields:\n  a: { use: hash.hmca }\n  a.b: keep\nextra: 1\n',
    )
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code}`)).toEqual([
      '1:9 bad-name',
      '2:10 wrong-type',
      '3:10 unknown-purpose',
      '4:11 bad-unlisted',
      '6:13 unknown-transform',
      '7:3 path-overlap',
      '8:1 unknown-key',
    ])
  })
})
