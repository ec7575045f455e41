/** Probes, metrics and the log while brokers go away and come back; a broker of the test's own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { onOwnKafka } from '../broker/suite.ts'
import type { Worker } from './chaos/worker.ts'
import { type TestContext, World } from './stream-world.ts'

const OK = [200, 'brokers: ok\nkeys: ok\nassigned: ok\n']

const portOf = async (worker: Worker): Promise<string> => {
  const listening = /"kind":"listening".*"port":(\d+)/
  expect(await worker.says(listening, 60_000), worker.said).toBe(true)
  return listening.exec(worker.said)![1]!
}

/** Asks until the answer is the one wanted, or time is over; gives the last one. */
async function until(
  port: string,
  path: string,
  isWanted: (status: number, text: string) => boolean,
  milliseconds = 60_000,
): Promise<[number, string]> {
  const giveUp = performance.now() + milliseconds
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    const text = await answer.text()
    if (isWanted(answer.status, text) || performance.now() > giveUp) return [answer.status, text]
    await sleep(100)
  }
}

onOwnKafka('probes follow the brokers', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await startBroker({ own: true })
  })
  afterAll(async () => await broker.stop())

  const started = async (test: TestContext, driver: string, ...args: readonly string[]): Promise<Worker> => {
    const world = await World.make(broker.address, test, { pipeline: `http: { port: 0 }\n${driver}` })
    return world.start('a', ...args)
  }

  it('that stand still, go away and come back, with either driver and with workers', async (test) => {
    const workers = [
      await started(test, 'driver: rdkafka\n'),
      await started(test, 'driver: kafkajs\ndelivery: at-least-once\n'),
      await started(test, 'driver: rdkafka\n', '--workers', '2'),
    ]
    const ports = await Promise.all(workers.map(portOf))
    const ready = async (wanted: RegExp): Promise<string[]> =>
      await Promise.all(
        ports.map(async (port) => (await until(port, '/readyz', (_, text) => wanted.test(text)))[1]),
      )
    const all = (pattern: RegExp) => ports.map(() => expect.stringMatching(pattern) as string)
    const fine = /^brokers: ok\nkeys: ok\n(?:workers: ok\n)?assigned: ok\n$/
    expect(await ready(fine)).toEqual(all(fine))
    expect(await until(ports[0]!, '/readyz', (status) => status === 200)).toEqual(OK)
    // No answer to anything; connections stay.
    broker.pause()
    expect(await ready(/^brokers: timeout\n/)).toEqual(all(/^brokers: timeout\nkeys: ok\n/))
    broker.resume()
    expect(await ready(fine)).toEqual(all(fine))
    await broker.kill()
    expect(await ready(/^brokers: connection-refused\n/)).toEqual(
      all(/^brokers: connection-refused\nkeys: ok\n/),
    )
    for (const [at, port] of ports.entries()) {
      // A restart would not bring brokers back.
      expect(await until(port, '/livez', () => true)).toEqual([200, 'ok\n'])
      const counted = /^lethe_client_errors_total\{code="connection-refused"\} [1-9]/m
      expect((await until(port, '/metrics', (_, text) => counted.test(text)))[1]).toMatch(counted)
      const { said } = workers[at]!
      expect(said).toMatch(/"code":"connection-refused"/)
      expect(said).not.toMatch(/"code":"unknown"/)
    }
    await broker.restart()
    expect(await ready(fine)).toEqual(all(fine))
    for (const worker of workers) worker.kill('SIGTERM')
    for (const worker of workers) expect((await worker.within(60_000))?.code).toBe(0)
  })

  it('30. that are not there at the start', async (test) => {
    const world = await World.make(broker.address, test, {
      brokers: '127.0.0.1:1',
      pipeline: 'http: { port: 0 }\n',
    })
    const worker = world.start()
    const port = await portOf(worker)
    const says = 'brokers: connection-refused\nkeys: ok\nassigned: no route is running\n'
    expect(await until(port, '/readyz', (_, text) => text === says)).toEqual([503, says])
    expect(await until(port, '/livez', () => true)).toEqual([200, 'ok\n'])
    expect((await worker.within(60_000))?.code).toBe(4)
    expect(worker.said).toMatch(/"kind":"failed".*"code":"connection-refused"/)
    expect(worker.said).toMatch(
      /no broker answers .*127\.0\.0\.1:1: nothing listens there \(connection-refused\)/,
    )
  })
})
