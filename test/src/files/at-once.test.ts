/** Work on many things at once. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { eachAtOnce } from '../../../src/files/at-once.ts'

const MIB = 1 << 20

it('answers in order, with few bytes under way, and ends what is under way before it fails', async () => {
  const target = fc.record({
    bytes: fc.option(fc.integer({ min: 0, max: 100 * MIB }), { nil: undefined }),
    turns: fc.nat(5),
    fails: fc.boolean(),
  })
  let most = 0
  const check = async (targets: readonly { bytes: number | undefined; turns: number; fails: boolean }[]) => {
    const underWay = new Set<(typeof targets)[number]>()
    const failed: unknown[] = []
    const look = async (one: (typeof targets)[number]) => {
      underWay.add(one)
      most = Math.max(most, underWay.size)
      const sizes = [...underWay].map(({ bytes }) => bytes)
      if (underWay.size > 1) {
        expect(sizes).not.toContain(undefined)
        expect(sizes.reduce<number>((sum, bytes) => sum + bytes!, 0)).toBeLessThanOrEqual(64 * MIB)
      }
      for (let i = 0; i < one.turns; i++) await turn()
      underWay.delete(one)
      if (!one.fails) return one
      failed.push(one)
      throw one
    }
    const found = await eachAtOnce(targets, look, ({ bytes }) => bytes, { most: 8, bytes: 64 * MIB }).catch(
      (error) => [error],
    )
    expect(underWay.size).toBe(0)
    if (failed.length > 0) expect(found).toEqual([failed[0]])
    else expect(found).toEqual(targets)
  }
  await fc.assert(fc.asyncProperty(fc.array(target, { maxLength: 12 }), check), { numRuns: 60 })
  await check(Array.from({ length: 40 }, () => ({ bytes: 1000, turns: 3, fails: false })))
  expect(most).toBe(8)
})
