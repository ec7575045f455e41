/** The stream of compose.yaml, with its pipeline as it stands, on Apache Kafka as a process of this machine. */
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { parse } from 'yaml'
import { startBroker } from '../../broker/broker.mjs'
import { readTopics } from '../../integration/checker/read-topics.ts'
import { here, POLICY, type Trial } from './batch.ts'
import { type ContainerOptions, until } from './container.ts'

const HOUR_MS = 3_600_000
const STOP_SECONDS = 75
const PARTITIONS = 4

/** What compose.yaml says of the service that runs Lethe. */
interface Service {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** FROM:TO:ro */
  readonly volumes: readonly string[]
  readonly secrets: readonly string[]
  /** Such as 512m. */
  readonly mem_limit: string
}

interface Compose {
  readonly services: {
    readonly lethe: Service
    readonly topics: { readonly command: readonly string[] }
    readonly kafka: { readonly environment: Readonly<Record<string, string>> }
  }
}

export interface Composed {
  readonly options: ContainerOptions
  /** Topics and their settings. */
  readonly topics: readonly { readonly name: string; readonly settings: Readonly<Record<string, string>> }[]
  /** host:port of the broker for other containers. */
  readonly broker: string
}

/** @param keys the file that compose hands over as the secret */
export function composed(text: string, folder: string, keys: string): Composed {
  const { lethe, topics, kafka } = (parse(text, { version: '1.1', merge: true }) as Compose).services
  const megabytes = /^(\d+)m$/.exec(lethe.mem_limit)?.[1]
  const broker = /INSIDE:\/\/([\w.]+:\d+)/.exec(kafka.environment['KAFKA_ADVERTISED_LISTENERS'] ?? '')?.[1]
  if (megabytes === undefined || broker === undefined) throw new Error('compose.yaml is not as it was')
  return {
    broker,
    topics: [...topics.command.join('\n').matchAll(/^\s*topic ([\w.-]+)((?: --config \S+)*)$/gm)].map(
      ([, name, settings]) => ({
        name: name!,
        settings: Object.fromEntries(
          [...settings!.matchAll(/--config ([\w.]+)=(\S+)/g)].map(([, key, value]) => [key!, value!]),
        ),
      }),
    ),
    options: {
      args: lethe.command,
      env: lethe.environment,
      memory: Number(megabytes) * 1_048_576,
      mounts: [
        ...lethe.volumes.map((volume) => {
          const [from, to] = volume.split(':')
          return { from: join(folder, from!), to: to! }
        }),
        ...lethe.secrets.map((name) => ({ from: keys, to: `/run/secrets/${name}` })),
      ],
    },
  }
}

const listening = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })

/** Leads connections from where compose.yaml has the broker to where it is. */
async function relay(port: number, target: string): Promise<Server> {
  const server = createServer((from) => {
    const to = connect(Number(target.split(':')[1]), '127.0.0.1')
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy())
      one.pipe(other)
    }
  })
  await listening(server, port, '127.0.0.1')
  server.unref()
  return server
}

