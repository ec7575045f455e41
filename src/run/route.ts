/** The loop of one route: poll, de-identify, settle. Batch n settles while n+1 is de-identified and n+2 polled. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, reconciles, sum } from '../engine/account.ts'
import type { WindowWatch } from '../engine/limit-window.ts'
import { LetheError } from '../errors.ts'
import type { GroupsPart } from '../groups/subject-groups.ts'
import { before, type Emitted } from '../kafka/batch-outputs.ts'
import { type BatchBounds, ClientLost, type Driver, type Polled } from '../kafka/driver.ts'
import { offsetsOf, type Position, partitionKey } from '../kafka/record.ts'
import { TooManyDeadLetters, type UnsettledPart, unsettledOf } from '../kafka/unsettled.ts'
import type { SketchPart } from '../measures/khyperloglog.ts'
import type { BatchRewriter, RewrittenBatch } from './batch-rewriter.ts'
import type { TableOffset } from './gate-state.ts'
import type { JudgedBatch, RouteSink } from './route-sink.ts'
import { untilAborted } from './until-aborted.ts'

/** The events of a route for an observer. Counts, codes and coordinates; never a value. */
export interface RouteWatch {
  /** The loop is alive. */
  turned(): void
  /** A batch is final: its account and what was written, and how long it took to rewrite and to settle, in ms. */
  settled(batch: {
    readonly account: Account
    readonly groups: GroupsPart | undefined
    readonly emitted: Emitted
    readonly tables: readonly TableOffset[]
    readonly rewriteMs: number
    readonly settleMs: number
  }): void
  /** What was sketched of a batch that its sink has taken, by side, and when it was judged. */
  sketched?(sketches: readonly SketchPart[], judgedAt: number): void
  discarded(records: number): void
  /** A batch is not settled, because `count` of the last `of` records would be dead letters. `held`: what the batch holds. */
  tooManyDeadLetters(count: number, of: number, held: readonly UnsettledPart[]): void
  /** The positions and ends of what is owned. */
  lag(positions: readonly Position[], ends: readonly Position[]): void
}

export interface RouteOptions {
  readonly name: string
  readonly driver: Driver
  readonly rewriter: BatchRewriter
  readonly sink: RouteSink
  readonly bounds: BatchBounds
  /** What the sink has taken is added to it there. */
  readonly limit: WindowWatch
  /**
   * Whether nothing may be judged now, because a consent table is behind. What was polled is read again then.
   * @throws LetheError where its table cannot be followed any more
   */
  readonly isBlocked: () => boolean
  /** Gives what of a batch can be rewritten now, as far as schemas are concerned: what waits is read again. Undefined: all. */
  readonly admit?: ((polled: Polled) => Promise<Polled>) | undefined
  /** Stop where the log ended at the start. */
  readonly untilEnd: boolean
  /** Stops reading; what is on its way is settled first. */
  readonly stop: AbortSignal
  /** Milliseconds after `stop` in which what is on its way must be settled; then it is given up. */
  readonly drain: number
  readonly watch: RouteWatch
  /** ms since the epoch. */
  readonly now: () => number
}

/** How often the lag is asked for; this also detects partitions that make no progress. */
const LAG_MS = 10_000
/** How often positions are committed that have no records before them, such as those behind control records. */
const IDLE_MS = 5_000
/** How often a route that is blocked looks whether it may go on. */
const BLOCKED_MS = 100
const MOST_BACKOFF_MS = 2_000

/**
 * Runs until `stop`, or until the end. The driver is open, and is left open.
 * @throws LetheError: with exit code 3 where there are too many dead letters, and then their batch is not settled
 */
export async function runRoute(options: RouteOptions): Promise<void> {
  await new RouteLoop(options).run()
}

class RouteLoop {
  readonly #options: RouteOptions
  /** The last batch, and the one before it, until they are settled or given up. Neither rejects. */
  #settling: Promise<void> = Promise.resolve()
  #settlingBefore: Promise<void> = Promise.resolve()
  #failure: unknown
  #isPaused = false
  #failed = false
  #backoff = 0
  #restIsDue = false
  #idleSince = performance.now()
  #lagAt = 0
  #endAt = 0
  #ends: ReadonlyMap<string, number> | undefined

  constructor(options: RouteOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { stop, drain } = this.#options
    const ended = new AbortController()
    const loop = this.#loop()
      .catch((error: unknown) => {
        // What it gave up was to be given up, and nothing of it is visible.
        if (!(stop.aborted && error instanceof ClientLost)) throw error
      })
      .finally(() => ended.abort())
    // Brokers that are away would hold it up forever; nothing of what is given up here is visible.
    const late = untilAborted(stop, ended.signal).then(() => sleep(drain, undefined, { ref: false }))
    await Promise.race([loop, late])
    loop.catch(() => {})
  }

