/** What stands before a slow output is not read: the memory of a worker stays bounded, the clients' queues included. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, type TestContext } from 'vitest'
import { startBroker } from '../broker/broker.mjs'
import { CANARY } from './chaos/events.ts'
import { startProxy } from './proxy.mjs'
import { World } from './stream-world.ts'

/** At most, with the queues of librdkafka: pods are given 512 MiB. */
const MOST_KIB = 350 * 1024
/** So much stands there, in the notes of events, which are kept: far more than a worker may hold. */
const BYTES = 160_000_000
const POLICY = `policy: p
version: 1
purpose: train_ai_system
time: occurred_at
fields:
  occurred_at: { use: generalize.date, to: hour }
  customer.id: { use: hash.hmac, domain: customer }
  note: keep
  $key: { use: hash.hmac, domain: customer }
`

/** KiB that a process has held at most; 0 once it is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/**
 * Lets a stream with 160 MB before it meet an output that takes 300 kB a second for ten seconds.
 * @param lines of its pipeline file
 * @param size bytes of each note: short ones make many records, which is more work and not more memory
 */
export async function holdsBack(
  lines: string,
  size: number,
  { onTestFinished, skip }: Pick<TestContext, 'onTestFinished' | 'skip'>,
): Promise<void> {
  const count = BYTES / size
  const note = 'n'.repeat(size)
  skip(process.platform !== 'linux', 'memory is read from /proc')
  const proxy = await startProxy()
  onTestFinished(async () => await proxy.close())
  const broker = await startBroker({ own: true, advertised: [proxy.address] })
  onTestFinished(async () => await broker.stop())
  proxy.target = broker.behind[0]!
  const world = await World.make(
    broker.address,
    { onTestFinished },
    {
      policy: POLICY,
      pipeline: `${lines}maxDeadLetters: 100%\n`,
      brokers: proxy.address,
    },
  )
  const occurred_at = new Date(Date.now() - 3_600_000).toISOString()
  const event = (n: number) => {
    const id = `${CANARY}-${n}`
    return { key: id, value: JSON.stringify({ occurred_at, customer: { id }, note }) }
  }
  const atOnce = 2_000_000 / size
  for (let from = 0; from < count; from += atOnce)
    await world.send(Array.from({ length: atOnce }, (_, n) => event(from + n)))
  // Requests carry what is written; what is read comes in the answers.
  proxy.throttle(300_000, 'requests')
  const worker = world.start('a', '--until-end')
  let peak = 0
  const timer = setInterval(() => {
    if (worker.isRunning) peak = Math.max(peak, peakOf(worker.pid))
  }, 200)
  onTestFinished(() => clearInterval(timer))
  expect(await worker.says(/"assigned"/, 60_000), worker.said.slice(-2000)).toBe(true)
  await sleep(10_000)
  expect(worker.isRunning, worker.said.slice(-2000)).toBe(true)
  proxy.calm()
  expect(await worker.within(90_000), worker.said.slice(-2000)).toEqual({ code: 0, signal: null })
  expect(peak).toBeLessThan(MOST_KIB)
  const sources = (await world.read(world.output)).map(({ headers }) =>
    String(headers.find(({ name }) => name === 'lethe-source')?.value),
  )
  expect(new Set(sources).size).toBe(count)
  if (!lines.includes('at-least-once')) expect(sources.length).toBe(count)
}
