/** What the driver over kafkajs does where connections break, brokers refuse, and topics change beneath it. */
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import type { Connection, Driver } from '../../src/kafka/driver.ts'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { OWNER, passwordOf } from '../broker/guarded.ts'
import { guarded, onKafka, onOwnKafka, uniqueName } from '../broker/suite.ts'
import {
  admin,
  BOUNDS,
  client,
  connection,
  copyTo,
  KAFKAJS,
  makeTopic,
  numbers,
  openDriver,
  pollOnce,
  pollSome,
  settleSome,
  stand,
  texts,
  until,
  write,
} from '../contracts/driver-world.ts'
import { readTopics } from './checker/read-topics.ts'
import { makeTopics } from './cluster-world.ts'
import { startProxy, type TcpProxy } from './proxy.mjs'

onKafka('the driver over kafkajs', () => {
  it('takes no setting that it does not have, and no exactly-once', () => {
    const options = {
      connection: connection({ 'linger.ms': 5 }),
      group: 'g',
      topics: ['t'],
      start: 'earliest' as const,
      delivery: 'at-least-once' as const,
      transactionalId: 't',
      onEvent: () => {},
    }
    expect(() => KAFKAJS.make(options)).toThrow(/kafkajs has no setting `linger.ms`/)
    const exactly = { ...options, connection: connection(), delivery: 'exactly-once' as const }
    expect(() => KAFKAJS.make(exactly)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        suggestion: expect.stringContaining('npm install node-rdkafka'),
      }),
    )
  })

  it('sets no timer for a time in the past', async () => {
    const [topic, out] = [await makeTopic(), await makeTopic()]
    await write(
      topic,
      numbers(10).map((value) => ({ value })),
    )
    const timers = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => timers.mockRestore())
    const { driver } = await openDriver(KAFKAJS, { topics: [topic] })
    await settleSome(driver, 10, copyTo(out))
    const delays = timers.mock.calls.map(([, delay]) => delay ?? 0)
    expect(delays.length).toBeGreaterThan(0)
    expect(delays.filter((delay) => delay < 0)).toEqual([])
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('sends %s as such', async (compression) => {
    const [topic, out] = [await makeTopic(), await makeTopic()]
    await write(
      topic,
      numbers(500).map((value) => ({ value: value.padEnd(200, '.') })),
    )
    const { driver } = await openDriver(KAFKAJS, {
      topics: [topic],
      client: { 'compression.type': compression },
    })
    await settleSome(driver, 500, copyTo(out))
    const ids = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    const codecs: Record<number, () => { decompress(bytes: Buffer): Promise<Buffer> }> =
      kafkajs.CompressionCodecs
    const seen: { readonly compression: string; readonly saved: number }[] = []
    const before = { ...codecs }
    for (const [id, codec] of Object.entries(before))
      codecs[Number(id)] = () => ({
        ...codec(),
        decompress: async (bytes) => {
          const plain = await codec().decompress(bytes)
          seen.push({ compression: ids[Number(id)]!, saved: plain.length - bytes.length })
          return plain
        },
      })
    onTestFinished(() => void Object.assign(codecs, before))
    const reader = (await admin()).read([{ topic: out, partition: 0, offset: 0 }])
    let count = 0
    await until('all is read', async () => {
      count += (await reader.take(BOUNDS)).records.length
      return count === 500
    })
    reader.close()
    expect(new Set(seen.map((one) => one.compression))).toEqual(new Set([compression]))
    expect(seen.reduce((sum, { saved }) => sum + saved, 0)).toBeGreaterThan(50_000)
  })

  it('reads partitions that come later from their beginning', async () => {
    const topic = await makeTopic(1)
    await write(topic, [{ value: 'before' }])
    const { driver } = await openDriver(KAFKAJS, {
      topics: [topic],
      start: 'latest',
      client: { 'metadata.max.age.ms': 1000 },
    })
    await stand(driver, 1)
    const kafka = client().admin()
    await kafka.connect()
    await kafka.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    await kafka.disconnect()
    // A new producer: one that does not know of the partitions drops what is for them.
    const producer = client().producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const messages = [1, 2].map((partition) => ({ partition, value: `first of ${partition}` }))
    await producer.send({ topic, messages })
    await producer.disconnect()
    const values: (string | null)[] = []
    await until('the new partitions are read', async () => {
      const { epoch, records, next } = await pollOnce(driver)
      if ((await driver.settle(epoch, [], next)) === 'settled')
        values.push(...texts(records), ...records.map(({ partition, offset }) => `${partition}/${offset}`))
      return values.length >= 4
    })
    expect(values.toSorted()).toEqual(['1/0', '2/0', 'first of 1', 'first of 2'])
    expect(driver.positions().length).toBe(3)
  })

  it('stops where its topic is deleted while it runs', async () => {
    const [topic, other] = [await makeTopic(1), await makeTopic(1)]
    const { driver } = await openDriver(KAFKAJS, {
      topics: [topic, other],
      client: { 'metadata.max.age.ms': 1000 },
    })
    await stand(driver, 2)
    const kafka = client().admin()
    await kafka.connect()
    await kafka.deleteTopics({ topics: [topic] })
    await kafka.disconnect()
    const polling = (async () => {
      for (;;) await driver.poll(BOUNDS)
    })()
    await expect(polling).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining(topic) })
  })

  it('leaves the group where nobody asks for records, and joins again once somebody does', async () => {
    const topic = await makeTopic(2)
    const lazy = await openDriver(KAFKAJS, { topics: [topic], client: { 'max.poll.interval.ms': 1500 } })
    await stand(lazy.driver, 2)
    const second = await openDriver(KAFKAJS, { topics: [topic], group: lazy.group })
    await until('the other one has all', async () => {
      await second.driver.poll(BOUNDS)
      return second.driver.positions().length === 2
    })
    expect(lazy.events.some(({ kind }) => kind === 'lost' || kind === 'revoked')).toBe(true)
    await until('both have a share', async () => {
      await Promise.all([lazy.driver.poll(BOUNDS), second.driver.poll(BOUNDS)])
      return [lazy, second].every(({ driver }) => driver.positions().length === 1)
    })
  })

  it('says so where the group is shared in a way it does not know', async () => {
    const topic = await makeTopic(1)
    const group = uniqueName('group')
    const first = await openDriver(KAFKAJS, {
      topics: [topic],
      group,
      client: { 'partition.assignment.strategy': 'range' },
    })
    await stand(first.driver, 1)
    const kafka = client()
    const foreign = kafka.consumer({ groupId: group })
    await foreign.connect()
    await foreign.disconnect()
    const other = await makeTopic(1)
    const opening = openDriver(KAFKAJS, { topics: [other], group }).catch((error: unknown) => error)
    expect(await opening).toMatchObject({ exitCode: 4, message: expect.stringContaining(group) })
  })
})

