/** A policy changes on a running fleet, and changes back, as docs/operation.md says it: drain, start, look at the headers. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Partitioners, type Producer } from 'kafkajs'
import { expect, it } from 'vitest'
import { broker, onKafka } from '../broker/suite.ts'
import { CANARY, POLICY } from './chaos/events.ts'
import type { Worker } from './chaos/worker.ts'
import type { LogRecord } from './checker/records.ts'
import { kafkaOf, World } from './stream-world.ts'

const RAISED = POLICY.replace('version: 1', 'version: 2').replace('to: hour', 'to: day')
const OCCURRED = '2026-03-10T11:17:00.000Z'

/** Events that go on coming, whatever the fleet does. */
class Feed {
  sent = 0
  #ended = false
  readonly #running: Promise<void>

  constructor(producer: Producer, topic: string) {
    this.#running = this.#run(producer, topic)
  }

  async #run(producer: Producer, topic: string): Promise<void> {
    while (!this.#ended) {
      const messages = Array.from({ length: 40 }, (_, at) => {
        const id = `${CANARY}-${(this.sent + at) % 50}`
        return { key: id, value: JSON.stringify({ occurred_at: OCCURRED, customer: { id } }) }
      })
      await producer.send({ topic, messages })
      this.sent += messages.length
      await sleep(100)
    }
  }

  async end(): Promise<number> {
    this.#ended = true
    await this.#running
    return this.sent
  }
}

const headerOf = ({ headers }: LogRecord, name: string): string =>
  String(headers.find((header) => header.name === name)?.value)

/** The labels of each partition in the order of its log, each time that another one begins. */
function labelsOf(outputs: readonly LogRecord[]): string[][] {
  const labels = new Map<number, string[]>()
  for (const record of [...outputs].sort((a, b) => a.offset - b.offset)) {
    const found = labels.get(record.partition) ?? []
    labels.set(record.partition, found)
    const label = headerOf(record, 'lethe-policy')
    if (found.at(-1) !== label) found.push(label)
  }
  return [...labels.values()]
}

onKafka('a policy that changes on a running fleet, and back', () => {
  it('mixes no two policies in a partition, loses nothing and writes nothing twice', {
    timeout: 240_000,
  }, async (test) => {
    const world = await World.make(broker.address, test, {
      pipeline: 'source: clear\nmaxDeadLetters: 100%\n',
    })
    const producer = kafkaOf(broker.address).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    test.onTestFinished(async () => await producer.disconnect())
    const deploy = (text: string): void => {
      const file = join(world.folder, 'policy.yaml')
      writeFileSync(`${file}.new`, text, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    }
    const start = async (...names: readonly string[]): Promise<readonly Worker[]> => {
      const fleet = names.map((instance) => world.start(instance, '--progress', '1'))
      for (const worker of fleet)
        expect(await worker.says(/"kind":"assigned"/, 60_000), worker.said.slice(-2000)).toBe(true)
      return fleet
    }
    const drain = async (fleet: readonly Worker[]): Promise<void> => {
      for (const worker of fleet) worker.kill('SIGTERM')
      for (const worker of fleet)
        expect(await worker.within(60_000), worker.said.slice(-2000)).toEqual({ code: 0, signal: null })
    }
    /** They have written under the policy that they run. */
    const outputs = async (more: number): Promise<void> => {
      const { length } = await world.read(world.output)
      await world.until(world.output, length + more)
    }

    const feed = new Feed(producer, world.input)
    test.onTestFinished(async () => void (await feed.end()))
    const first = await start('a', 'b')
    await outputs(200)
    deploy(RAISED)
    for (const worker of first) {
      expect(await worker.says(/"configuration-changed"/, 30_000), worker.said.slice(-2000)).toBe(true)
      expect(worker.said).not.toContain('mixed-fingerprints')
    }
    await drain(first)
    const second = await start('a', 'b')
    for (const worker of second) expect(worker.said).toMatch(/"mixed-fingerprints".*"policyVersion":1/)
    await outputs(200)
    deploy(POLICY)
    await drain(second)
    const third = await start('a')
    for (const worker of third) expect(worker.said).toMatch(/"mixed-fingerprints".*"policyVersion":2/)
    await outputs(200)
    const sent = await feed.end()
    await world.until(world.output, sent)
    await drain(third)

    const written = await world.read(world.output)
    const sources = new Set(written.map((record) => headerOf(record, 'lethe-source')))
    expect([written.length, sources.size, (await world.read(world.dead)).length]).toEqual([sent, sent, 0])
    const inputs = (await world.read(world.input)).map(
      ({ topic, partition, offset }) => `${topic}/${partition}/${offset}`,
    )
    expect(inputs.filter((input) => !sources.has(input))).toEqual([])
    const labels = labelsOf(written)
    const [before, after] = labels[0]!
    expect([before, after]).toEqual([
      expect.stringMatching(/^chaos@1#[0-9a-f]+$/),
      expect.stringMatching(/^chaos@2#[0-9a-f]+$/),
    ])
    expect(labels).toEqual(Array(3).fill([before, after, before]))
    // The label says by which policy a value was made, and tokens are of one key throughout.
    for (const record of written) {
      const { occurred_at } = JSON.parse(String(record.value))
      const isAfter = headerOf(record, 'lethe-policy') === after
      expect(occurred_at).toBe(isAfter ? '2026-03-10' : '2026-03-10T11:00:00Z')
    }
    expect(new Set(written.map(({ key }) => String(key))).size).toBe(50)
  })
})
