/** What of a fetch was committed, by a model of producers and their transactions. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CommittedBatches } from '../../../../../src/kafka/drivers/kafkajs/committed.ts'
import type { Batch } from '../../../../../src/kafka/drivers/kafkajs/record-batch.ts'

const ABORT = 0
const COMMIT = 1

function batch(
  offset: number,
  producerId: number,
  kind: 'plain' | 'transactional' | typeof ABORT | typeof COMMIT,
): Batch {
  const control = typeof kind === 'number'
  return {
    baseOffset: offset,
    lastOffset: offset,
    codec: 0,
    transactional: kind !== 'plain',
    control,
    producerId,
    baseTimestamp: 0,
    appended: undefined,
    count: 1,
    // Length, attributes, two deltas, a key of four bytes: version and type.
    body: Buffer.from([20, 0, 0, 0, 8, 0, 0, 0, control ? kind : 9, 1, 0]),
  }
}

it('leaves out what was aborted, in whatever order the broker lists it', () => {
  // Two overlapping transactions: the one that began later ended sooner, and stands first in the broker's list.
  const log = [
    batch(0, 1, 'transactional'),
    batch(1, 2, 'transactional'),
    batch(2, 2, ABORT),
    batch(3, 1, 'transactional'),
    batch(4, 1, ABORT),
    batch(5, 1, 'transactional'),
    batch(6, 1, COMMIT),
  ]
  const committed = new CommittedBatches([
    { producerId: 2, firstOffset: 1 },
    { producerId: 1, firstOffset: 0 },
  ])
  expect(log.filter((one) => committed.has(one)).map(({ baseOffset }) => baseOffset)).toEqual([5])
})

it('agrees with what producers did, wherever a fetch begins', () => {
  const step = fc.record({ producer: fc.nat(3), what: fc.constantFrom('write', 'abort', 'commit', 'plain') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, from) => {
      const log: { readonly batch: Batch; fate: 'counts' | 'not' }[] = []
      const open = new Map<number, number[]>()
      const aborted: { producerId: number; firstOffset: number; last: number }[] = []
      for (const [offset, { producer, what }] of steps.entries()) {
        const mine = open.get(producer)
        if (what === 'plain') log.push({ batch: batch(offset, producer + 10, 'plain'), fate: 'counts' })
        else if (what === 'write' || mine === undefined) {
          log.push({ batch: batch(offset, producer, 'transactional'), fate: 'not' })
          open.set(producer, [...(mine ?? []), offset])
        } else {
          log.push({ batch: batch(offset, producer, what === 'abort' ? ABORT : COMMIT), fate: 'not' })
          if (what === 'abort') aborted.push({ producerId: producer, firstOffset: mine[0]!, last: offset })
          else for (const one of mine) log[one]!.fate = 'counts'
          open.delete(producer)
        }
      }
      // The broker gives nothing behind the first open transaction, and lists what was aborted there and after.
      const stable = Math.min(steps.length, ...[...open.values()].map(([first]) => first!))
      const listed = aborted.filter(({ firstOffset, last }) => last >= from && firstOffset < stable)
      const committed = new CommittedBatches(listed)
      const fetched = log.slice(from, stable)
      expect(fetched.filter((one) => committed.has(one.batch))).toEqual(
        fetched.filter(({ fate }) => fate === 'counts'),
      )
    }),
    { numRuns: 1000 },
  )
})
