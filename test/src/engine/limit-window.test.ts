import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WindowWatch } from '../../../src/engine/limit-window.ts'

const anyBatches = fc.array(
  fc.nat({ max: 700 }).chain((records) => fc.tuple(fc.constant(records), fc.nat({ max: records }))),
  { maxLength: 12 },
)

describe('WindowWatch', () => {
  it('judges the last batches that make up a window, with the one at hand', () => {
    fc.assert(
      fc.property(anyBatches, fc.constantFrom(0, 0.01, 0.5, 1), (batches, most) => {
        const watch = new WindowWatch({ kind: 'share', most }, 1000)
        const before: [number, number][] = []
        for (const [records, dead] of batches) {
          // The fewest of the last batches that are a window, said the long way round.
          let from = before.length
          let held = 0
          while (from > 0 && held < 1000) held += before[--from]![0]
          const window = [...before.slice(from), [records, dead] as const]
          const all = window.reduce((sum, [count]) => sum + count, 0)
          const died = window.reduce((sum, [, count]) => sum + count, 0)
          const isCrossed = dead > 0 && all >= 1000 && died > most * all
          expect(watch.crossedBy(records, dead)).toEqual(isCrossed ? { records: all, dead: died } : undefined)
          watch.add(records, dead)
          before.push([records, dead])
        }
      }),
    )
  })

  it('counts', () => {
    const watch = new WindowWatch({ kind: 'count', most: 2 }, 1000)
    expect(watch.crossedBy(10, 3)).toBeDefined()
    watch.add(10, 2)
    expect(watch.crossedBy(10, 0)).toBeUndefined()
    expect(watch.crossedBy(10, 1)).toBeDefined()
    watch.add(1000, 0)
    expect(watch.crossedBy(10, 2)).toBeUndefined()
  })
})
