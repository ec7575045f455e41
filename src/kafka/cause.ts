/**
 * Why a client does not get through to its brokers: the closed list, whichever driver meets it. Clients tell it in words
 * and codes of their own, which name hosts and more; these are all that is passed on.
 */
import { LetheError } from '../errors.ts'

export type Cause =
  | 'connection-refused'
  | 'tls-handshake'
  | 'auth-failed'
  | 'token-unavailable'
  | 'token-refused'
  | 'dns'
  | 'timeout'
  | 'unknown'

/** What it is, and what to do. */
export const CAUSES: Readonly<Record<Cause, readonly [what: string, way: string]>> = {
  'connection-refused': [
    'nothing listens there',
    'check `brokers:`, and that the brokers run and listen on that address',
  ],
  'tls-handshake': [
    'the TLS handshake fails',
    'check that `tls:` is there where the listener speaks TLS, and nowhere else',
  ],
  'auth-failed': ['the broker refuses the user', 'check `sasl:`, and that the listener has the mechanism'],
  'token-unavailable': [
    'there is no token for the brokers',
    'check `sasl:`, and that the token endpoint answers from this machine',
  ],
  'token-refused': [
    'there is no token for the brokers',
    'check client id, secret and scope under `sasl.oidc:`',
  ],
  dns: [
    'the name does not resolve',
    'check `brokers:`, and the names that the brokers advertise, from this machine',
  ],
  timeout: [
    'no answer in time',
    'check `brokers:`, firewalls on the way, and that what listens there is a Kafka broker',
  ],
  unknown: [
    'the connection ends before an answer comes',
    'check `brokers:`, and that `tls:` and `sasl:` fit the listener',
  ],
}

export const causeOf = (code: string): Cause => (Object.hasOwn(CAUSES, code) ? (code as Cause) : 'unknown')

/** Brokers refuse this client, or it refuses them: another one would meet the same. */
export class Unfit extends LetheError {
  readonly reason: Cause
  constructor(reason: Cause, ...given: ConstructorParameters<typeof LetheError>) {
    super(...given)
    this.reason = reason
  }
}

/** The cause that an error tells; undefined: it tells none. */
export function reasonOf(error: unknown): Cause | undefined {
  const reason = (error as { readonly reason?: unknown } | null | undefined)?.reason
  if (!(error instanceof LetheError) || typeof reason !== 'string' || reason === 'unknown') return undefined
  return causeOf(reason)
}
