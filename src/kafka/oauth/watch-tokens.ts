/** Keeps a driver's tokens fresh while it runs: the same in both drivers. */
import { reasonOf } from '../cause.ts'
import type { DriverOptions } from '../driver.ts'

/**
 * Hands over each token that follows, and tells of each failure to get one, until what it returns is called. Does nothing
 * where the connection needs no token.
 */
export function watchTokens(
  { connection, onEvent }: Pick<DriverOptions, 'connection' | 'onEvent'>,
  take: (token: string) => void = () => {},
): () => void {
  if (connection.sasl?.mechanism !== 'oauthbearer') return () => {}
  return connection.sasl.tokens.keep(take, (error) =>
    onEvent({ kind: 'client-log', severity: 'error', code: reasonOf(error) ?? 'token-unavailable' }),
  )
}
