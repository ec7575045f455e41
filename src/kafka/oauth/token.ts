/** A bearer token (RFC 6750), when it ends, and how SASL OAUTHBEARER sends it (RFC 7628). */

export interface Token {
  readonly value: string
  /** ms since the epoch; undefined: it does not say. */
  readonly expiresAt: number | undefined
}

/** More would not fit into what a broker reads of a client that it does not know yet. */
export const MOST_TOKEN_CHARACTERS: number = 64 * 1024

/** Whether `text` is a token as RFC 6750, 2.1 writes it. */
export const isBearerToken = (text: string): boolean =>
  text.length <= MOST_TOKEN_CHARACTERS && /^[A-Za-z0-9._~+/-]+=*$/.test(text)

/** When a JWT ends (RFC 7519, 4.1.4), in ms since the epoch; undefined: it is none, or does not say. No signature is checked. */
export function expiryOf(token: string): number | undefined {
  const [, claims, ...rest] = token.split('.')
  if (claims === undefined || rest.length !== 1) return undefined
  try {
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}

/** Names and values of extensions, as a broker takes them (RFC 7628, 3.1). */
export type Extensions = Readonly<Record<string, string>>

const SEPARATOR = '\u0001'

/** The first message of a client (RFC 7628, 3.1). */
export const firstMessage = (token: string, extensions: Extensions): string =>
  [
    'n,,',
    ...Object.entries({ auth: `Bearer ${token}`, ...extensions }).map(([name, value]) => `${name}=${value}`),
  ]
    .concat('', '')
    .join(SEPARATOR)

/** What a client says to a server that has refused its token, so that the server ends the exchange (RFC 7628, 3.2.3). */
export const LAST_MESSAGE: string = SEPARATOR
