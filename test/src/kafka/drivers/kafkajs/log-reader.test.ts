/** What of a fetch was committed, by a model of producers and their transactions. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { committedOf, type FetchedMessage } from '../../../../../src/kafka/drivers/kafkajs/log-reader.ts'

type Kind = 'plain' | 'transactional' | 'marker'

function message(offset: number, producerId: number, kind: Kind): FetchedMessage {
  return {
    offset: `${offset}`,
    // kafkajs takes such a key for that of an abort marker.
    key: Buffer.alloc(4),
    value: null,
    timestamp: '0',
    attributes: 0,
    headers: {},
    isControlRecord: kind === 'marker',
    batchContext: { inTransaction: kind !== 'plain', producerId: `${producerId}` },
  }
}

it('leaves out what was aborted, in whatever order the broker lists it', () => {
  // Two overlapping transactions: the one that began later ended sooner, and stands first in the broker's list.
  const log = [
    message(0, 1, 'transactional'),
    message(1, 2, 'transactional'),
    message(2, 2, 'marker'),
    message(3, 1, 'transactional'),
    message(4, 1, 'marker'),
    message(5, 1, 'transactional'),
    message(6, 1, 'marker'),
  ]
  const committed = committedOf(log, [
    { producerId: '2', firstOffset: '1' },
    { producerId: '1', firstOffset: '0' },
  ])
  expect(committed.map(({ offset }) => offset)).toEqual(['5'])
})

it('agrees with what producers did, wherever a fetch begins', () => {
  const step = fc.record({ producer: fc.nat(3), what: fc.constantFrom('write', 'abort', 'commit', 'plain') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, from) => {
      const log: { readonly message: FetchedMessage; fate: 'counts' | 'not' }[] = []
      const open = new Map<number, number[]>()
      const aborted: { producerId: number; firstOffset: number; last: number }[] = []
      for (const [offset, { producer, what }] of steps.entries()) {
        const mine = open.get(producer)
        if (what === 'plain') log.push({ message: message(offset, producer + 10, 'plain'), fate: 'counts' })
        else if (what === 'write' || mine === undefined) {
          log.push({ message: message(offset, producer, 'transactional'), fate: 'not' })
          open.set(producer, [...(mine ?? []), offset])
        } else {
          log.push({ message: message(offset, producer, 'marker'), fate: 'not' })
          if (what === 'abort') aborted.push({ producerId: producer, firstOffset: mine[0]!, last: offset })
          else for (const one of mine) log[one]!.fate = 'counts'
          open.delete(producer)
        }
      }
      // The broker gives nothing behind the first open transaction, and lists what was aborted there and after.
      const stable = Math.min(steps.length, ...[...open.values()].map(([first]) => first!))
      const listed = aborted
        .filter(({ firstOffset, last }) => last >= from && firstOffset < stable)
        .map(({ producerId, firstOffset }) => ({
          producerId: `${producerId}`,
          firstOffset: `${firstOffset}`,
        }))
      const fetched = log.slice(from, stable)
      expect(
        committedOf(
          fetched.map((one) => one.message),
          listed,
        ),
      ).toEqual(fetched.filter(({ fate }) => fate === 'counts').map((one) => one.message))
    }),
    { numRuns: 1000 },
  )
})
