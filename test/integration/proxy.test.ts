/** The proxy does to connections what it says, and Kafka's clients go through it. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBroker } from '../broker/broker.mjs'
import { onOwnKafka } from '../broker/suite.ts'
import { startProxy, type TcpProxy } from './proxy.mjs'

describe('a proxy before a server that echoes', () => {
  let server: Server
  let proxy: TcpProxy
  let seen = 0

  beforeEach(async () => {
    seen = 0
    server = createServer((socket) => {
      socket.on('data', (chunk) => (seen += chunk.length)).on('error', () => {})
      socket.pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    proxy = await startProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(async () => {
    await proxy.close()
    server.close()
  })

  const open = async (): Promise<Socket> => {
    const [host, port] = proxy.address.split(':')
    const socket = connect(Number(port), host)
    await once(socket, 'connect')
    return socket
  }
  /** Milliseconds until as many bytes are back as were sent. */
  const roundTrip = (socket: Socket, bytes: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const started = performance.now()
      let got = Buffer.alloc(0)
      const onData = (chunk: Buffer): void => {
        got = Buffer.concat([got, chunk])
        if (got.length < bytes.length) return
        socket.off('data', onData)
        if (got.equals(bytes)) resolve(performance.now() - started)
        else reject(new Error('other bytes'))
      }
      socket.on('data', onData).once('error', reject)
      socket.write(bytes)
    })
  const stays = (milliseconds: number): Promise<string> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds, 'nothing'))

  it('passes bytes on, as they are', async () => {
    const socket = await open()
    const bytes = Buffer.alloc(4_000_000, 'abcdefghijklmnopq')
    expect(await roundTrip(socket, bytes)).toBeLessThan(5000)
    socket.end()
    await once(socket, 'close')
  })

  it('delays and throttles', async () => {
    const socket = await open()
    proxy.delay(150)
    expect(await roundTrip(socket, Buffer.from('a'))).toBeGreaterThan(290)
    proxy.calm()
    proxy.throttle(100_000, 'requests')
    expect(await roundTrip(socket, Buffer.alloc(50_000))).toBeGreaterThan(450)
    socket.destroy()
  })

  it('cuts what is open, and refuses until it accepts again', async () => {
    const socket = await open()
    await roundTrip(socket, Buffer.from('a'))
    expect(proxy.open).toBe(1)
    const error = once(socket, 'error')
    proxy.cut()
    expect(((await error)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET')
    await proxy.refuse()
    await expect(open()).rejects.toThrow('ECONNREFUSED')
    await proxy.accept()
    await roundTrip(await open(), Buffer.from('b'))
    expect(proxy.accepted).toBe(2)
  })

  it('lets requests through and holds the answers back', async () => {
    const socket = await open()
    proxy.hold('answers')
    const answer = roundTrip(socket, Buffer.from('abc'))
    expect(await Promise.race([answer, stays(200)])).toBe('nothing')
    expect(seen).toBe(3)
    proxy.calm()
    await answer
    proxy.hold()
    void roundTrip(socket, Buffer.from('def')).catch(() => {})
    await stays(100)
    expect(seen).toBe(3)
    proxy.cut()
  })
})

onOwnKafka('a broker behind a proxy', () => {
  it('is reached through the proxy alone, and clients come back after a cut', async () => {
    const proxy = await startProxy()
    const broker = await startBroker({ advertised: [proxy.address] })
    proxy.target = broker.behind[0]!
    const kafka = new Kafka({ brokers: [proxy.address], logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    const admin = kafka.admin()
    try {
      await admin.connect()
      await admin.createTopics({ topics: [{ topic: 'through' }] })
      await producer.connect()
      await producer.send({ topic: 'through', messages: [{ value: 'a' }] })
      const before = proxy.accepted
      proxy.cut()
      await producer.send({ topic: 'through', messages: [{ value: 'b' }] })
      expect(proxy.accepted).toBeGreaterThan(before)
      expect((await admin.fetchTopicOffsets('through'))[0]!.high).toBe('2')
    } finally {
      await producer.disconnect()
      await admin.disconnect()
      await broker.stop()
      await proxy.close()
    }
  })
})
