import { describe, expect, it } from 'vitest'
import { readCases } from '../../../src/policy/cases.ts'

describe('readCases', () => {
  it('reads cases, numbers as they are written', () => {
    const { policy, cases, problems } = readCases(
      'p.cases.yaml',
      `policy: ./p.yaml
cases:
  - name: published
    input: { id: 9007199254740993, price: 1.50, note: "x\\ty", none: null, tags: [a, true], "1": -0 }
    asOf: 2024-07-15T00:00:00Z
    expect: { price: 1.50 }
    must_not_contain: [secret, "42"]
  - name: bytes
    text: '{"a":1e400}'
    outcome: { dead-letter: bad-utf8 }
  - name: gone
    input: {}
    outcome: suppress
`,
    )
    expect(problems).toEqual([])
    expect(policy).toBe('./p.yaml')
    expect(cases.map(({ name, text, expected }) => [name, text, expected])).toEqual([
      [
        'published',
        '{"id":9007199254740993,"price":1.50,"note":"x\\ty","none":null,"tags":["a",true],"1":-0}',
        { kind: 'publish', json: '{"price":1.50}', how: 'whole' },
      ],
      ['bytes', '{"a":1e400}', { kind: 'dead-letter', code: 'bad-utf8' }],
      ['gone', '{}', { kind: 'suppress' }],
    ])
    expect(cases[0]).toMatchObject({
      asOf: Date.UTC(2024, 6, 15),
      mustNotContain: ['secret', '42'],
      at: { line: 3, column: 5 },
    })
  })

  it.each([
    ['', '1:1 yaml-syntax'],
    ['a: 1\n', '1:1 unknown-key'],
    ['cases: []\n', '1:8 wrong-type'],
    ['cases: [{ name: a, input: {}, expect: {}, expected: {} }]\n', '1:43 unknown-key'],
    ['cases: [{ name: a, input: 1, expect: {} }]\n', '1:27 wrong-type'],
    ['cases: [{ name: a, input: {}, outcome: gone }]\n', '1:40 wrong-type'],
    ['cases: [{ input: {}, expect: {} }]\n', '1:9 missing-key'],
    ['cases: [{ name: a, input: &x {}, expect: *x }]\n', '1:30 yaml-alias'],
  ])('refuses %j', (text, problem) => {
    const { cases, problems } = readCases('c', text)
    expect(cases).toEqual([])
    expect(problems.map((p) => `${p.line}:${p.column} ${p.code}`)).toContain(problem)
  })
})
