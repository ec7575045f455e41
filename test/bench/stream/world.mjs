/** What benchmarks of streams share: a broker of their own, topics, events in them, pipeline files, timed processes. */
import { execFileSync, spawn } from 'node:child_process'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Kafka, logLevel } from 'kafkajs'
import { startBroker } from '../../broker/broker.mjs'
import { generate } from '../data.mjs'

const HERE = import.meta.dirname
export const PARTITIONS = 4

/** Starts the broker. `main` is the built command, which makes the keyset. `close` ends and removes everything. */
export async function openWorld({ main, events, say }) {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-bench-stream-'))
  const broker = await startBroker({ own: true, jvm: ['-Xms1g', '-Xmx1g'], onProgress: say })
  const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
  let serial = 0
  await admin.connect()
  execFileSync(process.execPath, [main, 'keys', 'create', join(folder, 'keys.json')], { stdio: 'ignore' })

  async function topic(name, config = {}) {
    const made = `${name}-${serial++}`
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    await admin.createTopics({
      topics: [{ topic: made, numPartitions: PARTITIONS, configEntries }],
      waitForLeaders: false,
    })
    for (let tries = 0; tries < 50; tries++) {
      const known = await admin.fetchTopicMetadata({ topics: [made] }).catch(() => undefined)
      if (known?.topics[0]?.partitions.every(({ leader }) => leader >= 0)) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return made
  }

  /** Runs processes side by side; seconds until the last ends, and processor seconds of all with their children. */
  async function timed(commands) {
    const began = performance.now()
    const used = await Promise.all(
      commands.map(
        (command) =>
          new Promise((resolve, reject) => {
            const line = command.map((word) => `'${word}'`).join(' ')
            const child = spawn(
              'bash',
              ['-c', `TIMEFORMAT='%U %S'; time ${line} > /dev/null 2> '${folder}/err'`],
              {
                stdio: ['ignore', 'ignore', 'pipe'],
                cwd: folder,
              },
            )
            let text = ''
            child.stderr.on('data', (chunk) => {
              text += chunk
            })
            child.on('close', (code) => {
              if (code !== 0) reject(new Error(`${line} ended with ${code}: see ${folder}/err`))
              else
                resolve(
                  text
                    .trim()
                    .split(/\s+/)
                    .map(Number)
                    .reduce((a, b) => a + b),
                )
            })
          }),
      ),
    )
    return { seconds: (performance.now() - began) / 1000, cpu: used.reduce((a, b) => a + b) }
  }

  async function fill(name) {
    const file = join(folder, 'events.ndjson')
    await generate('ndjson', events, 'repeat', file)
    const { default: Rdkafka } = await import('node-rdkafka')
    const producer = new Rdkafka.Producer(
      { 'metadata.broker.list': broker.address, 'linger.ms': 20, 'queue.buffering.max.messages': 1_000_000 },
      { partitioner: 'murmur2_random' },
    )
    await new Promise((resolve, reject) =>
      producer.connect({}, (error) => (error ? reject(error) : resolve())),
    )
    let bytes = 0
    for await (const line of createInterface({ input: createReadStream(file) })) {
      bytes += line.length
      const key = /"id":"([^"]+)"/.exec(line)?.[1] ?? ''
      for (;;) {
        try {
          producer.produce(name, null, Buffer.from(line), Buffer.from(key))
          break
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 5))
          producer.poll()
        }
      }
    }
    await new Promise((resolve, reject) =>
      producer.flush(60_000, (error) => (error ? reject(error) : resolve())),
    )
    await new Promise((resolve) => producer.disconnect(resolve))
    rmSync(file)
    return bytes / events
  }

  function pipeline({
    input,
    output,
    dead,
    driver,
    delivery,
    source = 'encrypted',
    policy = join(HERE, '../policies/stream.yaml'),
    route = '',
  }) {
    const file = join(folder, `pipeline-${serial++}.yaml`)
    writeFileSync(
      file,
      `pipeline: bench
brokers: [ "${broker.address}" ]
delivery: ${delivery}
driver: ${driver}
instance: bench-${serial}
keys: { file: keys.json }
source: ${source}
routes:
  - name: events
    from: { topics: [ ${input} ], group: lethe-${serial} }
    to: { topic: ${output} }
    deadLetterTopic: ${dead}
    policy: ${policy}
${route}`,
    )
    return file
  }

  /** How many records a topic holds. */
  const count = async (of) =>
    (await admin.fetchTopicOffsets(of)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)

  return {
    folder,
    broker,
    admin,
    topic,
    timed,
    fill,
    pipeline,
    count,
    async close() {
      await admin.disconnect()
      await broker.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
