/** An HTTP server before another one, which now and then answers 503 in its place, as S3 does where it is asked too often. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface BusyServer {
  readonly address: string
  /** How many of a hundred requests are refused. */
  percent: number
  readonly refused: number
  close(): Promise<void>
}

const BUSY =
  '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'

export async function startBusyServer(target: string, draw: (below: number) => number): Promise<BusyServer> {
  const [host, port] = target.split(':')
  let refused = 0
  const server = createServer((asked, answer) => {
    if (draw(100) < busy.percent) {
      refused++
      asked.resume().on('end', () => answer.writeHead(503, { 'content-type': 'application/xml' }).end(BUSY))
      return
    }
    const { method, url, headers } = asked
    // The host is signed: it stays what the client said.
    const passed = request({ host, port, method, path: url, headers }, (answered) => {
      answer.writeHead(answered.statusCode!, answered.rawHeaders)
      answered.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    answer.on('close', () => passed.destroy())
    asked.pipe(passed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const busy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    percent: 0,
    get refused() {
      return refused
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return busy
}
