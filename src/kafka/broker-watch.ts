/**
 * Asks the brokers periodically whether they answer, over a connection of its own, for both drivers: a client library
 * reports late that brokers are unreachable, and never that they are back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cause, causeOf, reasonOf } from './cause.ts'
import type { Connection } from './driver.ts'
import type { Ping } from './drivers/kafkajs/ping.ts'
import { forAsking } from './open-admin.ts'

const EVERY_MS = 1_000
/** A broker that was asked without an answer is asked once more: this process may have been late itself. */
const PATIENCE_MS = 2_000

/** The result of a request: `ok`, or why there was no answer. */
export type BrokerState = 'ok' | Cause

export class BrokerWatch {
  readonly #connect: () => Connection
  readonly #tell: (state: BrokerState) => void
  readonly #closed = new AbortController()
  readonly #watching: Promise<void>
  /** The one that answered last. */
  #ping: Ping | undefined

  /** `connect`: how to reach the brokers, certificates and passwords as they are now. */
  constructor(connect: () => Connection, tell: (state: BrokerState) => void) {
    this.#connect = connect
    this.#tell = tell
    this.#watching = this.#watch()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#watching
    await this.#ping?.close()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      const state = await this.#ask()
      if (signal.aborted) return
      this.#tell(state)
      await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  async #ask(): Promise<BrokerState> {
    try {
      await this.#ping?.once(PATIENCE_MS)
      if (this.#ping !== undefined) return 'ok'
    } catch {
      const old = this.#ping
      this.#ping = undefined
      void old?.close()
    }
    return await this.#askAll()
  }

  /** Each of those that the pipeline names; the first one that answers is kept. */
  async #askAll(): Promise<BrokerState> {
    const pings: Ping[] = []
    try {
      const { Ping } = await import('./drivers/kafkajs/ping.ts')
      const connection = forAsking(this.#connect())
      for (const broker of connection.brokers) pings.push(new Ping({ ...connection, brokers: [broker] }))
      this.#ping = await Promise.any(
        pings.map(async (ping) => {
          await ping.once(PATIENCE_MS)
          return ping
        }),
      )
      return 'ok'
    } catch (error) {
      return stateOf(error instanceof AggregateError ? error.errors[0] : error)
    } finally {
      for (const ping of pings) if (ping !== this.#ping) void ping.close()
    }
  }
}

const stateOf = (error: unknown): Cause =>
  reasonOf(error) ?? causeOf(String((error as { readonly code?: unknown } | null)?.code))
