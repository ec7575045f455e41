/** The ends of what is owned, and partitions that stand still before theirs. */
import type { LetheError } from '../../../errors.ts'
import { type Position, partitionKey } from '../../record.ts'
import { checkRange, watermarks } from './rdkafka-offsets.ts'
import type { Session } from './session.ts'

/** Checks in which a partition may make no progress before the end of its log; then it is an error. */
const STALLS = 3

export class Ends {
  readonly #session: Session
  readonly #stalls: Map<string, { readonly offset: number; readonly times: number }> = new Map()

  constructor(session: Session) {
    this.#session = session
  }

  /** Also sees partitions that stand still: librdkafka may swallow an error that comes behind records. */
  async ask(): Promise<readonly Position[]> {
    const { consumer, owned } = this.#session
    const ends: Position[] = []
    for (const { topic, partition, offset } of owned.fetchedPositions()) {
      const marks = await this.#session.ask(() => watermarks(consumer, { topic, partition }))
      if (marks === undefined) break
      const { low, high } = marks
      if (!owned.owns({ topic, partition })) continue
      try {
        const isKept = this.#session.options.keeper !== undefined
        checkRange({ topic, partition, offset }, low, Math.max(high, offset), isKept)
      } catch (error) {
        this.#session.failure ??= error as LetheError
        throw error
      }
      ends.push({ topic, partition, offset: high })
      this.#seeStall({ topic, partition, offset }, high)
    }
    return ends
  }

  #seeStall({ topic, partition, offset }: Position, high: number): void {
    const { options, owned } = this.#session
    const key = partitionKey({ topic, partition })
    const before = this.#stalls.get(key)
    if (this.#session.paused || offset >= high || before?.offset !== offset) {
      this.#stalls.set(key, { offset, times: 0 })
      return
    }
    this.#stalls.set(key, { offset, times: before.times + 1 })
    if (before.times + 1 < STALLS) return
    options.onEvent({ kind: 'retry', code: 'stalled' })
    // Asking for the same place again makes the client fetch again.
    owned.endEpoch()
    owned.fetched({ topic, partition, offset: offset + 1 })
    this.#session.rewind = true
    this.#stalls.delete(key)
  }
}
