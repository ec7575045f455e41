/** The second half of the demo: the same kind of events through a real pipeline, from topic to topic. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, LetheError } from '../errors.ts'
import type { Admin } from '../kafka/admin.ts'
import { chooseDriver, strictestDelivery } from '../kafka/drivers.ts'
import { openAdmin } from '../kafka/open-admin.ts'
import type { InputRecord, OutputRecord } from '../kafka/record.ts'
import { readSource, SOURCE_HEADER, sourceDomain } from '../kafka/source-header.ts'
import { loadKeyring } from '../keys/file.ts'
import { columns, paint, printable, shorten } from '../terminal.ts'
import { generateEvents } from './generate-events.ts'

export interface StreamDemo {
  /** host:port */
  readonly broker: string
  /** undefined: the strictest that is to be had here */
  readonly delivery: 'exactly-once' | 'at-least-once' | undefined
  /** Whether topics appear by themselves: the mock cluster takes no requests to make them. */
  readonly isMock: boolean
  /** Where policy and keyset stand, and the pipeline file will. */
  readonly folder: string
  readonly policy: string
  readonly keys: string
  readonly count: number
  readonly seed: number
  /** The script of the command. */
  readonly script: string
}

const PARTITIONS = 4
/** One record in this many deletes its key. */
const TOMBSTONE_EVERY = 250
const SAMPLES = 3
const PIPELINE = 'demo'
const ROUTE = 'events'

export async function showStream(demo: StreamDemo): Promise<void> {
  const { bold, dim } = paint(process.stdout)
  const say = (text: string) => process.stdout.write(`${text}\n`)
  const run = randomBytes(4).toString('hex')
  const [input, output, dead] = ['events', 'training', 'dead-letters'].map(
    (name) => `lethe-demo-${run}.${name}`,
  )
  const delivery = demo.delivery ?? (await strictestDelivery())
  const { name: driver, why } = await chooseDriver({ delivery, driver: undefined })
  say(bold(`The same as a stream: topics on ${demo.broker}, ${delivery}`))
  say(dim(`  driver ${driver}: ${why}`))
  const admin = await openAdmin({
    brokers: [demo.broker],
    tls: undefined,
    sasl: undefined,
    client: new Map(),
  })
  try {
    if (!demo.isMock) await makeTopics(admin, [input!, output!, dead!])
    const { records, tombstones } = await eventsAsRecords(demo, input!)
    await admin.write(records)
    const n = (value: number) => value.toLocaleString('en-US')
    say(
      `  ${n(records.length)} records produced, among them ${n(tombstones)} tombstones, some expired, some broken\n`,
    )
    const file = join(demo.folder, 'pipeline.yaml')
    writeFileSync(file, pipelineText({ ...demo, delivery }, run, [input!, output!, dead!]))
    say(bold('lethe stream pipeline.yaml --until-end'))
    const began = performance.now()
    const code = await stream(demo.script, [file, '--until-end', '--progress', '1'], demo.folder)
    if (code !== EXIT.ok && code !== EXIT.deadLetters)
      throw new LetheError('step-failed', `the stream ended with ${code ?? 'a signal'}`)
    say(
      dim(
        `  ${((performance.now() - began) / 1000).toFixed(1)} s, process start-up and joining the group included\n`,
      ),
    )
    say(bold('Before and after, joined by the header lethe-source, which only the key holder can read'))
    for (const line of await samples(admin, demo, input!, output!)) say(line)
    say(bold('\nA dead letter: coordinates and a code'))
    const [letter] = await read(admin, dead!, 1)
    if (letter?.value) say(`  ${printable(text8(letter.value))}`)
  } finally {
    await admin.close()
  }
}

/** For people without a broker. */
export const NO_BROKER = `No Kafka broker was named, so the stream is not shown. To see it:
  $ LETHE_KAFKA=localhost:9092 lethe demo      with a broker of yours: topics lethe-demo-* are made on it
  In Lethe's repository, npm run demo gets one by itself (Java 17 and Maven, or docker).`

async function makeTopics(admin: Admin, names: readonly string[]): Promise<void> {
  const plans = names.map((name) => ({
    name,
    partitions: PARTITIONS,
    replication: undefined,
    settings: new Map(),
  }))
  const made = await admin.createTopics(plans)
  for (const [name, { outcome }] of made)
    if (outcome !== 'created')
      throw new LetheError(
        'broker-refused',
        `the topic ${name} could not be made (${outcome})`,
        'does this user have the right to?',
      )
}

