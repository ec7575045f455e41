/** A client that the broker has given up: the process goes on with a new one, and nothing is lost or there twice. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startBroker } from '../broker/broker.mjs'
import { onOwnKafka } from '../broker/suite.ts'
import { drawOf, eventOf } from './chaos/events.ts'
import { World } from './stream-world.ts'

const TRANSACTION_MS = 4_000
/** What is open for longer is ended by a broker that looks every ten seconds. */
const FROZEN_MS = TRANSACTION_MS + 10_500

onOwnKafka('lethe stream and a client that is lost', () => {
  it('goes on after a transaction timeout, though the broker goes away as well', {
    timeout: 240_000,
  }, async (test) => {
    const broker = await startBroker({ own: true })
    test.onTestFinished(async () => await broker.stop())
    const world = await World.make(broker.address, test, {
      pipeline: `client: { session.timeout.ms: 30000, transaction.timeout.ms: ${TRANSACTION_MS} }
batch: { records: 100, time: 20ms }
maxDeadLetters: 100%
`,
    })
    const draw = drawOf(8)
    for (let n = 0; n < 5; n++) await world.send(Array.from({ length: 4000 }, (_, at) => eventOf(at, draw)))
    const worker = world.start()
    await world.until(world.output, 1)
    // Small batches one behind the other: mostly a transaction is open, and the broker has not heard of its end.
    let isLost = false
    for (let tries = 0; tries < 4 && !isLost; tries++) {
      worker.kill('SIGSTOP')
      await sleep(FROZEN_MS)
      worker.kill('SIGCONT')
      isLost = await worker.says(/"client-lost".*"transaction-timeout"/, 3000)
    }
    expect(isLost, worker.said.slice(-2000)).toBe(true)
    await broker.kill()
    expect(await worker.says(/"client-lost".*"connection-refused"/, 40_000), worker.said.slice(-2000)).toBe(
      true,
    )
    await broker.restart()
    const { length } = await world.read(world.output)
    expect((await world.until(world.output, length + 1)).length, worker.said.slice(-2000)).toBeGreaterThan(
      length,
    )
    expect(worker.isRunning, worker.said.slice(-2000)).toBe(true)
    worker.kill('SIGTERM')
    expect(await worker.within(60_000), worker.said.slice(-3000)).toEqual({ code: 0, signal: null })
    expect((await world.run('--until-end')).code).toBeOneOf([0, 3])
    expect(await world.verdict()).toBe('clean')
  })
})
