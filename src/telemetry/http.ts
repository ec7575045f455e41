/**
 * `/metrics`, `/livez` and `/readyz` over HTTP, and a page of them at `/`. Reading only; nothing of a record is behind
 * it. A request must name this server in its Host header: a web page that points a name of its own at this address gets
 * nothing.
 */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, isIP, type Socket } from 'node:net'
import { LetheError } from '../errors.ts'
import type { Verdict } from './health.ts'
import { LIVE_FILES, LIVE_HEADERS } from './live/live-files.ts'
import { LiveStream } from './live/live-stream.ts'
import { CONTENT_TYPE } from './metrics.ts'

export interface TelemetryServerOptions {
  /** Address or name to listen on. Default 127.0.0.1: this machine only. */
  readonly host?: string | undefined
  /** 0: any free one. */
  readonly port: number
  /** Host names that a request may give beside `host`, `localhost`, `127.0.0.1` and `[::1]`; without port. */
  readonly allowedHosts?: readonly string[] | undefined
  /** The text for Prometheus. */
  readonly metrics: () => Promise<string>
  readonly health: { readonly live: () => Verdict; readonly ready: () => Verdict }
  /** Milliseconds between two events of the live page. Default 2000. */
  readonly liveEvery?: number | undefined
}

export interface TelemetryServer {
  readonly host: string
  /** The one that it listens on. */
  readonly port: number
  /** Stops listening and drops what is open. */
  close(): Promise<void>
}

/** Connections that wait for a request, or between two. */
const MOST_IDLE = 32
/** Connections whose answer is made, or not yet taken by the client; event streams have a bound of their own. */
const MOST_ANSWERED = 16

const LIVE_EVERY_MS = 2000

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

/** @throws LetheError (I/O) if it cannot listen there */
export async function serveTelemetry(options: TelemetryServerOptions): Promise<TelemetryServer> {
  const host = options.host ?? '127.0.0.1'
  const allowed = new Set([...LOOPBACK, bracketed(host), ...(options.allowedHosts ?? [])].map(lower))
  const everywhere = host === '0.0.0.0' || host === '::'
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 2000,
    requestTimeout: 5000,
    // Unless told otherwise, Node.js looks at the two above every half a minute.
    connectionsCheckingInterval: 500,
  })
  server.keepAliveTimeout = 5000
  server.maxConnections = 2 * MOST_IDLE
  const metrics = oneAtATime(options.metrics)
  const stream = new LiveStream({ ...options, metrics, every: options.liveEvery ?? LIVE_EVERY_MS })
  const isRoomFor = makeRoom(server, (response) => stream.has(response))
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isRoomFor(request, response)) return
    if (!mayAsk(request.headers.host, allowed, everywhere))
      return answer(request, response, 421, 'this server goes by another name\n')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return answer(request, response, 405, 'GET or HEAD only\n')
    }
    const path = request.url?.split('?', 1)[0]
    if (path === '/livez') return probe(request, response, options.health.live())
    if (path === '/readyz') return probe(request, response, options.health.ready())
    if (path === '/live') return events(request, response, stream)
    const file = path !== undefined && Object.hasOwn(LIVE_FILES, path) ? LIVE_FILES[path] : undefined
    if (file !== undefined) {
      file.text().then(
        (text) => answer(request, response, 200, text, file.type, LIVE_HEADERS),
        () => answer(request, response, 500, 'this file cannot be read: install Lethe again\n'),
      )
      return
    }
    if (path !== '/metrics') return answer(request, response, 404, '/, /metrics, /livez, /readyz\n')
    metrics().then(
      (text) => answer(request, response, 200, text, CONTENT_TYPE),
      // What went wrong may quote anything.
      () => answer(request, response, 500, 'the metrics cannot be read\n'),
    )
  })
  await listen(server, host, options.port)
  // Probes alone keep no process alive.
  server.unref()
  const { port } = server.address() as AddressInfo
  return {
    host,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        stream.close()
        server.closeAllConnections()
      }),
  }
}

/**
 * Where a server listens on every address, its own addresses are many: then any address will do. A page that was led
 * here by a name of its own sends that name, never an address.
 */