async function eventsAsRecords(
  { count, seed }: StreamDemo,
  topic: string,
): Promise<{ readonly records: readonly OutputRecord[]; readonly tombstones: number }> {
  const { ndjson } = await generateEvents({ count, seed, asOf: new Date() })
  const records: OutputRecord[] = []
  let tombstones = 0
  for (const [index, line] of splitLines(ndjson.bytes).entries()) {
    const id = /"id":"(C-\d+)"/.exec(line.toString('latin1'))?.[1]
    const key = id === undefined ? null : Buffer.from(id)
    const isTombstone = key !== null && index % TOMBSTONE_EVERY === TOMBSTONE_EVERY - 1
    if (isTombstone) tombstones++
    records.push({
      topic,
      partition: undefined,
      key,
      value: isTombstone ? null : line,
      headers: [{ 'trace-id': randomBytes(8).toString('hex') }],
      timestamp: undefined,
    })
  }
  return { records, tombstones }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start)
    lines.push(bytes.subarray(start, end < 0 ? bytes.length : end))
    start = end < 0 ? bytes.length : end + 1
  }
  return lines
}

function pipelineText(
  { broker, delivery, policy, keys }: StreamDemo & { readonly delivery: string },
  run: string,
  [input, output, dead]: readonly string[],
): string {
  const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]):/.test(broker)
  return `pipeline: ${PIPELINE}
brokers: [ ${JSON.stringify(broker)} ]
${loopback ? '' : 'plaintext: { accept: a demo with made-up events only }\n'}delivery: ${delivery}
instance: demo-${run}
keys: { file: ${JSON.stringify(keys)} }
maxDeadLetters: 5%
routes:
  - name: ${ROUTE}
    from: { topics: [ ${input} ], group: lethe-demo-${run} }
    to: { topic: ${output} }
    deadLetterTopic: ${dead}
    policy: ${JSON.stringify(policy)}
`
}

/** A few outputs, each beside its raw record: the header leads from one to the other. */
async function samples(admin: Admin, demo: StreamDemo, input: string, output: string): Promise<string[]> {
  const { cyan, dim } = paint(process.stdout)
  const keyring = loadKeyring(demo.keys)
  const width = Math.max(40, (process.stdout.columns ?? 110) - 12)
  const lines: string[] = []
  for (const record of await read(admin, output, SAMPLES)) {
    const header = record.headers?.find(({ name }) => name === SOURCE_HEADER)
    const source =
      header && readSource(text8(header.value), keyring.key('source', sourceDomain(PIPELINE, output)))
    if (source === undefined) continue
    const { partition, offset } = source
    const [raw] = await read(admin, input, 1, { partition, offset })
    const rows = [
      [dim('  before'), shorten(`${show(raw?.key)} ${show(raw?.value)}`, width)],
      [dim('  after'), cyan(shorten(`${show(record.key)} ${show(record.value)}`, width))],
    ]
    lines.push(dim(`  ${input}/${partition}/${offset}`), ...columns(rows))
  }
  return lines
}

async function read(
  admin: Admin,
  topic: string,
  count: number,
  at?: { readonly partition: number; readonly offset: number },
): Promise<readonly InputRecord[]> {
  const from =
    at === undefined
      ? await admin.offsets(
          Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })),
          'earliest',
        )
      : [{ topic, ...at }]
  const reader = admin.read(from)
  try {
    const found: InputRecord[] = []
    for (let tries = 0; found.length < count && tries < 10; tries++)
      found.push(...(await reader.take({ records: count, bytes: 1 << 20, time: 500 })).records)
    return found.slice(0, count)
  } finally {
    reader.close()
  }
}

const text8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

const show = (bytes: Uint8Array | null | undefined): string =>
  bytes === null || bytes === undefined ? 'null' : printable(text8(bytes))

/** Runs `lethe stream` as people do, and passes on what it says, while it says it. */
function stream(script: string, args: readonly string[], cwd: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, 'stream', ...args], {
      cwd,
      env: { ...process.env, LETHE_LOG: 'text' },
      stdio: ['ignore', 'inherit', 'pipe'],
    })
    child.stderr.pipe(process.stdout, { end: false })
    child.on('error', reject)
    child.on('close', resolve)
  })
}
