/**
 * What all parts of the driver share: its clients, what it owns, whether it must read again, closes or has failed. And
 * calls that are made again while their error is of the moment.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LetheError } from '../../../errors.ts'
import type { DriverOptions, Settled } from '../../driver.ts'
import type { Consumer, Producer } from './client.ts'
import {
  asClientError,
  type ClientError,
  CODE,
  classify,
  codeName,
  fatalError,
  isFenced,
  isGivenUp,
  isPassing,
  isUnknown,
  timedOut,
} from './client-errors.ts'
import { Ownership } from './ownership.ts'
import { Bearer } from './rdkafka-bearer.ts'
import { TRANSACTION_MS } from './rdkafka-settings.ts'

/** Tried again while its error is of the moment; two of them must fit into the deadline of `close`. */
export const TRANSACTION_CALL_MS = 4_000
export const BACKOFF_MS = 100
/** A broker that starts does not know its partitions for a while. */
const UNKNOWN_MS = 30_000

export class Session {
  readonly options: DriverOptions
  readonly owned: Ownership = new Ownership()
  readonly bearer: Bearer
  /** Both are made by `open`. */
  consumer!: Consumer
  producer!: Producer
  /** The next poll first goes back to the settled positions. */
  rewind = false
  paused = false
  closing = false
  failure: LetheError | undefined
  /** From the first offsets of a batch being sent until they are committed or not. */
  settling: Promise<unknown> = Promise.resolve()
  /** When the transaction at hand began; undefined: there is none. */
  begunAt: number | undefined

  constructor(options: DriverOptions) {
    this.options = options
    this.bearer = new Bearer(options)
  }

  /** @throws LetheError where it was closed meanwhile */
  stillOpen(): void {
    if (this.closing) throw new LetheError('client-lost', 'the client was closed while it opened')
  }

  check(): void {
    if (this.failure !== undefined) throw this.failure
  }

  fail(error: ClientError, during: string): LetheError {
    // The broker fences alike: who was replaced, and who kept a transaction open for too long (KIP-588 tells them
    // apart; librdkafka does not). The second may begin again.
    const timeout = Number(this.options.connection.client.get('transaction.timeout.ms') ?? TRANSACTION_MS)
    const isLate = this.begunAt !== undefined && performance.now() - this.begunAt > timeout
    const mayBeTimeout = isFenced(error.code) || isGivenUp(error.code)
    this.failure ??= mayBeTimeout && isLate ? timedOut(timeout) : fatalError(error, during)
    return this.failure
  }

  discard(code: string): Settled {
    this.rewind = true
    this.options.onEvent({ kind: 'discarded', code })
    return 'discarded'
  }

  /** Makes the same call again while its error is one of the moment. */
  async insist(make: () => Promise<unknown>): Promise<void> {
    for (let wait = BACKOFF_MS; ; wait = Math.min(wait * 2, 2_000)) {
      try {
        await make()
        return
      } catch (given) {
        const error = asClientError(given)
        if (this.failure !== undefined) throw this.failure
        if (classify(error) !== 'retriable' || this.closing) throw given
        this.options.onEvent({ kind: 'retry', code: codeName(error.code) })
        await sleep(wait)
      }
    }
  }

  /** What the broker says; undefined where it does not answer, which is of the moment: it is asked again later. */
  async ask<T>(ask: () => Promise<T>, mayBeUnknown = true): Promise<T | undefined> {
    try {
      return await ask()
    } catch (given) {
      if (given instanceof LetheError) throw given
      const error = asClientError(given)
      if (!isPassing(error) && !(mayBeUnknown && isUnknown(error.code)))
        throw fatalError(error, 'asking for offsets')
      this.options.onEvent({ kind: 'retry', code: codeName(error.code) })
      return undefined
    }
  }

  /** Without an answer there is no going on: asks until there is one. A partition that stays unknown is gone. */
  async askOn<T>(ask: () => Promise<T>): Promise<T> {
    const giveUp = performance.now() + UNKNOWN_MS
    for (;;) {
      const answer = await this.ask(ask, performance.now() < giveUp)
      if (answer !== undefined) return answer
      if (this.closing) throw fatalError(asClientError({ code: CODE.TIMED_OUT }), 'asking for offsets')
      await sleep(BACKOFF_MS)
    }
  }
}
