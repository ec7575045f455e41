import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OutcomeBatch } from '../../../src/engine/outcome-batch.ts'
import { PackedRecords } from '../../../src/kafka/packed-records.ts'
import { mergeUnsettled, type UnsettledPart, unsettledOf, wholeOf } from '../../../src/kafka/unsettled.ts'

const CODES = ['json-syntax', 'bad-utf8', 'not-an-object'] as const

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const codeOf = ({ partition, offset }: Place) => CODES[(partition + offset) % CODES.length]!
const isDead = ({ offset }: Place): boolean => offset % 5 !== 0

/** What a process says that holds these records. */
function held(places: readonly Place[]): UnsettledPart[] {
  const records = PackedRecords.of(
    places.map((place) => ({
      ...place,
      key: null,
      value: Buffer.from('x'),
      headers: undefined,
      timestamp: -1,
    })),
  )
  const outcomes = new OutcomeBatch(places.length)
  places.forEach((place, index) => {
    if (isDead(place)) outcomes.deadLetter(index, codeOf(place), -1)
    else outcomes.suppress(index, 'reason')
  })
  return unsettledOf({ records, outcomes })
}

const placesOf = (topic: string, partition: number, from: number, to: number): Place[] =>
  Array.from({ length: to - from }, (_, at) => ({ topic, partition, offset: from + at }))

function expectWhole(parts: readonly UnsettledPart[], places: readonly Place[]): void {
  const whole = wholeOf(parts)
  expect(whole.records).toBe(places.length)
  const order = ({ topic, partition, offset }: Place): number =>
    (topic === 'a' ? 0 : 1e6) + partition * 1e3 + offset
  for (const code of CODES) {
    const dead = places.filter((place) => isDead(place) && codeOf(place) === code)
    expect(whole.deadLettered[code]?.count ?? 0).toBe(dead.length)
    expect(whole.deadLettered[code]?.first ?? []).toEqual(
      dead.sort((a, b) => order(a) - order(b)).slice(0, 3),
    )
  }
}

it('is the same, however the partitions were shared among processes: counts, and the three first places', () => {
  const partition = fc.record({ from: fc.nat(20), length: fc.nat(12), by: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(partition, { minLength: 6, maxLength: 6 }), (partitions) => {
      const all = partitions.map(({ from, length, by }, at) => ({
        by,
        places: placesOf(at < 3 ? 'a' : 'b', at % 3, from, from + length),
      }))
      let parts: readonly UnsettledPart[] = []
      for (const process of [0, 1, 2, 3]) {
        const places = all.filter(({ by }) => by === process).flatMap((one) => one.places)
        parts = mergeUnsettled(parts, held(places))
      }
      expectWhole(
        parts,
        all.flatMap(({ places }) => places),
      )
    }),
  )
})

it('counts what two processes read once: the second gets the partitions of the first, and stops for them too', () => {
  fc.assert(
    fc.property(
      fc.record({
        first: fc.integer({ min: 1, max: 12 }),
        second: fc.integer({ min: 1, max: 12 }),
        settled: fc.nat(12),
      }),
      fc.boolean(),
      ({ first, second, settled }, isSecondFirst) => {
        const one = held([...placesOf('a', 0, 10, 10 + first), ...placesOf('a', 1, 0, 7)])
        const from = 10 + Math.min(settled, first)
        const again = placesOf('a', 0, from, from + second)
        // What the second read is older news only where it ends earlier.
        const last = from + second >= 10 + first ? again : placesOf('a', 0, 10, 10 + first)
        const parts = isSecondFirst ? mergeUnsettled(held(again), one) : mergeUnsettled(one, held(again))
        expectWhole(parts, [...last, ...placesOf('a', 1, 0, 7)])
      },
    ),
  )
})
