/** Reads partitions without a group, what is committed only: for the admin port. */
import type { KafkaMessage } from 'kafkajs'
import type { Reader } from '../../admin.ts'
import type { BatchBounds } from '../../driver.ts'
import { type InputRecord, type Position, partitionKey } from '../../record.ts'
import { recordOf, sizeOf } from './fetched.ts'
import { byTopic, type KafkajsCluster } from './kafkajs-cluster.ts'
import type { Node } from './private.ts'

const COMMITTED_ONLY = 1
const MOST_BYTES = 8 << 20
const PARTITION_BYTES = 1 << 20
const MOST_WAIT_MS = 250

export type FetchedMessage = KafkaMessage & {
  readonly isControlRecord?: boolean
  readonly batchContext?: {
    readonly inTransaction?: boolean
    readonly producerId?: string
    readonly firstOffset?: string
    readonly lastOffsetDelta?: number
  }
}

interface Aborted {
  readonly producerId: string
  readonly firstOffset: string
}

/** The part of an answer that is of one partition. */
interface Fetched {
  readonly partition: number
  readonly lastStableOffset: string
  readonly abortedTransactions: readonly Aborted[] | null
  readonly messages: readonly FetchedMessage[]
}

/**
 * The messages that count: neither markers nor what was aborted. Brokers list aborted transactions by where they ended.
 * As Java's consumer does it.
 */
export function committedOf<T extends FetchedMessage>(
  messages: readonly T[],
  aborted: readonly Aborted[],
): T[] {
  const ahead = aborted.toSorted((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const producers = new Set<string>()
  return messages.filter(({ offset, isControlRecord, batchContext }) => {
    const producer = batchContext?.producerId ?? ''
    while (ahead.length > 0 && Number(ahead[0]!.firstOffset) <= Number(offset))
      producers.add(ahead.shift()!.producerId)
    if (isControlRecord === true) producers.delete(producer)
    return isControlRecord !== true && !(batchContext?.inTransaction === true && producers.has(producer))
  })
}

type Insist = <T>(question: () => Promise<T>) => Promise<T>

export class LogReader implements Reader {
  readonly #cluster: KafkajsCluster
  readonly #insist: Insist
  readonly #at: Map<string, Position>
  /** What was fetched and not taken; `next` is where each goes on. */
  readonly #fetched: { readonly records: InputRecord[]; readonly next: Position }[] = []
  #isClosed = false

  /** `insist` makes a question again for as long as that may help. */
  constructor(cluster: KafkajsCluster, from: readonly Position[], insist: Insist) {
    this.#cluster = cluster
    this.#at = new Map(from.map((one) => [partitionKey(one), one]))
    this.#insist = insist
  }

  async take(bounds: BatchBounds): ReturnType<Reader['take']> {
    const until = performance.now() + bounds.time
    const records: InputRecord[] = []
    const next = new Map<string, Position>()
    let bytes = 0
    while (!this.#isClosed) {
      for (let chunk = this.#fetched[0]; chunk !== undefined; chunk = this.#fetched[0]) {
        for (let record = chunk.records[0]; record !== undefined; record = chunk.records[0]) {
          bytes += sizeOf(record)
          const isFull = records.length >= bounds.records || bytes > bounds.bytes
          if (records.length > 0 && isFull) return { records, next: [...next.values()] }
          records.push(chunk.records.shift()!)
          next.set(partitionKey(record), { ...chunk.next, offset: record.offset + 1 })
        }
        next.set(partitionKey(chunk.next), chunk.next)
        this.#fetched.shift()
      }
      const left = until - performance.now()
      if (records.length > 0 || left <= 0) break
      await this.#insist(() => this.#fetch(Math.min(left, MOST_WAIT_MS)))
    }
    return { records, next: [...next.values()] }
  }

  async #fetch(wait: number): Promise<void> {
    const shares = await this.#cluster.byLeader([...this.#at.values()])
    await Promise.all(shares.map(([broker, share]) => this.#fetchFrom(broker, share, Math.ceil(wait))))
  }

  async #fetchFrom(broker: Node, share: readonly Position[], wait: number): Promise<void> {
    const answer = await broker.fetch({
      isolationLevel: COMMITTED_ONLY,
      maxWaitTime: wait,
      maxBytes: MOST_BYTES,
      topics: byTopic(share, ({ partition, offset }) => ({
        partition,
        fetchOffset: `${offset}`,
        maxBytes: PARTITION_BYTES,
      })),
    })
    const isThrottled = (answer.clientSideThrottleTime || answer.throttleTime) > 0
    const responses: readonly { readonly topicName: string; readonly partitions: readonly Fetched[] }[] =
      answer.responses
    const empty: Position[] = []
    for (const { topicName: topic, partitions } of responses)
      for (const fetched of partitions) {
        const at = this.#at.get(partitionKey({ topic, partition: fetched.partition }))!
        const goesOn = fetched.messages.length === 0 && Number(fetched.lastStableOffset) > at.offset
        if (goesOn && !isThrottled) empty.push(at)
        else this.#keep(at, fetched)
      }
    // Asked for alone, a batch comes whole: without records, it is one that compaction emptied.
    if (share.length > 1) for (const at of empty) await this.#fetchFrom(broker, [at], wait)
    else for (const at of empty) this.#at.set(partitionKey(at), { ...at, offset: at.offset + 1 })
  }

  #keep(at: Position, { messages, abortedTransactions }: Fetched): void {
    const counted = committedOf(messages, abortedTransactions ?? [])
    const records = counted
      .map((message) => recordOf(at, message))
      .filter(({ offset }) => offset >= at.offset)
    const last = messages.at(-1)
    const { firstOffset, lastOffsetDelta = 0 } = last?.batchContext ?? {}
    const behind = Math.max(
      at.offset,
      last === undefined ? 0 : Number(last.offset) + 1,
      firstOffset === undefined ? 0 : Number(firstOffset) + lastOffsetDelta + 1,
    )
    const next = { ...at, offset: behind }
    this.#at.set(partitionKey(at), next)
    this.#fetched.push({ records, next })
  }

  close(): void {
    this.#isClosed = true
  }
}
