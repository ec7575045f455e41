import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASSIGNOR_NAMES, shareOut } from '../../../../../src/kafka/drivers/kafkajs/assigner.ts'

const topics = ['a', 'b', 'c', 'd']
const members = fc.uniqueArray(
  fc.record({ memberId: fc.string({ minLength: 1 }), topics: fc.subarray(topics, { minLength: 1 }) }),
  { minLength: 1, maxLength: 6, selector: ({ memberId }) => memberId },
)
const partitions = fc
  .tuple(...topics.map(() => fc.nat(8)))
  .map(
    (counts) => new Map(topics.map((topic, i) => [topic, Array.from({ length: counts[i]! }, (_, n) => n)])),
  )

describe.each(ASSIGNOR_NAMES)('%s', (name) => {
  it('gives each partition to one member that reads its topic, whatever the order of the members', () => {
    fc.assert(
      fc.property(members, partitions, (group, log) => {
        const shares = shareOut(name, group, log)
        const given = [...shares].flatMap(([memberId, share]) =>
          [...share].flatMap(([topic, numbers]) =>
            numbers.map((partition) => ({ memberId, topic, partition })),
          ),
        )
        const read = new Set(group.flatMap((member) => member.topics))
        const expected = [...log].flatMap(([topic, numbers]) =>
          read.has(topic) ? numbers.map((partition) => `${topic}/${partition}`) : [],
        )
        expect(given.map(({ topic, partition }) => `${topic}/${partition}`).toSorted()).toEqual(
          expected.toSorted(),
        )
        for (const { memberId, topic } of given)
          expect(group.find((member) => member.memberId === memberId)!.topics).toContain(topic)
        expect(shareOut(name, group.toReversed(), log)).toEqual(shares)
      }),
    )
  })
})

it('roundrobin keeps members with equal topics within one partition of each other', () => {
  const group = ['x', 'y', 'z'].map((memberId) => ({ memberId, topics }))
  const log = new Map(topics.map((topic) => [topic, [0]]))
  const sizes = [...shareOut('roundrobin', group, log).values()].map(
    (share) => [...share.values()].flat().length,
  )
  expect(sizes.toSorted()).toEqual([1, 1, 2])
})

it('range gives the same partition of every topic to the same member', () => {
  const group = ['x', 'y'].map((memberId) => ({ memberId, topics: ['a', 'b'] }))
  const log = new Map(['a', 'b'].map((topic) => [topic, [0, 1, 2]]))
  const share = shareOut('range', group, log).get('x')!
  expect(share).toEqual(
    new Map([
      ['a', [0, 1]],
      ['b', [0, 1]],
    ]),
  )
})
