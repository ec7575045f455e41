/** What a driver needs of a source of tokens. */
import type { Extensions } from './token.ts'

export interface Tokens {
  readonly extensions: Extensions
  /**
   * A token that is valid now.
   * @throws ClientLost, Unfit, LetheError where there is none, after tries of some 10 s where that may help
   */
  current(): Promise<string>
  /** Hands over each token that follows, and each failure to get one, until what it returns is called. */
  keep(take: (token: string) => void, failed: (error: unknown) => void): () => void
}
