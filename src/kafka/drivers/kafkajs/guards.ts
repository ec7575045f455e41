/**
 * What kafkajs does not say, looked at from outside: whether it may pass records by in a topic, whether the log holds a
 * position, and whether it stands still.
 */
import { LetheError } from '../../../errors.ts'
import { offsetsOf, type Position, partitionKey } from '../../record.ts'
import { isCompactedBy } from '../../topic-settings.ts'
import { gapError, RDKAFKA } from './fetched.ts'
import type { KafkajsCluster } from './kafkajs-cluster.ts'

/** @throws LetheError where an input topic is compacted, or this user has no right to see whether it is */
export async function refuseCompacted(cluster: KafkajsCluster, topics: readonly string[]): Promise<void> {
  const settings = await cluster.settings(topics)
  for (const topic of topics) {
    const found = settings.get(topic)
    const isCompacted = isCompactedBy(found)
    // A missing topic is reported elsewhere.
    if (isCompacted === false || found?.presence === 'missing') continue
    if (isCompacted === true)
      throw new LetheError(
        'topic-mismatch',
        `the input topic ${topic} is compacted, and kafkajs passes records by in such a topic`,
        RDKAFKA,
      )
    throw new LetheError(
      'right-missing',
      `the cleanup.policy of the input topic ${topic} cannot be read, and kafkajs passes records by in a compacted topic`,
      `grant DESCRIBE_CONFIGS on the topic (\`lethe acl PIPELINE\`); or ${RDKAFKA}`,
    )
  }
}

/** @throws LetheError where the log does not hold a position */
export async function refuseMoved(cluster: KafkajsCluster, positions: readonly Position[]): Promise<void> {
  const endsOf = await logOf(cluster, positions)
  for (const at of positions) {
    const [first, last] = endsOf(at)
    if (at.offset < first || at.offset > last) throw gapError(at, undefined, first, last)
  }
}

/** Why no record came at a position, or another one: with the ends of the log as they are now. */
export async function explainGap(cluster: KafkajsCluster, at: Position, found?: number): Promise<LetheError> {
  const endsOf = await logOf(cluster, [at])
  return gapError(at, found, ...endsOf(at))
}

/** Where the log of each of these partitions begins and ends now. */
async function logOf(
  cluster: KafkajsCluster,
  positions: readonly Position[],
): Promise<(at: Position) => [first: number, last: number]> {
  const low = offsetsOf(await cluster.offsets(positions, 'earliest'))
  const end = offsetsOf(await cluster.offsets(positions, 'latest'))
  return (at) => [low.get(partitionKey(at)) ?? 0, end.get(partitionKey(at)) ?? at.offset]
}

/** A partition with records gets its turn in far fewer batches: kafkajs asks for them in random order. */
const TURNS = 20

/**
 * Notices partitions from which nothing comes though their log goes on: for so long while there was nothing else to do,
 * or while the others had many turns.
 */
export class StallWatch {
  readonly #most: number
  readonly #now: () => number
  readonly #seen: Map<string, { at: number; batches: number }> = new Map()
  #batches = 0
  #idleSince: number | undefined

  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most
    this.#now = now
  }

  /** Each partition has its time from here on. */
  reset(): void {
    this.#seen.clear()
    this.#idleSince = undefined
  }

  /** A batch of this partition has come. */
  progress(key: string): void {
    this.#batches++
    this.#seen.set(key, { at: this.#now(), batches: this.#batches })
  }

  /** `behind`: the partitions whose log goes on. The first one that stands still, if one does. */
  find(behind: readonly string[], isIdle: boolean): string | undefined {
    const now = this.#now()
    this.#idleSince = isIdle ? (this.#idleSince ?? now) : undefined
    for (const key of this.#seen.keys()) if (!behind.includes(key)) this.#seen.delete(key)
    for (const key of behind) {
      const seen = this.#seen.get(key) ?? { at: now, batches: this.#batches }
      this.#seen.set(key, seen)
      if (now - seen.at < this.#most) continue
      const hadTime = this.#idleSince !== undefined && now - this.#idleSince >= this.#most
      if (hadTime || this.#batches - seen.batches > TURNS * behind.length) return key
    }
    return undefined
  }
}
