/**
 * Which records of a route have their kept values looked at: of each partition those before the 10,000th offset behind the
 * first one that this process read, and then each 64th offset. It follows from offsets, so two processes that share the
 * partitions of a topic from its start look at the same records as one would. After a rebalance a process looks at the
 * first 10,000 of what it was given, too.
 */
import { FIRST_RECORDS, ONE_IN } from '../engine/suspects.ts'
import type { PackedRecords } from '../kafka/packed-records.ts'

export class Sampling {
  /** By topic and partition: the least offset that was read. */
  readonly #first = new Map<string, Map<number, number>>()

  /** By record, 1 where it is to be looked at. */
  of(records: PackedRecords): Uint8Array<ArrayBuffer> {
    const looked = new Uint8Array(records.length)
    let topic: string | undefined
    let partition = -1
    let behind = 0
    for (let index = 0; index < records.length; index++) {
      const offset = records.offset(index)
      // Records of a partition come in runs.
      if (records.partition(index) !== partition || records.topic(index) !== topic) {
        topic = records.topic(index)
        partition = records.partition(index)
        behind = this.#firstOf(topic, partition, offset) + FIRST_RECORDS
      }
      if (offset < behind || offset % ONE_IN === 0) looked[index] = 1
    }
    return looked
  }

  #firstOf(topic: string, partition: number, offset: number): number {
    let partitions = this.#first.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#first.set(topic, partitions)
    }
    // Batches that are given up are read again.
    const first = Math.min(offset, partitions.get(partition) ?? offset)
    partitions.set(partition, first)
    return first
  }
}