/** Settles so many records, with trouble while the first of them are on their way. */
async function settleAll(
  driver: Driver,
  out: string,
  count: number,
  trouble: () => Promise<void> | void,
): Promise<void> {
  const seen = new Set<string | null>()
  const { epoch, records, next } = await pollSome(driver, count)
  const settling = driver.settle(epoch, copyTo(out)(records), next)
  await trouble()
  if ((await settling) === 'settled') for (const value of texts(records)) seen.add(value)
  // A consumer that was given up reads again what it had not settled.
  await until(
    'all are settled',
    async () => {
      const polled = await pollOnce(driver)
      if ((await driver.settle(polled.epoch, copyTo(out)(polled.records), polled.next)) === 'settled')
        for (const value of texts(polled.records)) seen.add(value)
      return seen.size === count
    },
    60_000,
  )
}

onOwnKafka('the driver over kafkajs, and a broker that fails', () => {
  let proxy: TcpProxy
  let own: Broker
  beforeAll(async () => {
    proxy = await startProxy()
    own = await startBroker({ own: true, advertised: [proxy.address] })
    proxy.target = own.behind[0]!
  })
  afterAll(async () => {
    await proxy.close()
    await own.stop()
  })

  it('loses none where answers are lost, connections cut and the broker is away', async () => {
    const [topic, out] = [uniqueName('in'), uniqueName('out')]
    await makeTopics(own.address, { [topic]: { partitions: 2 }, [out]: { partitions: 3 } })
    const { driver, events } = await openDriver(KAFKAJS, {
      topics: [topic],
      to: { brokers: [proxy.address], tls: undefined, sasl: undefined },
      client: { 'request.timeout.ms': 1000, 'fetch.max.wait.ms': 100 },
    })
    await stand(driver, 2)
    const filling = client(own.address).producer()
    await filling.connect()
    const settle = async (from: number, trouble: () => Promise<void> | void): Promise<void> => {
      await filling.send({
        topic,
        messages: numbers(1000, from).map((value) => ({ key: `k${Number(value) % 20}`, value })),
      })
      await settleAll(driver, out, 1000, trouble)
    }
    await settle(0, () => {})
    // The broker writes, and its answers do not arrive: the same batches are sent again.
    await settle(1000, async () => {
      proxy.hold('answers')
      await new Promise((resolve) => setTimeout(resolve, 2500))
      proxy.calm()
    })
    await settle(2000, () => proxy.cut())
    await settle(3000, async () => {
      await proxy.refuse()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      await proxy.accept()
    })
    await filling.disconnect()
    expect(events.some(({ kind }) => kind === 'retry')).toBe(true)
    const written = await readTopics(own.address, [out])
    expect(new Set(texts(written))).toEqual(new Set(numbers(4000)))
    // A send whose answer is missing is made again: what it holds may be there twice, and in order each time.
    for (let key = 0; key < 20; key++) {
      const values = written
        .filter((one) => one.key?.toString() === `k${key}`)
        .map(({ value }) => Number(value))
      expect([...new Set(values)]).toEqual([...new Set(values)].toSorted((x, y) => x - y))
    }
  })

  it('goes on after the broker was killed and restarted, and loses nothing', async () => {
    const [topic, out] = [uniqueName('in'), uniqueName('out')]
    await makeTopics(own.address, { [topic]: { partitions: 2 }, [out]: {} })
    const { driver } = await openDriver(KAFKAJS, {
      topics: [topic],
      to: { brokers: [own.address], tls: undefined, sasl: undefined },
      client: { 'request.timeout.ms': 2000 },
    })
    const filling = client(own.address).producer()
    await filling.connect()
    await filling.send({ topic, messages: numbers(500).map((value) => ({ key: value, value })) })
    await filling.disconnect()
    await settleAll(driver, out, 500, async () => {
      await own.kill()
      await own.restart()
    })
    expect(new Set(texts(await readTopics(own.address, [out])))).toEqual(new Set(numbers(500)))
  })
})

