/**
 * Kafka as the queue of many machines, for `npm run proof:shards`: processes of one group read a topic to its end with
 * `lethe stream --until-end`, are killed and begun again, and leave what one `lethe batch` over the same records does: in a
 * topic each record once, in a data set the rows of each partition in order, to the byte.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { startBroker } from '../broker/broker.mjs'
import { readTopics } from '../integration/checker/read-topics.ts'
import { readDataset } from '../integration/dataset-checker.ts'

export interface QueueSetting {
  /** With `policy.yaml` and `keys.json`. */
  readonly folder: string
  readonly script: string
  /** Records of NDJSON, without line breaks; some are none. */
  readonly records: readonly string[]
  readonly check: (what: string, holds: boolean, more?: string) => void
}

const PARTITIONS = 6
const PROCESSES = 3
const MOST_KILLS = 6
/** How long a process may run before it is killed: as it starts, at least. */
const LEAST_MS = 600
const LONGEST_MS = 4000
const SESSION_MS = 20_000
const CHUNK = 2000
/** A process that runs longer hangs. */
const HANGS_MS = 240_000

const OUTPUTS = {
  topic: { to: '{ topic: queue.topic.out }', delivery: 'exactly-once' },
  'data set': {
    to: '{ dataset: queue-set, format: ndjson, roll: { bytes: 256KiB, time: 1s } }',
    delivery: 'at-least-once',
  },
} as const

type Kind = keyof typeof OUTPUTS

const nameOf = (kind: Kind): string => kind.replace(' ', '-')

const pipelineOf = (kind: Kind, address: string): string => `pipeline: queue-${nameOf(kind)}
brokers: ["${address}"]
instance: { env: QUEUE_INSTANCE }
keys: { file: keys.json }
delivery: ${OUTPUTS[kind].delivery}
client: { session.timeout.ms: ${SESSION_MS}, heartbeat.interval.ms: 1000, transaction.timeout.ms: 9000 }
batch: { records: 500, time: 50ms }
maxDeadLetters: 10%
routes:
  - name: queue
    from: { topics: [queue.in], group: queue.${nameOf(kind)}, start: earliest }
    to: ${OUTPUTS[kind].to}
    deadLetterTopic: queue.${nameOf(kind)}.dead
    policy: policy.yaml
`

