/**
 * One request to a schema registry. Node's `fetch` takes no certificate of an authority, so it is one of `node:http` or
 * `node:https`. Redirects are not followed: they would carry the password elsewhere. Nothing that a server answers stands in an
 * error, but its status.
 */
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { LetheError } from '../errors.ts'

export interface RegistryConnection {
  /** Without a slash at its end. */
  readonly url: string
  /** The value of the header `authorization`; undefined: none is sent. */
  readonly authorization: string | undefined
  readonly tls:
    | {
        readonly ca: string | undefined
        readonly cert: string | undefined
        readonly key: string | undefined
        readonly keyPassword: string | undefined
      }
    | undefined
  /** How long one request may take, in milliseconds. */
  readonly timeout: number
}

export interface RegistryAnswer {
  readonly status: number
  /** What it says in JSON; undefined where it says something else. */
  readonly body: unknown
}

/** A schema of 1 MiB, with its escapes. */
const MOST_ANSWER_BYTES = 4 << 20

const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|INVALID_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/

const away = (why: string): LetheError =>
  new LetheError(
    'registry-unreachable',
    `the schema registry ${why}`,
    'look whether it runs, and at `registry.url`',
  )

/** Statuses after which the same request may succeed: too early, too often, and what the server calls its own fault. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500

/**
 * @throws LetheError: registry-unreachable where another try may succeed; registry-refused where a person has to act
 */
export async function askRegistry(
  connection: RegistryConnection,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<RegistryAnswer> {
  const answer = await send(connection, method, path, body)
  const { status } = answer
  if (isPassing(status)) throw away(`answers with status ${status}`)
  if (status === 401 || status === 403)
    throw new LetheError(
      'registry-refused',
      `the schema registry refuses this user (status ${status})`,
      'check `registry.auth`, and the rights of the user',
    )
  return answer
}

function send(
  { url, authorization, tls, timeout }: RegistryConnection,
  method: string,
  path: string,
  body: unknown,
): Promise<RegistryAnswer> {
  const target = new URL(url + path)
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const options = {
    method,
    agent: false,
    headers: {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...(authorization === undefined ? {} : { authorization }),
      ...(content === undefined
        ? {}
        : {
            'content-type': 'application/vnd.schemaregistry.v1+json',
            'content-length': content.length,
          }),
    },
  }
  return new Promise((resolve, reject) => {
    const sent =
      target.protocol === 'https:'
        ? requestSecure(target, {
            ...options,
            ca: tls?.ca,
            cert: tls?.cert,
            key: tls?.key,
            passphrase: tls?.keyPassword,
          })
        : requestPlain(target, options)
    const giveUp = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
      sent.destroy()
    }
    // Of the whole: a server that sends a byte now and then is slow, too.
    const timer = setTimeout(() => giveUp(away(`does not answer within ${timeout} ms`)), timeout)
    sent.on('error', (error: NodeJS.ErrnoException) => giveUp(unreached(error)))
    sent.on('response', (response) => {
      gather(response).then(
        (text) => {
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, body: parsed(text) })
          sent.destroy()
        },
        (error: Error) => giveUp(error instanceof LetheError ? error : unreached(error)),
      )
    })
    sent.end(content)
  })
}

async function gather(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > MOST_ANSWER_BYTES)
      throw new LetheError(
        'registry-refused',
        `the schema registry answers with more than ${MOST_ANSWER_BYTES >> 20} MiB`,
        'check `registry.url`',
      )
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Codes of the system only: texts of errors hold addresses and what a certificate says. */
function unreached({ code }: NodeJS.ErrnoException): LetheError {
  const shown = typeof code === 'string' && /^[A-Z_0-9]{1,60}$/.test(code) ? code : 'no code'
  return CERTIFICATE.test(shown)
    ? new LetheError(
        'registry-refused',
        `no TLS connection to the schema registry can be made (${shown})`,
        'name the authority of its certificate: `registry: { tls: { ca: { file: … } } }`',
      )
    : away(`cannot be reached (${shown})`)
}
