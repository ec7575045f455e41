import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LetterLog } from '../../../../src/kafka/replay/letter-log.ts'

interface Event {
  readonly partition: number
  readonly input: number
  readonly offset: number
  readonly isAsked: boolean
  /** Which of the dead letters before it is replayed, if it is a marker; a number that wraps. */
  readonly marks: number | undefined
}

const events = fc.array(
  fc.record({
    partition: fc.nat(2),
    input: fc.nat(2),
    offset: fc.oneof(fc.nat(5), fc.nat(2 ** 40)),
    isAsked: fc.boolean(),
    marks: fc.option(fc.nat(), { nil: undefined, freq: 2 }),
  }),
  { maxLength: 60 },
)

/** What is to be replayed, by the definition: records with a waiting letter that is asked for, and all their waiting ones. */
function expected(log: readonly Event[]) {
  const ends = [0, 0, 0]
  const letters: { at: string; partition: number; offset: number; isAsked: boolean; waits: boolean }[] = []
  for (const { partition, input, offset, isAsked, marks } of log) {
    const place = ends[partition]!++
    if (marks === undefined)
      letters.push({ at: `in/${input}/${offset}`, partition, offset: place, isAsked, waits: true })
    else {
      const own = letters.filter((one) => one.partition === partition)
      if (own.length > 0) own[marks % own.length]!.waits = false
    }
  }
  const waiting = letters.filter(({ waits }) => waits)
  const records = [...new Set(waiting.filter(({ isAsked }) => isAsked).map(({ at }) => at))]
  return { replayed: letters.length - waiting.length, waiting, records }
}

function planOf(log: readonly Event[]) {
  const reading = new LetterLog()
  const ends = [0, 0, 0]
  const letters: number[][] = [[], [], []]
  for (const { partition, input, offset, isAsked, marks } of log) {
    const place = ends[partition]!++
    const own = letters[partition]!
    if (marks === undefined) {
      own.push(place)
      reading.add(partition, place, { topic: 'in', partition: input, offset }, isAsked)
    } else if (own.length > 0) reading.replayed(partition, own[marks % own.length]!)
    // One whose dead letter was deleted.
    else reading.replayed(partition, place)
  }
  return reading.plan()
}

it('plans each record once, with all of its dead letters that wait, in the order of its log', () => {
  fc.assert(
    fc.property(events, (log) => {
      const plan = planOf(log)
      const { replayed, waiting, records } = expected(log)
      const planned: string[] = []
      for (const of of plan.partitions) {
        let last = -1
        for (let at = of.from; at < of.to; at = plan.after(of, at)) {
          const position = { topic: of.topic, partition: of.partition, offset: plan.offsets[at]! }
          expect(position.offset).toBeGreaterThan(last)
          last = position.offset
          expect(plan.seek(of, last)).toBe(at)
          const name = `in/${of.partition}/${last}`
          planned.push(name)
          const own = waiting.filter((one) => one.at === name)
          const byPlace = (a: { partition: number; offset: number }, b: typeof a) =>
            a.partition - b.partition || a.offset - b.offset
          expect([...plan.lettersOf(position)].sort(byPlace)).toEqual(
            own.map(({ partition, offset }) => ({ partition, offset })).sort(byPlace),
          )
        }
      }
      expect(planned.sort()).toEqual(records.toSorted())
      const taken = waiting.filter(({ at }) => records.includes(at)).length
      expect([plan.records, plan.replayed, plan.length, plan.leftOut]).toEqual([
        records.length,
        replayed,
        taken,
        waiting.length - taken,
      ])
    }),
    { numRuns: 500 },
  )
})

it('counts a record that is gone once', () => {
  const plan = planOf(
    [7, 7, 9].map((offset) => ({ partition: 0, input: 0, offset, isAsked: true, marks: undefined })),
  )
  const [of] = plan.partitions
  for (const at of [0, 1, 2, 0]) plan.expire(of!, at)
  expect(plan.expired).toBe(2)
})

it('takes less than 100 bytes a dead letter', () => {
  const log = new LetterLog()
  const before = process.memoryUsage()
  const count = 300_000
  for (let at = 0; at < count; at++)
    log.add(at & 3, at, { topic: 'in', partition: at % 7, offset: (at * 7919) % 1_000_003 }, true)
  const plan = log.plan()
  const after = process.memoryUsage()
  expect(plan.records).toBe(count)
  expect((after.arrayBuffers - before.arrayBuffers) / count).toBeLessThan(100)
})
