/** A TCP proxy that fails on demand: cuts, refuses, delays, throttles, and holds bytes back, in one direction or both. */
import { connect, createServer } from 'node:net'
import { freePorts } from '../broker/ports.mjs'

/** Bytes a direction holds at most, while they are late. */
const MOST_PENDING = 1_048_576

/** One direction of one connection. */
class Lane {
  #from
  #to
  #weather
  /** When the last bytes are through, in ms. */
  #free = 0
  #queue = []
  #pending = 0
  #timer
  #isEnded = false

  constructor(from, to, weather) {
    this.#from = from
    this.#to = to
    this.#weather = weather
    from.on('data', (chunk) => {
      const now = performance.now()
      const { delay, bytesPerSecond } = weather
      this.#free = Math.max(now, this.#free) + (chunk.length / bytesPerSecond) * 1000
      this.#queue.push({ chunk, due: this.#free + delay })
      this.#pending += chunk.length
      if (this.#pending > MOST_PENDING) from.pause()
      this.flow()
    })
    from.on('end', () => {
      this.#isEnded = true
      this.flow()
    })
    to.on('drain', () => this.flow())
  }

  /** Sends what is due. Called again when the weather changes. */
  flow() {
    clearTimeout(this.#timer)
    while (this.#queue.length > 0 && !this.#weather.held && !this.#to.writableNeedDrain) {
      const { chunk, due } = this.#queue[0]
      const wait = due - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flow(), wait)
        return
      }
      this.#queue.shift()
      this.#pending -= chunk.length
      this.#to.write(chunk)
      if (this.#pending <= MOST_PENDING && this.#from.isPaused()) this.#from.resume()
    }
    if (this.#isEnded && this.#queue.length === 0) this.#to.end()
  }

  close() {
    clearTimeout(this.#timer)
    this.#queue = []
  }
}

const calm = () => ({ delay: 0, bytesPerSecond: Number.POSITIVE_INFINITY, held: false })

export async function startProxy(target) {
  const [port] = await freePorts(1)
  const connections = new Set()
  const weather = { requests: calm(), answers: calm() }
  let accepted = 0

  const onClient = (client) => {
    accepted++
    const [host, targetPort] = proxy.target.split(':')
    const upstream = connect(Number(targetPort), host)
    const lanes = [new Lane(client, upstream, weather.requests), new Lane(upstream, client, weather.answers)]
    const end = () => {
      for (const lane of lanes) lane.close()
      for (const socket of [client, upstream]) if (!socket.destroyed) socket.resetAndDestroy()
      connections.delete(connection)
    }
    const connection = { lanes, end }
    connections.add(connection)
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      socket.on('error', end)
    }
    let open = 2
    for (const socket of [client, upstream]) socket.once('close', () => --open === 0 && end())
  }

  let server
  const listen = () =>
    new Promise((resolve, reject) => {
      // A half that has ended does not end the other: what is late must still arrive.
      server = createServer({ allowHalfOpen: true }, onClient)
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  const silence = () =>
    new Promise((resolve) => {
      if (server === undefined) return resolve()
      server.close(() => resolve())
      server = undefined
      proxy.cut()
    })
  const change = (direction, values) => {
    for (const one of direction === undefined ? ['requests', 'answers'] : [direction])
      Object.assign(weather[one], values)
    for (const { lanes } of connections) for (const lane of lanes) lane.flow()
  }

  const proxy = {
    address: `127.0.0.1:${port}`,
    target,
    get open() {
      return connections.size
    },
    get accepted() {
      return accepted
    },
    cut() {
      for (const { end } of [...connections]) end()
    },
    refuse: silence,
    accept: async () => {
      if (server === undefined) await listen()
    },
    delay: (milliseconds, direction) => change(direction, { delay: milliseconds }),
    throttle: (bytesPerSecond, direction) => change(direction, { bytesPerSecond }),
    hold: (direction) => change(direction, { held: true }),
    calm: () => change(undefined, calm()),
    close: silence,
  }
  await listen()
  return proxy
}
