/**
 * Asks a token endpoint for a token by the grant of client credentials (RFC 6749, 4.4). Node's `fetch` takes no certificate
 * of an authority, so the request is one of `node:https`. Redirects are not followed: they would carry the secret elsewhere.
 */
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { expiryOf, isBearerToken, type Token } from './token.ts'
import { noToken, refusedToken } from './token-error.ts'

export interface ClientCredentials {
  readonly endpoint: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | undefined
  /** Certificates of authorities as PEM; undefined: those of the system. */
  readonly ca: string | undefined
  /** How long one request may take, in milliseconds. */
  readonly timeout: number
}

/** A token answer is some kilobytes. */
const MOST_ANSWER_BYTES = 256 * 1024

/** Errors of RFC 6749, 5.2: no other text of the server is passed on. */
const REFUSALS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
])

/** Statuses after which the same request may succeed: too early, too often, and what the server calls its own fault. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500

/**
 * One request.
 * @throws ClientLost (token-unavailable) where the endpoint does not answer in time, or says that it cannot now
 * @throws Unfit (token-refused) where it refuses, or answers with no token
 */
export async function fetchToken(credentials: ClientCredentials): Promise<Token> {
  const { host } = credentials.endpoint
  const asked = Date.now()
  const { status, body } = await post(credentials)
  if (isPassing(status))
    throw noToken(`the token endpoint ${host} answers with status ${status}`, 'look at the log of its server')
  const answer = objectIn(body)
  if (status !== 200) {
    const error = String(answer?.['error'])
    const why = REFUSALS.has(error) ? `, ${error}` : ''
    throw refusedToken(`the token endpoint ${host} refuses (status ${status}${why})`)
  }
  const { access_token: value, token_type: type, expires_in: seconds } = answer ?? {}
  if (typeof value !== 'string' || !isBearerToken(value))
    throw refusedToken(
      `the token endpoint ${host} answers with no bearer token`,
      'check `sasl.oidc.tokenEndpoint`',
    )
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
    throw refusedToken(`the token endpoint ${host} answers with a token that is no bearer token`)
  return { value, expiresAt: lifeOf(seconds, asked) ?? expiryOf(value) }
}

/** Some servers write the number as a text. */
function lifeOf(seconds: unknown, from: number): number | undefined {
  const life = typeof seconds === 'string' && /^\d{1,10}$/.test(seconds) ? Number(seconds) : seconds
  return typeof life === 'number' && Number.isFinite(life) && life > 0 ? from + life * 1000 : undefined
}

function objectIn(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = JSON.parse(body)
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** `application/x-www-form-urlencoded`, as RFC 6749 wants id and secret before they are joined (2.3.1). */
const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

interface Answer {
  readonly status: number
  readonly body: string
}

function post({ endpoint, clientId, clientSecret, scope, ca, timeout }: ClientCredentials): Promise<Answer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== undefined) form.set('scope', scope)
  const basic = Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')
  const body = form.toString()
  const options = {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
    },
  }
  const { host } = endpoint
  return new Promise((resolve, reject) => {
    const sent =
      endpoint.protocol === 'https:'
        ? requestSecure(endpoint, { ...options, ca })
        : requestPlain(endpoint, options)
    const giveUp = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
      sent.destroy()
    }
    // Of the whole: a server that sends a byte now and then is slow, too.
    const timer = setTimeout(
      () => giveUp(noToken(`the token endpoint ${host} does not answer within ${timeout} ms`)),
      timeout,
    )
    sent.on('error', (error: NodeJS.ErrnoException) => giveUp(unreached(host, error)))
    sent.on('response', (response) => {
      gather(response).then(
        (text) => {
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, body: text })
          sent.destroy()
        },
        (error: Error) =>
          giveUp(
            error instanceof TooLarge
              ? refusedToken(
                  `the token endpoint ${host} answers with more than ${MOST_ANSWER_BYTES / 1024} KiB`,
                  'check `sasl.oidc.tokenEndpoint`',
                )
              : unreached(host, error),
          ),
      )
    })
    sent.end(body)
  })
}

class TooLarge extends Error {}

async function gather(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > MOST_ANSWER_BYTES) throw new TooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|INVALID_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/

/** Codes of the system only: texts of errors hold addresses and what a certificate says. */
function unreached(host: string, { code }: NodeJS.ErrnoException): Error {
  const shown = typeof code === 'string' && /^[A-Z_0-9]{1,60}$/.test(code) ? code : 'no code'
  return CERTIFICATE.test(shown)
    ? refusedToken(
        `no TLS connection to the token endpoint ${host} (${shown})`,
        'name the authority of its certificate: `sasl: { oidc: { ca: { file: … } } }`',
      )
    : noToken(`the token endpoint ${host} cannot be reached (${shown})`)
}