/** @returns what was compared. @throws Error where a record is missing, too many, or another one */
export async function tryStream(trial: Trial, say: (line: string) => void): Promise<string> {
  const { containers, data, root } = trial
  const docker = join(root, 'docker')
  const text = readFileSync(join(docker, 'compose.yaml'), 'utf8')
  const { options, topics, broker: inside } = composed(text, docker, join(data, 'keys.json'))
  const [host, port] = inside.split(':')
  const broker = await startBroker({ own: true, advertised: [inside], onProgress: say })
  const behind = await relay(Number(port), broker.behind[0]!)
  try {
    const events = readFileSync(join(data, 'events.ndjson')).toString('latin1').split('\n').filter(Boolean)
    await fill(broker.address, topics, events)
    const early = await expected(trial, new Date())
    const hosts = join(data, 'hosts')
    writeFileSync(hosts, `127.0.0.1 localhost ${host}\n`)
    const mounts = [...options.mounts!, { from: hosts, to: '/etc/hosts' }]
    const container = containers.start({ ...options, mounts, onLine: (line) => say(`stream | ${line}`) })
    const { ended } = container
    ended.catch(() => {})
    const [, output, dead] = topics.map(({ name }) => name)
    const published = async (): Promise<string[]> =>
      (await readTopics(broker.address, [output!])).map(({ value }) => value!.toString('latin1')).sort()
    await until('/readyz', () => answers('readyz'), { ended })
    await until('all records', async () => (await published()).length >= early.length, { ended })
    const check = containers.image.Healthcheck?.Test.slice(1) ?? ['false']
    const health = await container.exec(check)
    if (health.status !== 0) throw new Error(`the health check fails: ${health.stderr}`)
    container.kill('SIGTERM')
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    ended.then(over, over)
    await until('the end', async () => isOver, { ended: new Promise(() => {}), seconds: STOP_SECONDS })
    const { status, stderr } = await ended
    if (status !== 0) throw new Error(`the stream ended with ${status}: ${stderr.slice(-2000)}`)
    // Retention is judged by the clock: a record may have come of age while the stream ran.
    const late = await expected(trial, new Date(Date.now() + HOUR_MS))
    const got = await published()
    compare(got, early, late)
    const letters = await readTopics(broker.address, [dead!])
    const known = readFileSync(join(data, 'expected-dead.ndjson'), 'utf8').split('\n').filter(Boolean)
    if (letters.length !== known.length)
      throw new Error(`${letters.length} dead letters, and not ${known.length}`)
    return `${events.length} records in, ${got.length} out as files give them, ${letters.length} dead letters`
  } finally {
    behind.close()
    await broker.stop()
  }
}

const answers = async (path: string): Promise<boolean> =>
  await fetch(`http://127.0.0.1:9464/${path}`).then(
    ({ ok }) => ok,
    () => false,
  )

async function fill(address: string, topics: Composed['topics'], events: readonly string[]): Promise<void> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map(({ name, settings }) => ({
      topic: name,
      numPartitions: PARTITIONS,
      configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
    })),
  })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const messages = events.map((event) => ({
    key: /"id":"(C-\d+)"/.exec(event)?.[1] ?? null,
    value: Buffer.from(event, 'latin1'),
  }))
  await producer.send({ topic: topics[0]!.name, acks: -1, messages })
  await producer.disconnect()
}

/** What a batch of this build makes of the same events at this time, in order of the texts. */
async function expected(trial: Trial, asOf: Date): Promise<readonly string[]> {
  const output = 'expected.ndjson'
  const outputs = ['-o', output, '--dead-letter', 'expected-dead.ndjson']
  const args = ['-p', join(trial.root, POLICY), '--keys', 'keys.json', '--as-of', asOf.toISOString()]
  const { status, stderr } = await here(trial, 'batch', 'events.ndjson', ...args, ...outputs)
  if (status !== 3) throw new Error(`the batch ended with ${status}: ${stderr}`)
  return readFileSync(join(trial.data, output), 'latin1').split('\n').filter(Boolean).sort()
}

/** @throws Error where `got` is not what lies between the two */
export function compare(got: readonly string[], early: readonly string[], late: readonly string[]): void {
  const [ones, others, all] = [new Set(early), new Set(late), new Set(got)]
  const strange = got.filter((text) => !ones.has(text) && !others.has(text))
  const missing = early.filter((text) => others.has(text) && !all.has(text))
  const most = Math.max(early.length, late.length)
  const least = Math.min(early.length, late.length)
  if (strange.length > 0 || missing.length > 0 || got.length > most || got.length < least)
    throw new Error(
      `of ${got.length} outputs ${strange.length} are not as files give them, ${missing.length} of ${least} to ${most} are missing`,
    )
}
