/**
 * Reads the records of a plan, by partition and offset. What stands between two of them is read and left out where that
 * is little, and else passed over. A record that does not come is gone: deleted from its log, or compacted away.
 */
import { type Position, partitionKey } from '../../record.ts'
import type { PlannedPartition, ReplayPlan } from '../../replay/replay-plan.ts'
import type { Library, LibraryMessage } from './client.ts'
import { LogConsumer } from './log-consumer.ts'
import { watermarks } from './rdkafka-offsets.ts'
import type { Session } from './session.ts'

/** Fetching anew takes as long as reading so many records. */
const WORTH_A_SEEK = 5_000
const AT_ONCE = 1_024

export class RecordSeeker {
  readonly #plan: ReplayPlan
  readonly #log: LogConsumer
  readonly #next: Map<string, number>
  /** Which partition is read, by its place in the plan. */
  #at = 0
  /** Where the client reads on in it; undefined: it has to be assigned. */
  #position: number | undefined
  /** What it gave and was not looked at. */
  #held: LibraryMessage[] = []
  #end: number | undefined

  private constructor(plan: ReplayPlan, log: LogConsumer, from: ReadonlyMap<string, number>) {
    this.#plan = plan
    this.#log = log
    this.#next = new Map(
      plan.partitions.map((one) => {
        const offset = from.get(partitionKey(one))
        return [partitionKey(one), offset === undefined ? one.from : plan.seek(one, offset)]
      }),
    )
  }

  /** `from`: offsets to go on at, by topic/partition; where there is none, from the first. */
  static async open(
    library: Library,
    session: Session,
    plan: ReplayPlan,
    from: ReadonlyMap<string, number>,
  ): Promise<RecordSeeker> {
    return new RecordSeeker(plan, await LogConsumer.open(library, session), from)
  }

  /** Whether every record was given or is gone. */
  get isDone(): boolean {
    return this.#current() === undefined
  }

  /**
   * Looks for the next record. Undefined where it did not come yet, or is gone; `behind` is where its partition is to be
   * read on, once what was given is settled.
   */
  async next(): Promise<{ readonly message?: LibraryMessage; readonly behind?: Position } | undefined> {
    const of = this.#current()
    if (of === undefined) return undefined
    if (this.#held.length === 0) await this.#fetch(of)
    const wanted = this.#plan.offsets[this.#index(of)]!
    while (this.#held.length > 0 && this.#held[0]!.offset < wanted) this.#held.shift()
    const message = this.#held[0]
    if (message === undefined) {
      const end = this.#end
      this.#end = undefined
      return end !== undefined && end > wanted ? { behind: this.#expire(of, end) } : {}
    }
    if (message.offset > wanted) return { behind: this.#expire(of, message.offset) }
    this.#held.shift()
    const { topic, partition } = of
    this.#pass(of, this.#plan.after(of, this.#index(of)))
    return { message, behind: { topic, partition, offset: wanted + 1 } }
  }

  #current(): PlannedPartition | undefined {
    for (;;) {
      const of = this.#plan.partitions[this.#at]
      if (of === undefined || this.#index(of) < of.to) return of
      this.#at++
      this.#held = []
      this.#end = undefined
      this.#position = undefined
    }
  }

  #index(of: PlannedPartition): number {
    return this.#next.get(partitionKey(of))!
  }

  #pass(of: PlannedPartition, index: number): void {
    this.#next.set(partitionKey(of), index)
  }

  /** What is wanted before `offset` is gone. */
  #expire(of: PlannedPartition, offset: number): Position {
    let index = this.#index(of)
    let last = 0
    while (index < of.to && this.#plan.offsets[index]! < offset) {
      last = this.#plan.offsets[index]!
      this.#plan.expire(of, index)
      index = this.#plan.after(of, index)
    }
    this.#pass(of, index)
    return { topic: of.topic, partition: of.partition, offset: last + 1 }
  }

  async #fetch(of: PlannedPartition): Promise<void> {
    const { topic, partition } = of
    const wanted = this.#plan.offsets[this.#index(of)]!
    if (this.#position === undefined || wanted - this.#position > WORTH_A_SEEK) {
      this.#log.assign([{ topic, partition, offset: wanted }])
      this.#position = wanted
      this.#end = undefined
    }
    const { messages, ends, isOutOfRange } = await this.#log.take(AT_ONCE)
    for (const message of messages)
      if (message.topic === topic && message.partition === partition && message.offset >= this.#position) {
        this.#held.push(message)
        this.#position = message.offset + 1
      }
    const end = ends.get(partitionKey(of))
    if (end !== undefined) {
      this.#end = end
      this.#position = Math.max(this.#position, end)
    }
    if (!isOutOfRange) return
    const { low } = await watermarks(this.#log.consumer, { topic, partition })
    this.#position = undefined
    if (low > wanted) this.#end = low
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
