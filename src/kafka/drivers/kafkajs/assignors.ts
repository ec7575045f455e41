/** How a group shares its partitions, as Java's assignors of the same names do: members of other clients fit in. */
import kafkajs from 'kafkajs'
import type { TopicPartition } from '../../record.ts'
import { byTopic } from './offsets.ts'

export interface Subscription {
  readonly memberId: string
  readonly topics: readonly string[]
}

/** Partitions by member. */
export type Shares = ReadonlyMap<string, readonly TopicPartition[]>

type Assignor = (
  members: readonly Subscription[],
  partitions: ReadonlyMap<string, readonly number[]>,
) => Shares

const sorted = (members: readonly Subscription[]): readonly Subscription[] =>
  members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))

/** All partitions in turn, each to the next member that reads its topic. */
const roundrobin: Assignor = (members, partitions) => {
  const shares = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
  const ring = sorted(members)
  let turn = 0
  for (const topic of [...partitions.keys()].toSorted()) {
    if (!ring.some(({ topics }) => topics.includes(topic))) continue
    for (const partition of partitions.get(topic)!) {
      while (!ring[turn % ring.length]!.topics.includes(topic)) turn++
      shares.get(ring[turn++ % ring.length]!.memberId)!.push({ topic, partition })
    }
  }
  return shares
}

/** Each topic in ranges; the first members get one more where it does not come out even. */
const range: Assignor = (members, partitions) => {
  const shares = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
  for (const [topic, numbers] of partitions) {
    const readers = sorted(members).filter(({ topics }) => topics.includes(topic))
    for (const [place, { memberId }] of readers.entries()) {
      const each = Math.floor(numbers.length / readers.length)
      const extra = numbers.length % readers.length
      const from = each * place + Math.min(place, extra)
      const to = from + each + (place < extra ? 1 : 0)
      for (const partition of numbers.slice(from, to)) shares.get(memberId)!.push({ topic, partition })
    }
  }
  return shares
}

export const ASSIGNORS: Readonly<Record<string, Assignor>> = { roundrobin, range }

/** As a SyncGroup request carries them. */
export const encodeShares = (shares: Shares): { memberId: string; memberAssignment: Buffer }[] =>
  [...shares].map(([memberId, partitions]) => ({
    memberId,
    memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
      version: 0,
      assignment: Object.fromEntries(
        byTopic(partitions, ({ partition }) => partition).map(({ topic, partitions: numbers }) => [
          topic,
          [...numbers],
        ]),
      ),
      userData: Buffer.alloc(0),
    }),
  }))
