/** Policies that are unsafe in one way each are refused with that code, and safe ones are accepted: all of them. */
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../../src/policy/compile.ts'
import { transforms } from '../../../../transforms/index.ts'
import type { Case } from './places.ts'
import { SAFE } from './safe.ts'
import { UNSAFE } from './unsafe.ts'

const compile = ({ text }: Case) =>
  compilePolicy({ file: 'p.yaml', text, readFile: () => Buffer.from('a;b;c\nd;b;c\n') })

/** Titles tell cases apart, and no case stands in a list twice. */
function checkCorpus(cases: readonly Case[]): void {
  expect(cases.length).toBeGreaterThanOrEqual(200)
  expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
  expect(new Set(cases.map(({ text }) => text)).size).toBe(cases.length)
}

describe('unsafe policies', () => {
  it('are 200 or more, all different', () => checkCorpus(UNSAFE))

  it('are refused with their code and no other', () => {
    const wrong = UNSAFE.flatMap((one) => {
      const { plan, problems } = compile(one)
      const codes = [...new Set(problems.map(({ code }) => code))].join(', ')
      return plan === undefined && codes === one.code
        ? []
        : [`${one.title}: ${codes || 'accepted'}, not ${one.code}`]
    })
    expect(wrong).toEqual([])
  })
})

describe('safe policies', () => {
  it('are 200 or more, all different', () => checkCorpus(SAFE))

  it('are accepted', () => {
    const wrong = SAFE.flatMap((one) => {
      const { problems } = compile(one)
      return problems.length === 0 ? [] : [`${one.title}: ${problems.map(({ code }) => code).join(', ')}`]
    })
    expect(wrong).toEqual([])
  })
})

it('every transform stands in both lists', () => {
  for (const { name } of transforms)
    for (const [which, cases] of Object.entries({ UNSAFE, SAFE }))
      expect(
        cases.some(({ text }) => text.includes(`use: ${name}`)),
        `${name} in ${which}`,
      ).toBe(true)
})
