/** The kernel opens for policies of any size: its memory grows while it puts down their names. */
import { expect, it } from 'vitest'
import { JsonKernel } from '../../../src/record/kernel/json-kernel.ts'
import { runShape } from '../../../src/run/engines.ts'
import { markPlan } from './marks.ts'

it('opens for hundreds of fields', () => {
  const closed = Array.from({ length: 10 }, (_, more) => 1000 + more).filter((fields) => {
    const plan = markPlan(
      Array.from({ length: fields }, (_, at) => `  f${at}: mark.brackets\n`).join(''),
      'unlisted: drop\n',
    )
    return [true, false].some(
      (isShort) => JsonKernel.open(runShape(plan), fields, false, 1024, isShort) === undefined,
    )
  })
  expect(closed).toEqual([])
})
