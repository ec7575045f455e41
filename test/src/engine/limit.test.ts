import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DeadLetterLimit,
  LimitWatch,
  parseDeadLetterLimit,
  SHARE_NEEDS_RECORDS,
} from '../../../src/engine/limit.ts'

/** The rule itself, record by record. */
function isOver(limit: DeadLetterLimit, count: number, dead: ReadonlySet<number>): boolean {
  let died = 0
  for (let record = 1; record <= count; record++) {
    if (dead.has(record)) died++
    if (
      limit.kind === 'count' ? died > limit.most : record >= SHARE_NEEDS_RECORDS && died > limit.most * record
    )
      return true
  }
  return false
}

describe('LimitWatch', () => {
  it('gives the same verdict however the records are grouped', () => {
    const limit = fc.oneof(
      fc.record({ kind: fc.constant('count' as const), most: fc.nat({ max: 30 }) }),
      fc.record({ kind: fc.constant('share' as const), most: fc.constantFrom(0, 0.005, 0.01, 0.02, 1) }),
    )
    const deaths = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 985, max: 1015 })),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(
        limit,
        deaths,
        fc.array(fc.nat({ max: 900 }), { maxLength: 8 }),
        fc.nat({ max: 2000 }),
        (most, died, cuts, count) => {
          const dead = new Set(died.filter((record) => record <= count))
          const watch = new LimitWatch(most)
          let before = 0
          let over = false
          for (const size of [...cuts, count]) {
            const after = Math.min(count, before + size)
            const inside = [...dead]
              .filter((record) => record > before && record <= after)
              .sort((a, b) => a - b)
            over ||= watch.takes(before, after, inside)
            before = after
          }
          expect(over).toBe(isOver(most, count, dead))
        },
      ),
      { numRuns: 1500 },
    )
  })
})

describe('parseDeadLetterLimit', () => {
  it.each([
    ['0', { kind: 'count', most: 0 }],
    ['100', { kind: 'count', most: 100 }],
    ['0%', { kind: 'share', most: 0 }],
    ['0.5%', { kind: 'share', most: 0.005 }],
    ['100%', { kind: 'share', most: 1 }],
  ])('reads %s', (text, limit) => {
    expect(parseDeadLetterLimit(text)).toEqual(limit)
  })

  it.each(['', '-1', '1.5', '100.1%', '1e3', '%', '1 %', ' 1', 'x'])('refuses %j', (text) => {
    expect(parseDeadLetterLimit(text)).toBeUndefined()
  })
})
