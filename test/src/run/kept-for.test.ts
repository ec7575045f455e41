/** 32. A stream does not warn of a topic that keeps records for as long as the policy lets it. */
import { expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { keptForOf } from '../../../src/run/stream/kept-for.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 0, 15)

const told = (
  after: string,
  kept: number,
  segment: number,
  rule = '{ use: generalize.date, to: day }',
): number => {
  const retention = after === '' ? '' : `retention: { steps: [{ after: ${after}, then: suppress }] }\n`
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\nsubject: id\ntime: at\nfields:\n  at: ${rule}\n${retention}`
  const { plan, problems } = compilePolicy(policyFileOf('p.yaml', text))
  expect(problems).toEqual([])
  return keptForOf(plan!, { keptFor: kept * DAY, segment: segment * DAY }, NOW) / DAY
}

it.each([
  ['400d', 393, 7],
  ['30d', 27, 3],
  ['6mo', 174, 7],
  ['1y', 358, 7],
])('after %s, of a topic that keeps %i days in segments of %i, it tells nothing', (after, kept, segment) => {
  expect(told(after, kept, segment)).toBe(Number.POSITIVE_INFINITY)
})

it('counts dates that are shifted ahead', () => {
  expect(told('400d', 363, 7, '{ use: shift.date, maxDays: 30 }')).toBe(Number.POSITIVE_INFINITY)
})

it('tells what a shorter topic deletes', () => {
  expect(told('400d', 7, 7)).toBe(7)
  expect(told('400d', 300, 7)).toBe(300)
  expect(told('', 7, 7)).toBe(7)
})
