/**
 * `/live`: the snapshots as server-sent events (WHATWG HTML, 9.2). One clock for all clients, which runs while one is
 * there; of a client nothing is kept but its connection, and one event at most waits for it.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Verdict } from '../health.ts'
import { type LiveSnapshot, liveSeries } from './live-snapshot.ts'

export interface LiveStreamOptions {
  readonly metrics: () => Promise<string>
  readonly health: { readonly live: () => Verdict; readonly ready: () => Verdict }
  /** Milliseconds between two events. */
  readonly every: number
}

/** Event streams that are open at a time. */
export const MOST_LIVE_CLIENTS = 8
/** Events in a row that a client may miss, since the one before still waits to be sent, before it is dropped. */
const MOST_MISSED = 15

export class LiveStream {
  readonly #options: LiveStreamOptions
  /** How many events in a row each one missed. */
  readonly #clients = new Map<ServerResponse, number>()
  #timer: NodeJS.Timeout | undefined
  /** A snapshot is being made. */
  #busy = false

  constructor(options: LiveStreamOptions) {
    this.#options = options
  }

  /** Whether one more client may come. */
  get hasRoom(): boolean {
    return this.#clients.size < MOST_LIVE_CLIENTS
  }

  /** Whether it sends events to this one. */
  has(response: ServerResponse): boolean {
    return this.#clients.has(response)
  }

  /** Sends `response` events until one side closes it. A HEAD has the headers alone. */
  answer(request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    // A connection that broke off is heard as its close.
    response.on('error', () => {})
    response.once('close', () => {
      this.#clients.delete(response)
      if (this.#clients.size === 0) this.close()
    })
    this.#clients.set(response, 0)
    response.write('retry: 3000\n\n')
    this.#timer ??= setInterval(() => this.#tick(), this.#options.every).unref()
    this.#tick()
  }

  /** Sends nothing more. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    if (this.#busy) return
    this.#busy = true
    this.#snapshot()
      .then(
        (snapshot) => this.#send('snapshot', JSON.stringify(snapshot)),
        // What went wrong may quote anything.
        () => this.#send('unreadable', '{}'),
      )
      .finally(() => {
        this.#busy = false
      })
  }

  async #snapshot(): Promise<LiveSnapshot> {
    const { metrics, health } = this.#options
    const { series, left } = liveSeries(await metrics())
    return { at: Date.now(), live: health.live(), ready: health.ready(), series, left }
  }

  #send(event: string, data: string): void {
    const text = `event: ${event}\ndata: ${data}\n\n`
    // So that no more than one event waits for a client.
    for (const [client, missed] of this.#clients)
      if (client.writableLength > 0) {
        if (missed >= MOST_MISSED) client.destroy()
        else this.#clients.set(client, missed + 1)
      } else {
        this.#clients.set(client, 0)
        client.write(text)
      }
  }
}