function mayAsk(host: string | undefined, allowed: ReadonlySet<string>, everywhere: boolean): boolean {
  const name = /^(\[[^\]]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(host ?? '')?.[1]?.toLowerCase()
  if (name === undefined) return false
  return allowed.has(name) || (everywhere && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0)
}

function probe(request: IncomingMessage, response: ServerResponse, { ok, lines }: Verdict): void {
  answer(request, response, ok ? 200 : 503, lines.map((line) => `${line}\n`).join(''))
}

/** A page of another origin cannot read events, and shall not take the place of those who can. */
function events(request: IncomingMessage, response: ServerResponse, stream: LiveStream): void {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    answer(request, response, 403, 'events are for the page of this server\n')
    return
  }
  if (request.method === 'GET' && !stream.hasRoom) {
    response.setHeader('retry-after', '10')
    answer(request, response, 503, 'too many look at this page\n')
    return
  }
  stream.answer(request, response, { ...HEADERS, 'x-accel-buffering': 'no' })
}

/** Who asks while the text is made gets that one: the work does not grow with those who ask. */
function oneAtATime(make: () => Promise<string>): () => Promise<string> {
  let making: Promise<string> | undefined
  return () => {
    making ??= make().finally(() => {
      making = undefined
    })
    return making
  }
}

/**
 * Where too many are connected, the oldest one that asks nothing goes, and so does the oldest one that does not take its
 * answer: connections that are opened and left shall not keep a probe out.
 * @returns whether a request is to be answered. One that comes before the one before it on its connection was answered
 *   is not, and its connection ends: else answers without number would wait for a client that reads none of them.
 */
function makeRoom(
  server: Server,
  isStream: (response: ServerResponse) => boolean,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const idle = new Set<Socket>()
  const answered = new Map<Socket, ServerResponse>()
  server.on('connection', (socket) => {
    idle.add(socket)
    socket.once('close', () => {
      idle.delete(socket)
      answered.delete(socket)
    })
    if (idle.size <= MOST_IDLE) return
    for (const oldest of idle) {
      idle.delete(oldest)
      oldest.destroy()
      return
    }
  })
  return ({ socket }, response) => {
    if (answered.has(socket)) {
      socket.destroy()
      return false
    }
    idle.delete(socket)
    const waiting = [...answered].filter(([, one]) => !isStream(one))
    if (waiting.length >= MOST_ANSWERED) {
      const [oldest] = waiting[0]!
      answered.delete(oldest)
      oldest.destroy()
    }
    answered.set(socket, response)
    response.once('close', () => {
      answered.delete(socket)
      if (!socket.destroyed) idle.add(socket)
    })
    return true
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
  more: OutgoingHttpHeaders = {},
): void {
  const length = Buffer.byteLength(text)
  // A body that is not read would hold the connection up.
  if (request.method !== 'GET' && request.method !== 'HEAD') response.setHeader('connection', 'close')
  response.writeHead(status, { ...HEADERS, ...more, 'content-type': type, 'content-length': length })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(host, port, error.code))
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.off('error', fail)
      // A client that breaks off is no concern of ours.
      server.on('error', () => {})
      resolve()
    })
  })
}

function listenError(host: string, port: number, code: string | undefined): LetheError {
  const where = `${bracketed(host)}:${port}`
  if (code === 'EADDRINUSE')
    return new LetheError(
      'port-unavailable',
      `metrics and probes cannot be served at ${where}: the port is taken`,
      'stop what listens there, or set http.port to another one; 0 takes any free one',
    )
  if (code === 'EACCES')
    return new LetheError(
      'port-unavailable',
      `metrics and probes cannot be served at ${where}: permission denied for the port`,
      'set http.port to 1024 or above',
    )
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new LetheError(
      'port-unavailable',
      `metrics and probes cannot be served at ${where}: this machine has no such address`,
      'set http.host to an address of this machine, or to 127.0.0.1',
    )
  return new LetheError(
    'port-unavailable',
    `metrics and probes cannot be served at ${where} (${code ?? 'unknown error'})`,
  )
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

const lower = (text: string): string => text.toLowerCase()
