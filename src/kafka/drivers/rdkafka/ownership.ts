/**
 * What a member of a group owns, and where it stands: for each partition the settled position, and the one behind what
 * was handed over. An epoch ends whenever either may have changed beneath a batch.
 */
import { type Position, partitionKey, type TopicPartition } from '../../record.ts'

interface Owned {
  readonly topic: string
  readonly partition: number
  settled: number
  fetched: number
}

export class Ownership {
  readonly #owned: Map<string, Owned> = new Map()
  #epoch = 1

  get epoch(): number {
    return this.#epoch
  }

  /** Ends the epoch: what was polled and not settled has no owner. */
  endEpoch(): void {
    this.#epoch++
  }

  add({ topic, partition, offset }: Position): void {
    this.#owned.set(partitionKey({ topic, partition }), {
      topic,
      partition,
      settled: offset,
      fetched: offset,
    })
  }

  remove(partition: TopicPartition): void {
    this.#owned.delete(partitionKey(partition))
  }

  owns(partition: TopicPartition): boolean {
    return this.#owned.has(partitionKey(partition))
  }

  /** Handed over up to here. */
  fetched({ topic, partition, offset }: Position): void {
    const owned = this.#owned.get(partitionKey({ topic, partition }))
    if (owned !== undefined && offset > owned.fetched) owned.fetched = offset
  }

  settled(positions: readonly Position[]): void {
    for (const position of positions) {
      const owned = this.#owned.get(partitionKey(position))
      if (owned !== undefined) owned.settled = position.offset
    }
  }

  /** Partitions of which more was handed over than is settled, at the settled position. */
  behind(): readonly Position[] {
    return [...this.#owned.values()]
      .filter(({ settled, fetched }) => fetched !== settled)
      .map(({ topic, partition, settled }) => ({ topic, partition, offset: settled }))
  }

  rewound({ topic, partition, offset }: Position): void {
    const owned = this.#owned.get(partitionKey({ topic, partition }))
    if (owned !== undefined) owned.fetched = offset
  }

  settledPosition(partition: TopicPartition): number | undefined {
    return this.#owned.get(partitionKey(partition))?.settled
  }

  /** Each owned partition at its settled position. */
  positions(): readonly Position[] {
    return [...this.#owned.values()].map(({ topic, partition, settled }) => ({
      topic,
      partition,
      offset: settled,
    }))
  }

  fetchedPositions(): readonly Position[] {
    return [...this.#owned.values()].map(({ topic, partition, fetched }) => ({
      topic,
      partition,
      offset: fetched,
    }))
  }
}
