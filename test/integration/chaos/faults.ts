/** What can happen to a stream. Each fault lasts as long as it takes, and leaves the run able to go on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PARTITIONS } from './cluster.ts'
import type { Run } from './run.ts'
import type { Worker } from './worker.ts'

export type FaultName =
  | 'kill'
  | 'zombie'
  | 'freeze'
  | 'twin'
  | 'join'
  | 'leave'
  | 'broker-restart'
  | 'broker-kill'
  | 'cut'
  | 'slow'
  | 'silence'
  | 'refuse'

const MOST_WORKERS = 4

function pick(run: Run): Worker {
  const { free } = run
  return free[run.draw(free.length)] ?? run.join()
}

/** SIGKILL, and the same instance again. */
async function kill(run: Run): Promise<void> {
  const worker = pick(run)
  await worker.end()
  run.join(worker.instance)
}

/** Stands still, and then goes on as if nothing had been. */
async function stop(run: Run, milliseconds: number): Promise<void> {
  const worker = pick(run)
  worker.kill('SIGSTOP')
  await sleep(milliseconds)
  worker.kill('SIGCONT')
  await sleep(1500)
}

/** Two processes of one name: one is fenced, and says so. */
async function twin(run: Run): Promise<void> {
  // With more members than partitions one has nothing to settle, and never hears that it is fenced.
  if (run.free.length >= PARTITIONS) await run.stop(pick(run))
  const first = pick(run)
  if (!(await first.says(/"route-started"/, 60_000))) return
  const second = run.join(first.instance)
  first.isExpected = true
  second.isExpected = true
  const ended = await Promise.race([
    first.exited.then(() => first),
    second.exited.then(() => second),
    sleep(40_000, undefined, { ref: false }),
  ])
  if (ended === undefined) {
    run.find(`neither of two processes named ${first.instance} ended`)
    await second.end()
  } else if (ended.exit!.code !== 4 || !ended.said.includes('another process uses the same transactional id'))
    run.find(
      `of two processes named ${first.instance}, one ended with ${ended.exit!.code ?? ended.exit!.signal}: ${ended.said.slice(-1500)}`,
    )
  const other = ended === first ? second : first
  other.isExpected = false
  if (!other.isRunning) run.join(other.instance)
}

export const FAULTS: Readonly<Record<FaultName, (run: Run) => Promise<void>>> = {
  kill,
  zombie: async (run) => await stop(run, run.session + 2000 + run.draw(2000)),
  // Longer than a transaction may be open, shorter than the session.
  freeze: async (run) => await stop(run, 500 + run.draw(6000)),
  twin,
  join: async (run) => {
    if (run.free.length >= MOST_WORKERS) await run.stop(pick(run))
    run.join()
  },
  leave: async (run) => {
    if (run.free.length < 2) run.join()
    await run.stop(pick(run))
    if (run.free.length < 2) run.join()
  },
  'broker-restart': async (run) => {
    await run.cluster.broker.restart()
  },
  'broker-kill': async (run) => {
    await run.cluster.broker.kill()
    await sleep(run.draw(4000))
    await run.cluster.broker.restart()
  },
  cut: async ({ cluster, draw }) => {
    for (let times = 1 + draw(4); times > 0; times--) {
      cluster.proxy.cut()
      await sleep(draw(300))
    }
  },
  slow: async ({ cluster, draw }) => {
    cluster.proxy.delay(50 + draw(400))
    cluster.proxy.throttle(20_000 + draw(200_000))
    await sleep(2000 + draw(4000))
    cluster.proxy.calm()
  },
  // The brokers act, and nobody hears of it; then the connections end, so that the answers are lost.
  silence: async ({ cluster, draw }) => {
    cluster.proxy.hold('answers')
    await sleep(500 + draw(4000))
    cluster.proxy.cut()
    cluster.proxy.calm()
  },
  refuse: async ({ cluster, draw }) => {
    await cluster.proxy.refuse()
    await sleep(500 + draw(5000))
    await cluster.proxy.accept()
  },
}
