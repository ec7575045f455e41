import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addUnsettled, type Unsettled } from '../../../src/kafka/unsettled.ts'

const place = fc.record({
  topic: fc.constantFrom('a', 'b'),
  partition: fc.nat(2),
  offset: fc.nat(50),
})
const code = fc.constantFrom('json-syntax', 'bad-utf8', 'not-an-object' as const)

it('is the same, however the records were shared among processes: counts, and the three first places', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(place, code, fc.nat(3)), {
        selector: ([{ topic, partition, offset }]) => `${topic}/${partition}/${offset}`,
      }),
      (records) => {
        const shared = [0, 1, 2, 3].map((process) => {
          const part: Unsettled = { records: 0, deadLettered: {} }
          for (const [at, why, by] of records)
            if (by === process)
              addUnsettled(part, { records: 1, deadLettered: { [why]: { count: 1, first: [at] } } })
          return part
        })
        const whole: Unsettled = { records: 0, deadLettered: {} }
        for (const part of shared) addUnsettled(whole, part)
        expect(whole.records).toBe(records.length)
        const order = (a: { topic: string; partition: number; offset: number }): number =>
          (a.topic === 'a' ? 0 : 1e6) + a.partition * 1e3 + a.offset
        for (const why of ['json-syntax', 'bad-utf8', 'not-an-object'] as const) {
          const places = records.filter(([, one]) => one === why).map(([at]) => at)
          const found = whole.deadLettered[why]
          expect(found?.count ?? 0).toBe(places.length)
          expect(found?.first ?? []).toEqual(places.sort((a, b) => order(a) - order(b)).slice(0, 3))
        }
      },
    ),
  )
})
