/** A token endpoint of a test's own: an HTTP server that answers as the test says, and keeps what it was asked. */
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

export const CLIENT = { id: 'lethe:prod', secret: 'S3cret of the client/+%é' } as const

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
}

export type Answer = (response: ServerResponse, times: number, asked: Asked) => void

export interface TokenEndpoint {
  readonly url: string
  readonly asked: readonly Asked[]
  answer: Answer
  close(): Promise<void>
}

export const json =
  (status: number, body: unknown): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

/** A JWT without a signature (RFC 7519, 6) that ends in so many seconds. */
export function unsigned(seconds: number, claims: Readonly<Record<string, unknown>> = {}): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Date.now() / 1000
  return `${part({ alg: 'none' })}.${part({ sub: 'lethe', iat: now, exp: now + seconds, ...claims })}.`
}

export async function tokenEndpoint(first: Answer, tls?: ServerOptions): Promise<TokenEndpoint> {
  const asked: Asked[] = []
  const listen: RequestListener = (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const one = { method, path, headers, form: new URLSearchParams(Buffer.concat(parts).toString()) }
      asked.push(one)
      endpoint.answer(response, asked.length, one)
    })
  }
  const server = tls === undefined ? createServer(listen) : createSecureServer(tls, listen)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoint: TokenEndpoint = {
    url: `${tls === undefined ? 'http' : 'https'}://localhost:${port}/oauth2/token`,
    asked,
    answer: first,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return endpoint
}