  async #loop(): Promise<void> {
    const { driver, stop, untilEnd, watch, bounds } = this.#options
    if (untilEnd) {
      const ends = await driver.untilEnd()
      this.#ends = offsetsOf(ends)
    }
    const { sink } = this.#options
    try {
      while (!stop.aborted && !this.#failed) {
        watch.turned()
        await sink.turn()
        await this.#rest()
        if (await this.#waits()) continue
        const polled = await driver.poll(bounds)
        const wanted = this.#ends === undefined ? polled : before(polled, this.#ends)
        if (this.#isWorth(wanted)) await this.#admit(wanted)
        else if (this.#ends !== undefined && (await this.#isAtEnd())) break
        await this.#measure()
      }
    } catch (error) {
      this.#failed = true
      this.#failure ??= error
    }
    await this.#settling
    await this.#finish()
    if (this.#failed) throw this.#failure
  }

  /** What was taken becomes final, whatever ends the route; a defect makes nothing final. */
  async #finish(): Promise<void> {
    const { sink } = this.#options
    try {
      if (this.#failed && !(this.#failure instanceof LetheError)) sink.discard()
      else await sink.finish()
    } catch (error) {
      this.#failed = true
      this.#failure ??= error
    }
  }

  /** While a table is behind, this stays in the group and reads nothing. */
  async #waits(): Promise<boolean> {
    const { driver, bounds, isBlocked } = this.#options
    if (!isBlocked()) {
      if (this.#isPaused) driver.resume()
      this.#isPaused = false
      return false
    }
    await this.#settling
    if (this.#failed) return false
    if (!this.#isPaused) driver.pause()
    this.#isPaused = true
    const { records } = await driver.poll(bounds)
    if (records.length > 0) await driver.rewind()
    await sleep(BLOCKED_MS, undefined, { signal: this.#options.stop }).catch(() => {})
    return true
  }

  /** After discarded batches: not at once again. */
  async #rest(): Promise<void> {
    if (!this.#restIsDue) return
    this.#restIsDue = false
    await sleep(this.#backoff, undefined, { signal: this.#options.stop }).catch(() => {})
  }

  #isWorth({ records, next }: Polled): boolean {
    if (records.length > 0) return true
    if (next.length === 0) return false
    return this.#ends !== undefined || performance.now() - this.#idleSince > IDLE_MS
  }

  /** Takes what of a batch need not wait for a schema; the rest is read again, behind what is settled. */
  async #admit(polled: Polled): Promise<void> {
    const { admit, driver, stop } = this.#options
    const admitted = admit === undefined ? polled : await admit(polled)
    if (admitted === polled) return await this.#take(polled)
    if (admitted.records.length > 0) await this.#take(admitted)
    await this.#settling
    if (this.#failed) return
    await driver.rewind()
    if (admitted.records.length === 0) await sleep(BLOCKED_MS, undefined, { signal: stop }).catch(() => {})
  }

  async #take(polled: Polled): Promise<void> {
    for (const part of this.#options.sink.parts(polled)) await this.#begin(part)
  }

  /** Begins a batch: while the one before it is settled, it is rewritten, and the next one is read. */
  async #begin(polled: Polled): Promise<void> {
    const { rewriter, now } = this.#options
    await this.#settlingBefore
    if (this.#failed) return
    // Waiting may have taken long.
    if (this.#options.isBlocked()) {
      await this.#settling
      await this.#options.driver.rewind()
      return
    }
    const rewritten = rewriter.rewrite(polled.records, now())
    const before = this.#settling
    this.#settlingBefore = before
    this.#settling = this.#follow(polled, rewritten, before).catch((error: unknown) => {
      this.#failed = true
      this.#failure ??= error
    })
  }

  /** Settles a batch when it is rewritten, behind the one before it. */
  async #follow(polled: Polled, rewritten: Promise<RewrittenBatch>, before: Promise<void>): Promise<void> {
    const [{ outcomes, account, groups, sketches, took, tables, judgedAt }] = await Promise.all([
      rewritten,
      before,
    ])
    if (this.#failed) return
    if (!reconciles(account) || account.records !== polled.records.length)
      throw new Error('the account of a batch does not add up')
    await this.#settle({ ...polled, outcomes, account, groups, tables, judgedAt }, took, sketches)
  }

  async #settle(batch: JudgedBatch, rewriteMs: number, sketches: RewrittenBatch['sketches']): Promise<void> {
    const { limit, watch, name, sink } = this.#options
    const dead = sum(batch.account.deadLettered)
    const crossed = limit.crossedBy(batch.records.length, dead)
    if (crossed !== undefined) {
      const held = unsettledOf(batch)
      watch.tooManyDeadLetters(crossed.dead, crossed.records, held)
      throw new TooManyDeadLetters(name, { dead: crossed.dead, seen: crossed.records }, held)
    }
    if ((await sink.settle(batch, rewriteMs)) === 'settled') {
      this.#backoff = 0
      this.#idleSince = performance.now()
      if (sketches !== undefined) watch.sketched?.(sketches, batch.judgedAt)
      this.#options.rewriter.release(batch.records, batch.outcomes)
      return
    }
    watch.discarded(batch.records.length)
    this.#restIsDue = true
    this.#backoff = Math.min(MOST_BACKOFF_MS, Math.max(50, this.#backoff * 2))
  }

  /** Whether the whole group is at the end: what another process owned may come to this one. */
  async #isAtEnd(): Promise<boolean> {
    await this.#settling
    const now = performance.now()
    if (this.#failed || now < this.#endAt) return false
    this.#endAt = now + 250
    const { driver, sink } = this.#options
    const isReached = (position: Position): boolean =>
      position.offset >= (this.#ends!.get(partitionKey(position)) ?? 0)
    if (!driver.positions().every(isReached)) return false
    await sink.finish()
    const partitions = [...this.#ends!].map(([key]) => {
      const slash = key.lastIndexOf('/')
      return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) }
    })
    const positions = await driver.committed(partitions)
    const reached = new Set(positions.filter(isReached).map(partitionKey))
    return [...this.#ends!].every(([key, end]) => end === 0 || reached.has(key))
  }

  async #measure(): Promise<void> {
    const now = performance.now()
    if (now < this.#lagAt) return
    this.#lagAt = now + LAG_MS
    const { driver, watch, sink } = this.#options
    const ends = await driver.ends()
    watch.lag(sink.finalPositions(), ends)
  }
}
