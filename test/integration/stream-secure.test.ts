/** TLS and SCRAM against real listeners, and a broker that goes away, which is the test's own. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import { startBroker } from '../broker/broker.mjs'
import { type Guarded, OWNER, passwordOf } from '../broker/guarded.ts'
import { guarded, onOwnKafka, uniqueName } from '../broker/suite.ts'
import {
  copyTo,
  numbers,
  openDriver,
  RDKAFKA_EXACTLY_ONCE,
  settleSome,
  texts,
} from '../contracts/driver-world.ts'
import { CANARY, drawOf, eventOf } from './chaos/events.ts'
import { readTopics } from './checker/read-topics.ts'
import { makeTopics } from './cluster-world.ts'
import { kafkaOf, type TestContext, World } from './stream-world.ts'

const PASSWORD = passwordOf(OWNER)
const WRONG = 'Wr0ng-password-of-owner'
const TRANSACTION_MS = 1_500
/** The brokers of tests look for transactions that are open for too long every second. */
const BROKER_LOOKS_MS = 1_000
/** A process that is told to stop has 20 s to settle and 10 s to close, and is given 75 s by docker/kubernetes. */
const STOPPED_MS = 60_000

onOwnKafka('lethe stream and its broker', () => {
  let broker: Guarded
  beforeAll(async () => {
    broker = await guarded()
  })

  const secured = async (test: TestContext, password: string, more = ''): Promise<World> => {
    const world = await World.make(broker.address, test, {
      brokers: broker.saslTlsAddress.replace('127.0.0.1', 'localhost'),
      files: { 'ca.pem': readFileSync(broker.certificates.ca, 'utf8'), password },
      pipeline: `${more}maxDeadLetters: 100%
tls: { ca: { file: ca.pem } }
sasl: { mechanism: scram-sha-512, username: ${OWNER}, password: { file: password } }
`,
    })
    const draw = drawOf(5)
    await world.send(Array.from({ length: 200 }, (_, n) => eventOf(n, draw)))
    return world
  }

  it.concurrent('works over TLS with a password', async (test) => {
    const world = await secured(test, PASSWORD)
    const { code, stderr } = await world.run('--until-end')
    expect(code, stderr).toBeOneOf([0, 3])
    expect(await world.verdict()).toBe('clean')
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'has a driver that works over TLS with %s',
    async (mechanism) => {
      const [topic, out] = [uniqueName('in'), uniqueName('out')]
      await makeTopics(broker.address, { [topic]: {}, [out]: {} })
      const producer = kafkaOf(broker.address).producer()
      await producer.connect()
      await producer.send({ topic, messages: numbers(20).map((value) => ({ value })) })
      await producer.disconnect()
      const ca = readFileSync(broker.certificates.ca, 'utf8')
      const { driver } = await openDriver(RDKAFKA_EXACTLY_ONCE, {
        topics: [topic],
        to: {
          brokers: [broker.saslTlsAddress],
          tls: { ca, cert: undefined, key: undefined, keyPassword: undefined },
          sasl: { mechanism, username: OWNER, password: PASSWORD },
        },
      })
      await settleSome(driver, 20, copyTo(out))
      expect(texts(await readTopics(broker.address, [out]))).toEqual(numbers(20))
    },
  )

  // `causes.test.ts` has what else is refused.
  it.concurrent('says that the password is wrong, and not which', async (test) => {
    const world = await secured(test, WRONG)
    const { code, stderr } = await world.run('--until-end')
    expect([code, stderr]).toEqual([4, expect.stringMatching(/refuses the user name/)])
    expect(stderr).not.toContain(WRONG)
    expect(stderr).not.toContain(CANARY)
  })

  it.concurrent('reads passwords and certificates anew for a client that follows a lost one', {
    timeout: 240_000,
  }, async (test) => {
    const world = await secured(
      test,
      PASSWORD,
      `client: { session.timeout.ms: 30000, transaction.timeout.ms: ${TRANSACTION_MS} }\nbatch: { records: 20, time: 20ms }\n`,
    )
    const worker = world.start()
    await world.until(world.output, 1)
    // A client that is made now would be refused. The one that runs is not.
    const files = ['password', 'ca.pem'].map((name) => join(world.folder, name))
    const right = files.map((file) => readFileSync(file))
    writeFileSync(files[0]!, WRONG)
    const draw = drawOf(9)
    let isLost = false
    for (let tries = 0; tries < 6 && !isLost; tries++) {
      // Only a transaction that is open times out: it has to be stopped in the midst of many small ones.
      await world.send(Array.from({ length: 2000 }, (_, at) => eventOf(at, draw)))
      await sleep(50 * tries)
      worker.kill('SIGSTOP')
      await sleep(TRANSACTION_MS + BROKER_LOOKS_MS + 500)
      worker.kill('SIGCONT')
      isLost = await worker.says(/"client-lost".*"transaction-timeout"/, 3000)
    }
    expect(isLost, worker.said.slice(-2000)).toBe(true)
    const lost = (times: number): Promise<boolean> =>
      worker.says(new RegExp(`(?:"client-lost"[^]*){${times}}`), 40_000)
    expect(await lost(2), worker.said.slice(-2000)).toBe(true)
    // Half of what belongs together is replaced: what does not fit may pass, too.
    writeFileSync(files[1]!, 'half of a certificate')
    expect(await lost(3), worker.said.slice(-2000)).toBe(true)
    const before = await world.read(world.output)
    right.forEach((bytes, at) => {
      writeFileSync(files[at]!, bytes)
    })
    const after = await world.until(world.output, before.length + 1)
    expect(after.length, worker.said.slice(-2000)).toBeGreaterThan(before.length)
    worker.kill('SIGTERM')
    expect(await worker.within(STOPPED_MS), worker.said.slice(-3000)).toEqual({ code: 0, signal: null })
    expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
    expect(await world.verdict()).toBe('clean')
  })

  it.concurrent('reads to the end past an open transaction and aborted ones', async (test) => {
    const world = await World.make(broker.address, test, { partitions: 1 })
    const producer = kafkaOf(broker.address).producer({
      transactionalId: world.group,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const draw = drawOf(6)
    const write = async (end: 'commit' | 'abort' | undefined): Promise<() => Promise<void>> => {
      const transaction = await producer.transaction()
      const messages = Array.from({ length: 20 }, (_, n) => eventOf(n, draw))
      await transaction.send({ topic: world.input, messages })
      if (end !== undefined) await transaction[end]()
      return async () => await transaction.abort()
    }
    await write('commit')
    await write('abort')
    const end = await write(undefined)
    // The end lies before the open transaction: nobody waits for it.
    const { code, stderr } = await world.run('--until-end')
    expect(code, stderr).toBeOneOf([0, 3])
    await end()
    await producer.disconnect()
    expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
    expect(await world.verdict()).toBe('clean')
  })
})

onOwnKafka('lethe stream and a broker that goes away', () => {
  it('still ends on SIGTERM within its deadline, at once on a second one, and nothing is lost', {
    timeout: 240_000,
  }, async (test) => {
    const broker = await startBroker({ own: true })
    test.onTestFinished(async () => await broker.stop())
    const world = await World.make(broker.address, test, {
      pipeline: 'client: { session.timeout.ms: 14500, transaction.timeout.ms: 4000 }\nmaxDeadLetters: 100%\n',
    })
    const draw = drawOf(7)
    const send = async (count: number): Promise<void> =>
      await world.send(Array.from({ length: count }, (_, n) => eventOf(n, draw)))
    await send(100)
    const worker = world.start()
    const hasty = world.start('b', '--workers', '2')
    await world.until(world.output, 1)
    expect(await hasty.says(/"assigned"/, 60_000)).toBe(true)
    await send(1000)
    await broker.kill()
    await sleep(2000)
    expect(worker.isRunning).toBe(true)
    worker.kill('SIGTERM')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) hasty.kill(signal)
    // With the processes that it has started: they have the same stderr.
    expect(await hasty.within(15_000)).toEqual({
      code: null,
      signal: expect.stringMatching(/SIGTERM|SIGINT/),
    })
    expect(await worker.within(STOPPED_MS), worker.said.slice(-3000)).toEqual({ code: 0, signal: null })
    await broker.restart()
    // A transaction that was open is over when its time is up.
    expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
    expect(await world.verdict()).toBe('clean')
  })
})
