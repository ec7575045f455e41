/** The worked example of the library, as people would run it: in a kafkajs consumer of their own. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type ProducerConfig } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { broker, onKafka, uniqueName } from '../broker/suite.ts'
import { createTopics } from '../broker/topics.ts'
import { folder, root, warm } from '../src/cli/lethe.ts'
import { readTopics } from './checker/read-topics.ts'

const POLICY = `
policy: example
version: 1
purpose: train_ai_system
fields:
  customer.id: { use: hash.hmac, domain: customer }
  page: keep
  $key: { use: hash.hmac, domain: customer }
`

onKafka('config/examples/kafkajs-consumer.mjs', () => {
  it('publishes what may leave, and the tokens of lethe batch', async () => {
    const cwd = folder({ 'policy.yaml': POLICY })
    await warm(['keys', 'create', 'keys.json'], { cwd })
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const [input, output] = [uniqueName('library-in'), uniqueName('library-out')] as const
    const admin = kafka.admin()
    await admin.connect()
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: [input, output] })
      await admin.disconnect()
    })
    await createTopics(
      admin,
      [input, output].map((topic) => ({ topic, numPartitions: 2 })),
    )
    const events = Array.from({ length: 500 }, (_, i) => ({
      customer: { id: `C-${i % 50}` },
      page: `/p/${i}`,
      secret: 's',
    }))
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
      topic: input,
      messages: [
        ...events.map((event) => ({ key: event.customer.id, value: JSON.stringify(event) })),
        { key: 'C-1', value: null },
        { key: 'C-2', value: 'no JSON' },
      ],
    })
    await producer.disconnect()

    const script = join(root, 'config/examples/kafkajs-consumer.mjs')
    const args = ['policy.yaml', 'keys.json', broker.address, uniqueName('library'), input, output]
    const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    let outputs = await readTopics(broker.address, [output])
    for (
      const deadline = Date.now() + 60_000;
      outputs.length < events.length + 1 && Date.now() < deadline;
    ) {
      await sleep(500)
      outputs = await readTopics(broker.address, [output])
    }
    child.kill('SIGTERM')
    await ended

    const batch = await warm(
      ['batch', '-', '--format', 'ndjson', '-p', 'policy.yaml', '--keys', 'keys.json', '-o', '-'],
      { cwd, input: events.map((event) => JSON.stringify(event)).join('\n') },
    )
    const text = (bytes: Uint8Array | null): string | null =>
      bytes === null ? null : Buffer.from(bytes).toString()
    const values = outputs.filter(({ value }) => value !== null).map(({ value }) => text(value))
    expect(values.sort()).toEqual(batch.stdout.trim().split('\n').sort())
    for (const { key, value } of outputs)
      if (value !== null) expect(JSON.parse(text(value)!).customer.id).toBe(text(key))
    expect(outputs.filter(({ value }) => value === null).length).toBe(1)
    expect(said).toContain('json-syntax')
    expect(said).not.toContain('no JSON')
  })

  /** A send of which one partition is refused, and then another one. */
  const written = async (options: ProducerConfig): Promise<readonly string[]> => {
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const topic = uniqueName('library-partial')
    const admin = kafka.admin()
    const producer = kafka.producer(options)
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: [topic] })
      await Promise.all([admin.disconnect(), producer.disconnect()])
    })
    await Promise.all([admin.connect(), producer.connect()])
    const configEntries = [{ name: 'max.message.bytes', value: '20000' }]
    await createTopics(admin, [{ topic, numPartitions: 2, configEntries }])
    const refused = producer.send({
      topic,
      messages: [
        { partition: 0, value: 'before' },
        { partition: 1, value: 'x'.repeat(30_000) },
      ],
    })
    await expect(refused).rejects.toThrow()
    await producer.send({ topic, messages: [{ partition: 0, value: 'after' }] })
    return (await readTopics(broker.address, [topic])).map(({ value }) => Buffer.from(value!).toString())
  }

  it('has a producer that loses nothing once a send has failed in part', async () => {
    const source = readFileSync(join(root, 'config/examples/kafkajs-consumer.mjs'), 'utf8')
    const [, options] = /kafka\.producer\((\{.*\})\)/.exec(source)!
    const given = new Function(`return ${options}`)() as ProducerConfig
    expect(await written(given)).toEqual(['before', 'after'])
  })

  it('says of the idempotent producer of kafkajs what is so: it loses the next send', async () => {
    expect(await written({ idempotent: true, maxInFlightRequests: 1 })).toEqual(['before'])
  })
})