/** What one batch makes of records: its lines, and how many are dead letters. */
function batchOf(
  { folder, script }: QueueSetting,
  records: readonly string[],
): { rows: string[]; dead: number } {
  writeFileSync(join(folder, 'queue.ndjson'), `${records.join('\n')}\n`)
  const args = [
    'batch',
    'queue.ndjson',
    '-p',
    'policy.yaml',
    '--keys',
    'keys.json',
    '-o',
    'queue-out.ndjson',
    '-q',
  ]
  const { status, stderr } = spawnSync(process.execPath, [script, ...args, '--summary', 'queue.json'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0 && status !== 3) throw new Error(`lethe batch ended with ${status}\n${stderr}`)
  const text = readFileSync(join(folder, 'queue-out.ndjson'), 'utf8')
  const { records: told } = JSON.parse(readFileSync(join(folder, 'queue.json'), 'utf8'))
  const counts: number[] = Object.values(told.deadLettered)
  return { rows: text === '' ? [] : text.trimEnd().split('\n'), dead: counts.reduce((a, b) => a + b, 0) }
}

interface Ran {
  readonly kills: number
  readonly seconds: number
  /** Ways in which processes ended that were not killed. */
  readonly codes: ReadonlySet<number | null>
}

/** Runs the processes to the end; `mayKill`: random ones are killed, and others begun in their place. */
async function runGroup({ folder, script }: QueueSetting, pipeline: string, mayKill: boolean): Promise<Ran> {
  const began = performance.now()
  const codes = new Set<number | null>()
  let kills = 0
  const member = async (instance: string, mayBeKilled: () => boolean): Promise<void> => {
    for (;;) {
      const child: ChildProcess = spawn(
        process.execPath,
        [script, 'stream', pipeline, '--until-end', '--quiet'],
        {
          cwd: folder,
          env: { ...process.env, QUEUE_INSTANCE: instance },
          stdio: ['ignore', 'ignore', 'ignore'],
        },
      )
      const ended = once(child, 'exit') as Promise<[number | null, string | null]>
      if (mayBeKilled()) {
        const first = await Promise.race([ended, sleep(LEAST_MS + Math.random() * LONGEST_MS)])
        if (first === undefined && child.kill('SIGKILL')) kills++
      }
      const end = await Promise.race([ended, sleep(HANGS_MS, undefined, { ref: false })])
      if (end === undefined) {
        child.kill('SIGKILL')
        throw new Error(`${instance} did not end within ${HANGS_MS} ms`)
      }
      const [code, signal] = end
      if (signal === 'SIGKILL') continue
      codes.add(code)
      return
    }
  }
  const mayBeKilled = (): boolean => mayKill && kills < MOST_KILLS
  await Promise.all(
    Array.from({ length: PROCESSES }, (_, at) => member(`q${at}`, at === 0 ? () => false : mayBeKilled)),
  )
  return { kills, codes, seconds: (performance.now() - began) / 1000 }
}

const areSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((row, at) => row === other[at])

/** @throws Error where there is no broker, or a process of the comparison fails */
export async function proveQueue(setting: QueueSetting): Promise<void> {
  const { folder, records, check } = setting
  const broker = await startBroker({ own: true })
  try {
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    const topics = [
      'queue.in',
      'queue.topic.out',
      ...Object.keys(OUTPUTS).map((kind) => `queue.${nameOf(kind as Kind)}.dead`),
    ]
    await admin.createTopics({
      topics: topics.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 })),
      waitForLeaders: true,
    })
    await admin.disconnect()
    const producer = kafka.producer()
    await producer.connect()
    for (let at = 0; at < records.length; at += CHUNK)
      await producer.send({
        topic: 'queue.in',
        messages: records
          .slice(at, at + CHUNK)
          .map((value, n) => ({ value, partition: (at + n) % PARTITIONS })),
      })
    await producer.disconnect()
    const whole = batchOf(setting, records)
    const sorted = whole.rows.toSorted()
    const byPartition = Array.from({ length: PARTITIONS }, (_, partition) =>
      batchOf(
        setting,
        records.filter((_record, at) => at % PARTITIONS === partition),
      ),
    )
    for (const kind of Object.keys(OUTPUTS) as Kind[]) {
      const pipeline = `queue-${nameOf(kind)}.yaml`
      writeFileSync(join(folder, pipeline), pipelineOf(kind, broker.address))
      mkdirSync(join(folder, 'queue-set'), { recursive: true })
      const { kills, codes, seconds } = await runGroup(setting, pipeline, true)
      const what = `Kafka as the queue, into a ${kind}`
      check(
        `${what}: processes were killed, and all others ended at the end`,
        kills > 0 && [...codes].every((code) => code === 0 || code === 3),
        `${PROCESSES} of one group, ${kills} with SIGKILL, codes ${[...codes]}, ${seconds.toFixed(1)} s`,
      )
      if (kind === 'topic') {
        const out = await readTopics(broker.address, ['queue.topic.out'])
        const values = out.map(({ value }) => value!.toString('utf8')).toSorted()
        check(
          `${what}: its records are the lines of one batch, each once`,
          areSame(values, sorted),
          `${values.length} records`,
        )
      } else {
        const files = readDataset(join(folder, 'queue-set'))
        const rowsOf = (partition: number): string[] =>
          files
            .filter((file) => file.partition === partition)
            .sort((a, b) => a.first - b.first)
            .flatMap(({ rows }) => rows)
        const all = byPartition.map(({ rows }, partition) => areSame(rowsOf(partition), rows))
        check(
          `${what}: the rows of each partition are those of one batch over it, in order`,
          all.every((is) => is),
          `${files.length} files, ${files.reduce((sum, { rows }) => sum + rows.length, 0)} rows`,
        )
      }
      const dead = await readTopics(broker.address, [`queue.${nameOf(kind)}.dead`])
      const sources = new Set(
        dead.map(({ value }) => {
          const { partition, offset } = JSON.parse(value!.toString('utf8'))
          return `${partition}/${offset}`
        }),
      )
      check(
        `${what}: dead letters are those of one batch`,
        sources.size === whole.dead && (kind === 'data set' || dead.length === whole.dead),
        `${dead.length} of ${whole.dead} records`,
      )
      // Begun again, it finds nothing to do.
      const again = await runGroup(setting, pipeline, false)
      const more =
        kind === 'topic'
          ? (await readTopics(broker.address, ['queue.topic.out'])).length
          : readDataset(join(folder, 'queue-set')).reduce((sum, { rows }) => sum + rows.length, 0)
      check(
        `${what}: run again, it changes nothing`,
        more === whole.rows.length,
        `${again.seconds.toFixed(1)} s`,
      )
    }
  } finally {
    await broker.stop()
  }
}
