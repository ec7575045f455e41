/** How a group shares its partitions: as the assignors of Java of the same names do, so that other clients fit in. */
import kafkajs, { type PartitionAssigner } from 'kafkajs'

interface Member {
  readonly memberId: string
  readonly topics: readonly string[]
  readonly share: Map<string, number[]>
}

type Assign = (members: readonly Member[], partitions: ReadonlyMap<string, readonly number[]>) => void

const give = ({ share }: Member, topic: string, partitions: readonly number[]): void =>
  void share.set(topic, [...(share.get(topic) ?? []), ...partitions])

const ASSIGNORS: Readonly<Record<string, Assign>> = {
  /** All partitions in turn, each to the next member that reads its topic. */
  roundrobin(members, partitions) {
    let turn = 0
    for (const [topic, numbers] of [...partitions].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (!members.some(({ topics }) => topics.includes(topic))) continue
      for (const partition of numbers) {
        while (!members[turn % members.length]!.topics.includes(topic)) turn++
        give(members[turn++ % members.length]!, topic, [partition])
      }
    }
  },
  /** Each topic in ranges; the first members get one more where it does not come out even. */
  range(members, partitions) {
    for (const [topic, numbers] of partitions) {
      const readers = members.filter(({ topics }) => topics.includes(topic))
      const each = Math.floor(numbers.length / readers.length)
      const extra = numbers.length % readers.length
      for (const [place, member] of readers.entries()) {
        const from = each * place + Math.min(place, extra)
        give(member, topic, numbers.slice(from, from + each + (place < extra ? 1 : 0)))
      }
    }
  },
}

/** What each member gets, by its name and by topic; the same whatever the order of the members. */
export function shareOut(
  name: string,
  group: readonly { readonly memberId: string; readonly topics: readonly string[] }[],
  partitions: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, ReadonlyMap<string, number[]>> {
  const members = group
    .map((member) => ({ ...member, share: new Map<string, number[]>() }))
    .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
  ASSIGNORS[name]!(members, partitions)
  return new Map(members.map(({ memberId, share }) => [memberId, share]))
}

export const ASSIGNOR_NAMES: readonly string[] = Object.keys(ASSIGNORS)

export const assignerOf =
  (name: string): PartitionAssigner =>
  ({ cluster }) => {
    const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
    const rest = { version: 0, userData: Buffer.alloc(0) }
    return {
      name,
      version: 0,
      protocol: ({ topics }) => ({ name, metadata: MemberMetadata.encode({ ...rest, topics: [...topics] }) }),
      assign: async (group) => {
        const members = group.members.map(({ memberId, memberMetadata }) => ({
          memberId,
          topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
        }))
        const topics = [...new Set(members.flatMap((member) => member.topics))]
        // In a group whose members read different topics, the leader may not know some yet.
        await cluster.addMultipleTargetTopics(topics)
        const partitions = topics.map((topic): [string, number[]] => {
          const found = cluster.findTopicPartitionMetadata(topic)
          return [topic, found.map(({ partitionId }) => partitionId).toSorted((a, b) => a - b)]
        })
        return [...shareOut(name, members, new Map(partitions))].map(([memberId, share]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({ ...rest, assignment: Object.fromEntries(share) }),
        }))
      },
    }
  }
