/**
 * Sends events of lineage to a server, one request each, in order. Redirects are not followed, as they would carry the token elsewhere,
 * and nothing that a server answers stands in an error, but its status.
 */
import { LetheError } from '../errors.ts'
import { readSecretFile, refuseExposed } from '../keys/secret-file.ts'

export interface LineageServer {
  readonly url: URL
  /** For the header `authorization`, behind `Bearer`. */
  readonly token: string | undefined
  /** How long one request may take, in ms. */
  readonly timeout: number
}

/** Where OpenLineage servers take events, unless the address has a path. */
const ENDPOINT = '/api/v1/lineage'
const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/
const TOKEN = /^[\x21-\x7e]{1,8192}$/

/** @throws LetheError (usage) where it is no address that a token may go to */
export function lineageUrl(text: string): URL {
  const bad = (message: string, suggestion: string): LetheError =>
    new LetheError('bad-option', `--openlineage: ${message}`, suggestion)
  if (!URL.canParse(text)) throw bad('this is no address', 'such as https://lineage.example.com')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw bad('the address holds a user name, a query or a fragment', 'give a token with --token-file')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOCAL.test(url.hostname)))
    throw bad(
      'the server is on another machine, and the events would cross the network in the clear',
      'use https',
    )
  if (url.pathname === '/') url.pathname = ENDPOINT
  return url
}

/** The token of a file, or of the environment; undefined where there is neither. @throws LetheError; no token is in it */
export function lineageToken(file: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const said = file === undefined ? env['LETHE_OPENLINEAGE_TOKEN'] : tokenIn(file)
  const token = said?.trim()
  if (file === undefined && (token === undefined || token === '')) return undefined
  if (token === undefined || !TOKEN.test(token))
    throw new LetheError(
      file === undefined ? 'bad-environment' : 'file-malformed',
      `${file ?? 'LETHE_OPENLINEAGE_TOKEN'} holds no token: one line of visible ASCII`,
      'write the token alone',
    )
  return token
}

function tokenIn(file: string): string {
  const { text, stats } = readSecretFile(file, 'a file with a token')
  refuseExposed(file, stats, 'files with tokens')
  return text
}

/** @throws LetheError: lineage-unsent where another try may succeed, lineage-refused where a person has to act */
export async function sendEvents(events: readonly object[], server: LineageServer): Promise<void> {
  for (const [index, event] of events.entries()) {
    const status = await post(event, server)
    if (status >= 200 && status < 300) continue
    const what = `event ${index + 1} of ${events.length}`
    if (status === 408 || status === 429 || status >= 500)
      throw new LetheError(
        'lineage-unsent',
        `the lineage server answers ${what} with status ${status}`,
        AGAIN,
      )
    throw new LetheError(
      'lineage-refused',
      `the lineage server refuses ${what} (status ${status})`,
      status === 401 || status === 403
        ? 'check the token, and its rights'
        : 'check the address of --openlineage',
    )
  }
}

const AGAIN = 'run the command again without -o: events have the same run id, so none counts twice'

async function post(event: object, { url, token, timeout }: LineageServer): Promise<number> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(event),
    })
    // Its text is not wanted; it may have no end.
    await answer.body?.cancel()
    return answer.status
  } catch (error) {
    const { name, cause } = error as { readonly name?: string; readonly cause?: { readonly code?: unknown } }
    const code =
      typeof cause?.code === 'string' && /^[A-Z_0-9]{1,60}$/.test(cause.code) ? cause.code : 'no code'
    throw new LetheError(
      'lineage-unsent',
      name === 'TimeoutError'
        ? `the lineage server does not answer within ${timeout} ms`
        : `the lineage server cannot be reached (${code})`,
      AGAIN,
    )
  }
}
