/**
 * `lethe stream` under a policy with `crowd:`, with two routes into one topic, over processes that come, go, stand still and are killed, and
 * clocks that are set: no combination leaves that fewer than k subjects have shown, none leaves twice, and one that enough have shown does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { lethe } from '../src/cli/lethe.ts'
import { type Draw, drawOf } from './chaos/events.ts'
import { Worker } from './chaos/worker.ts'
import { kafkaOf, World } from './stream-world.ts'

const POLICY = `policy: crowd
version: 1
purpose: train_ai_system
subject: id
fields:
  cluster: { use: keep, role: quasi-identifier }
  told: { use: keep, role: sensitive }
  n: keep
crowd: { k: 3, l: 2, onFail: suppress, window: 1h }
`
const ROUNDS = 25
const EVENTS = 400
const HALF_AN_HOUR = 1_800_000

interface Event {
  readonly cluster: string
  readonly told: string
  /** As it stands in the record; undefined: not at all. */
  readonly id: unknown
}

/** Combinations that must not leave are called `few…`. */
function eventOf(draw: Draw): Event {
  const kind = draw(7)
  const of = draw(40)
  const told = `t${draw(3)}`
  // One subject in all forms of a number.
  if (kind === 0) return { cluster: `few-one-${of}`, told, id: [1001, '1001', '1001.0'][draw(3)] }
  if (kind === 1) return { cluster: `few-two-${of}`, told, id: `P${of}-${draw(2)}` }
  // What names no subject is one of all.
  if (kind === 2) return { cluster: `few-none-${of}`, told, id: [null, '', undefined, `A${of}`][draw(4)] }
  if (kind === 3) return { cluster: `few-values-${of}`, told: 't0', id: `V${draw(500)}` }
  if (kind === 4) return { cluster: `three-${of}`, told, id: `T${of}-${draw(3)}` }
  return { cluster: `many-${draw(5)}`, told, id: `C${draw(500)}` }
}

onKafka('lethe stream and its crowd', () => {
  it('holds whatever becomes of its processes and clocks', { timeout: 280_000 }, async (test) => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e6))
    const draw = drawOf(seed)
    const world = await World.make(broker.address, test, { policy: POLICY, partitions: 4 })
    const other = `${world.input}.other`
    await world.create([{ topic: other, numPartitions: 2 }])
    const text = readFileSync(world.pipeline, 'utf8')
    const route = text.slice(text.indexOf('  - name: r'))
    const second = route
      .replace('name: r', 'name: q')
      .replace(`[${world.input}]`, `[${other}]`)
      .replace(`group: ${world.group}`, `group: ${world.group}.q`)
    writeFileSync(world.pipeline, text + second)
    const clock = join(world.folder, 'clock')
    const hook = join(world.folder, 'clock.mjs')
    const shift = (milliseconds: number): void => writeFileSync(clock, String(milliseconds))
    shift(0)
    writeFileSync(
      hook,
      `import { readFileSync } from 'node:fs'
const now = Date.now
Date.now = () => now() + (Number(readFileSync(${JSON.stringify(clock)}, 'latin1')) || 0)\n`,
    )
    const env = { NODE_OPTIONS: `--import ${hook}` }
    const producer = kafkaOf(world.address).producer()
    await producer.connect()
    test.onTestFinished(async () => await producer.disconnect())
    const sent: Event[] = []
    const send = async (count: number): Promise<void> => {
      const messages = Array.from({ length: count }, () => {
        const event = eventOf(draw)
        const topic = draw(4) === 0 ? other : world.input
        const value = JSON.stringify({ ...event, n: sent.push(event) - 1 })
        return { topic, message: { value, partition: draw(topic === other ? 2 : 4) } }
      })
      for (const topic of [world.input, other])
        await producer.send({
          topic,
          messages: messages.filter((one) => one.topic === topic).map(({ message }) => message),
        })
    }
    const running = new Map<string, Worker>()
    test.onTestFinished(async () => {
      for (const worker of running.values()) await worker.end()
    })
    const start = (instance: string, workers: number): void => {
      running.set(instance, new Worker(instance, [world.pipeline, '--workers', String(workers)], env))
    }
    const acts: Readonly<Record<string, (instance: string, worker: Worker) => void | Promise<void>>> = {
      nothing: () => {},
      kill: (_, worker) => worker.end(),
      'kill a part': (_, { pid }) => {
        const parts = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
        const part = Number(parts[draw(parts.length)])
        if (part > 0) process.kill(part, 'SIGKILL')
      },
      end: async (_, worker) => {
        worker.kill('SIGTERM')
        await worker.exited
      },
      'stand still': async (_, worker) => {
        worker.kill('SIGSTOP')
        await sleep(1500)
        worker.kill('SIGCONT')
      },
      join: () => {
        const instance = ['a', 'b', 'c'].find((one) => !running.has(one))
        if (instance !== undefined) start(instance, 1 + draw(2))
      },
      'set back': () => shift(-draw(3) * HALF_AN_HOUR),
      'set forward': () => shift(draw(3) * HALF_AN_HOUR),
    }
    const done: string[] = []
    start('a', 2)
    for (let round = 0; round < ROUNDS; round++) {
      await send(EVENTS)
      const act = Object.keys(acts)[draw(Object.keys(acts).length)]!
      const [instance, worker] = [...running][draw(running.size)]!
      done.push(act)
      await acts[act]!(instance, worker)
      await sleep(700)
      for (const [name, one] of running) if (!one.isRunning) running.delete(name)
      if (running.size === 0) start('a', 1 + draw(2))
    }
    for (const worker of running.values()) {
      worker.kill('SIGTERM')
      await worker.exited
    }
    running.clear()
    // All that comes now is read by one process, which began with nothing.
    shift(0)
    const late = sent.length
    await send(4 * EVENTS)
    const ended = await lethe(['stream', world.pipeline, '--until-end'], {
      env: { CHAOS_INSTANCE: 'a', LETHE_LOG: 'json' },
    })
    expect(ended.code, ended.stderr).toBe(0)
    const left = (await world.read(world.output)).map(
      ({ value }) => JSON.parse(String(value)) as { n: number; cluster: string; told: string },
    )
    const told = `seed ${seed}: ${sent.length} sent, ${left.length} left; ${done.join(', ')}`
    console.log(told)
    expect(new Set(left.map(({ n }) => n)).size, told).toBe(left.length)
    for (const { n, cluster, told: value } of left)
      expect({ ...sent[n]!, id: 0 }).toEqual({ cluster, told: value, id: 0 })
    expect(
      left.filter(({ cluster }) => cluster.startsWith('few')),
      told,
    ).toEqual([])
    // Of five that everybody shows no more than the first of each route are missing.
    const shown = sent.filter(({ cluster }, n) => n >= late && cluster.startsWith('many')).length
    const passed = left.filter(({ n, cluster }) => n >= late && cluster.startsWith('many')).length
    expect(shown - passed, told).toBeLessThan(150)
    expect((await world.read(world.dead)).length, told).toBe(0)
  })
})
