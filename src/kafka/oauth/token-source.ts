/**
 * Keeps a token that is valid: asks for the next one ahead of time, again after a failure, and once for all who wait. What
 * it holds is in no text that it makes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClientLost } from '../driver.ts'
import type { Extensions, Token } from './token.ts'
import { noToken } from './token-error.ts'
import type { Tokens } from './tokens.ts'

export interface TokenSourceOptions {
  /** Asks for a token. What it throws is passed on. */
  readonly fetch: () => Promise<Token>
  readonly extensions?: Extensions
  /** The longest time between two questions, in milliseconds. */
  readonly atMost?: number
}

/** The part of a token's life after which the next one is asked for. */
const REFRESH_AT = 0.8
/** A session with a broker ends with its token at the latest: so much of a token is left, if it lives so long. */
const LEFT_MS = 5_000
const LEAST_MS = 1_000
const MOST_MS = 86_400_000
/** After so long a token is asked for anew that does not say when it ends. */
const UNTOLD_MS = 60_000
const FIRST_BACKOFF_MS = 250
const MOST_BACKOFF_MS = 30_000
/** Who needs a token and has none waits for tries that begin within so long. */
const PATIENCE_MS = 10_000

export class TokenSource implements Tokens {
  readonly extensions: Extensions
  readonly #fetch: () => Promise<Token>
  readonly #atMost: number
  #held: Token | undefined
  #asking: Promise<Token> | undefined
  /** When to ask next. */
  #dueAt = 0
  #failures = 0
  #failure: unknown

  constructor({ fetch, extensions = {}, atMost = MOST_MS }: TokenSourceOptions) {
    this.#fetch = fetch
    this.extensions = extensions
    this.#atMost = atMost
  }

  async current(): Promise<string> {
    if (this.#isValid()) {
      if (Date.now() >= this.#dueAt) this.#ask().catch(() => {})
      return this.#held!.value
    }
    // Who comes after a failure does not ask again at once, and does not wait either.
    if (this.#asking === undefined && Date.now() < this.#dueAt) throw this.#failure
    const giveUp = Date.now() + PATIENCE_MS
    for (;;) {
      try {
        return (await this.#ask()).value
      } catch (error) {
        const wait = this.#dueAt - Date.now()
        if (!(error instanceof ClientLost) || Date.now() + wait > giveUp) throw error
        await sleep(wait)
      }
    }
  }

  keep(take: (token: string) => void, failed: (error: unknown) => void): () => void {
    const ended = new AbortController()
    void this.#keep(take, failed, ended.signal)
    return () => ended.abort()
  }

  async #keep(
    take: (token: string) => void,
    failed: (error: unknown) => void,
    ended: AbortSignal,
  ): Promise<void> {
    let last = this.#held
    while (!ended.aborted) {
      await sleep(Math.max(0, this.#dueAt - Date.now()), undefined, { signal: ended, ref: false }).catch(
        () => {},
      )
      if (ended.aborted) return
      try {
        // Another user of this source may have asked meanwhile.
        const next = Date.now() < this.#dueAt && this.#isValid() ? this.#held! : await this.#ask()
        if (next !== last && !ended.aborted) take(next.value)
        last = next
      } catch (error) {
        if (!ended.aborted) failed(error)
      }
    }
  }

  #isValid(): boolean {
    const { expiresAt } = this.#held ?? { expiresAt: 0 }
    return expiresAt === undefined || Date.now() < expiresAt
  }

  #ask(): Promise<Token> {
    this.#asking ??= this.#askOnce().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #askOnce(): Promise<Token> {
    try {
      const token = await this.#fetch()
      const left = token.expiresAt === undefined ? UNTOLD_MS : token.expiresAt - Date.now()
      if (left <= 0) throw noToken('the one that was given has expired', 'check its source, and the clocks')
      this.#held = token
      this.#failures = 0
      const due = Math.min(left * REFRESH_AT, left - LEFT_MS)
      this.#dueAt = Date.now() + Math.min(Math.max(due, LEAST_MS), this.#atMost, MOST_MS)
      return token
    } catch (error) {
      this.#failure = error
      this.#dueAt = Date.now() + Math.min(FIRST_BACKOFF_MS * 2 ** this.#failures++, MOST_BACKOFF_MS)
      throw error
    }
  }
}
