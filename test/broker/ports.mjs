/** Free ports below the range that the system gives to outgoing connections, so that a restart finds them free again. */
import { createServer } from 'node:net'

const LOWEST = 20_000
const COUNT = 12_000

const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

export async function freePorts(count) {
  const ports = new Set()
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * COUNT)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}
