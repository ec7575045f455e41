/** TLS and SCRAM against real listeners, and a broker that goes away: a broker of the test's own. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { onOwnKafka } from '../broker/suite.ts'
import { CANARY, drawOf, eventOf } from './chaos/events.ts'
import { kafkaOf, type TestContext, World } from './stream-world.ts'

const PASSWORD = 'Pa55word-of-alice'
const WRONG = 'Wr0ng-password-of-alice'

onOwnKafka('lethe stream and its broker', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await startBroker({ tls: true, users: [{ name: 'alice', password: PASSWORD }] })
  })
  afterAll(async () => await broker.stop())

  const secured = async (
    test: TestContext,
    ca: string,
    password: string,
    mechanism: string,
    more = '',
  ): Promise<World> => {
    const world = await World.make(broker.address, test, {
      brokers: broker.saslTlsAddress!.replace('127.0.0.1', 'localhost'),
      files: { 'ca.pem': readFileSync(ca, 'utf8'), password },
      pipeline: `${more}maxDeadLetters: 100%
tls: { ca: { file: ca.pem } }
sasl: { mechanism: ${mechanism}, username: alice, password: { file: password } }
`,
    })
    const draw = drawOf(5)
    await world.send(Array.from({ length: 200 }, (_, n) => eventOf(n, draw)))
    return world
  }

  it.concurrent.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'works over TLS with %s',
    async (mechanism) => {
      const cleanings: (() => void | Promise<void>)[] = []
      const test = { onTestFinished: (clean: () => void | Promise<void>) => void cleanings.push(clean) }
      try {
        const world = await secured(test, broker.certificates!.ca, PASSWORD, mechanism)
        const { code, stderr } = await world.run('--until-end')
        expect(code, stderr).toBeOneOf([0, 3])
        expect(await world.verdict()).toBe('clean')
      } finally {
        for (const clean of cleanings) await clean()
      }
    },
  )

  const refused = async (test: TestContext, ca: string, password: string, words: RegExp) => {
    const world = await secured(test, ca, password, 'scram-sha-512')
    const began = performance.now()
    const { code, stderr } = await world.run('--until-end')
    expect([code, stderr]).toEqual([4, expect.stringMatching(words)])
    expect(stderr).not.toContain(password)
    expect(stderr).not.toContain(CANARY)
    expect(performance.now() - began).toBeLessThan(25_000)
  }
  it.concurrent('says that the password is wrong, and not which', async (test) => {
    await refused(test, broker.certificates!.ca, WRONG, /refuses the user name/)
  })
  it.concurrent('says that the authority does not fit', async (test) => {
    await refused(test, broker.certificates!.otherCa, PASSWORD, /TLS/)
  })

  it.concurrent('reads passwords and certificates anew for a client that follows a lost one', {
    timeout: 240_000,
  }, async (test) => {
    const world = await secured(
      test,
      broker.certificates!.ca,
      PASSWORD,
      'scram-sha-512',
      'client: { session.timeout.ms: 30000, transaction.timeout.ms: 4000 }\nbatch: { records: 100, time: 20ms }\n',
    )
    const draw = drawOf(9)
    for (let n = 0; n < 3; n++) await world.send(Array.from({ length: 4000 }, (_, at) => eventOf(at, draw)))
    const worker = world.start()
    await world.until(world.output, 1)
    // A client that is made now would be refused. The one that runs is not.
    const files = ['password', 'ca.pem'].map((name) => join(world.folder, name))
    const right = files.map((file) => readFileSync(file))
    writeFileSync(files[0]!, WRONG)
    let isLost = false
    for (let tries = 0; tries < 4 && !isLost; tries++) {
      worker.kill('SIGSTOP')
      await sleep(14_500)
      worker.kill('SIGCONT')
      isLost = await worker.says(/"client-lost".*"transaction-timeout"/, 3000)
    }
    expect(isLost, worker.said.slice(-2000)).toBe(true)
    const lost = (times: number): Promise<boolean> =>
      worker.says(new RegExp(`(?:"client-lost"[^]*){${times}}`), 20_000)
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
    expect(await worker.within(28_000), worker.said.slice(-3000)).toEqual({ code: 0, signal: null })
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
  it('still ends on SIGTERM within its deadline, at once on a second one, and nothing is lost', async (test) => {
    const broker = await startBroker({ own: true })
    test.onTestFinished(async () => await broker.stop())
    const world = await World.make(broker.address, test, {
      pipeline: 'client: { session.timeout.ms: 14500, transaction.timeout.ms: 4000 }\nmaxDeadLetters: 100%\n',
    })
    const draw = drawOf(7)
    const send = async (count: number): Promise<void> =>
      await world.send(Array.from({ length: count }, (_, n) => eventOf(n, draw)))
    await send(500)
    const worker = world.start()
    const hasty = world.start('b', '--workers', '2')
    await world.until(world.output, 1)
    expect(await hasty.says(/"assigned"/, 30_000)).toBe(true)
    await send(3000)
    await broker.kill()
    await sleep(2000)
    expect(worker.isRunning).toBe(true)
    worker.kill('SIGTERM')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) hasty.kill(signal)
    // With the processes that it has started: they have the same stderr.
    expect(await hasty.within(5000)).toEqual({ code: null, signal: expect.stringMatching(/SIGTERM|SIGINT/) })
    expect(await worker.within(28_000), worker.said.slice(-3000)).toEqual({ code: 0, signal: null })
    await broker.restart()
    // A transaction that was open is over when its time is up.
    expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
    expect(await world.verdict()).toBe('clean')
  })
})