onOwnKafka('the driver over kafkajs, and a broker that refuses', () => {
  it('says what is wrong with TLS, a password or a right, with exit code 4, and shows no secret', async () => {
    const own = await guarded()
    const topic = uniqueName('in')
    await makeTopics(own.address, { [topic]: {} })
    const { ca, otherCa } = own.certificates
    const pem = (file: string): string => readFileSync(file, 'utf8')
    const tls = (file: string): Connection['tls'] => ({
      ca: pem(file),
      cert: undefined,
      key: undefined,
      keyPassword: undefined,
    })
    const sasl = (password: string, mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512') => ({
      mechanism,
      username: 'grace',
      password,
    })
    const failing = async (to: Omit<Connection, 'client'>): Promise<{ exitCode: number; text: string }> => {
      const error = await openDriver(KAFKAJS, { topics: [topic], to }).then(
        () => new Error('it opened'),
        (thrown: unknown) => thrown as Error,
      )
      const { exitCode, message, suggestion } = error as Error & { exitCode: number; suggestion: string }
      return { exitCode, text: `${message} ${suggestion}` }
    }
    const began = performance.now()
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const wrong = await failing({
        brokers: [own.saslTlsAddress],
        tls: tls(ca),
        sasl: sasl('difference-engine', mechanism),
      })
      expect(wrong).toMatchObject({ exitCode: 4, text: expect.stringContaining('password') })
      expect(wrong.text).not.toMatch(/difference-engine|grace\b/)
    }
    const untrusted = await failing({ brokers: [own.tlsAddress], tls: tls(otherCa), sasl: undefined })
    expect(untrusted).toMatchObject({ exitCode: 4, text: expect.stringMatching(/no authority.*tls/s) })
    expect(performance.now() - began).toBeLessThan(40_000)
    // The right user, without any right.
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const right = sasl(passwordOf('grace'), mechanism)
      const forbidden = await failing({ brokers: [own.saslTlsAddress], tls: tls(ca), sasl: right })
      expect(forbidden).toMatchObject({
        exitCode: 4,
        text: expect.stringMatching(/a right on the topic is missing.*lethe acl/s),
      })
    }
  })

  it('takes a connection that breaks while it authenticates for no wrong password', async () => {
    const own = await guarded()
    let toBreak = 2
    // Answers to ApiVersions, the handshake and the first message of the exchange: the third never arrives.
    const breaking = createServer((down) => {
      const [host, port] = own.saslAddress.split(':')
      const up = connect(Number(port), host)
      let answers = 0
      const end = (): void => {
        down.destroy()
        up.destroy()
      }
      up.on('data', (bytes) => {
        if (++answers < 3 || toBreak === 0) down.write(bytes)
        else {
          toBreak--
          end()
        }
      })
      down.on('data', (bytes) => up.write(bytes))
      for (const side of [up, down]) side.on('error', end).on('close', end)
    })
    await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve))
    try {
      const topic = uniqueName('in')
      await makeTopics(own.address, { [topic]: {} })
      const { port } = breaking.address() as AddressInfo
      const { driver, events } = await openDriver(KAFKAJS, {
        topics: [topic],
        to: {
          brokers: [`127.0.0.1:${port}`],
          tls: undefined,
          sasl: { mechanism: 'scram-sha-512', username: OWNER, password: passwordOf(OWNER) },
        },
      })
      await stand(driver, 1)
      expect(toBreak).toBe(0)
      expect(events).toContainEqual({ kind: 'retry', code: 'connection-lost' })
    } finally {
      breaking.close()
    }
  })

  it('finds nobody where a listener speaks something else, and says what to look at', async () => {
    const own = await guarded()
    const opening = openDriver(KAFKAJS, {
      topics: ['t'],
      to: { brokers: [own.tlsAddress], tls: undefined, sasl: undefined },
    }).catch((error: unknown) => error)
    expect(await opening).toMatchObject({
      exitCode: 4,
      message: expect.stringContaining(own.tlsAddress),
      suggestion: expect.stringContaining('tls:'),
    })
  })
})
