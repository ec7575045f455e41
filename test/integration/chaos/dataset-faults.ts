/**
 * `npm run proof:dataset [-- --s3 --seed N --minutes M --runs N]`: a stream into a data set, in a folder or in versitygw (`--s3`), with processes that are killed and that stand still
 * for longer than their session, while records come in plainly, in transactions, and in some that are aborted. A reader that knows the topics and
 * the files alone then counts: each record in one file, once; each dead letter there. Ends with 1 on a finding.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { createKeysetFile } from '../../../src/keys/file.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { Versitygw } from '../../proofs/versitygw.ts'
import { readTopics } from '../checker/read-topics.ts'
import {
  checkDataset,
  type DatasetFile,
  type DatasetReport,
  describeDataset,
  readDataset,
  readObjects,
} from '../dataset-checker.ts'
import { startProxy } from '../proxy.mjs'
import { Cluster, DEAD, GROUP, INPUT } from './cluster.ts'
import { CANARY, drawOf, oracleOf, POLICY } from './events.ts'
import { Worker } from './worker.ts'

const SESSION_MS = 6_000
const WORKERS = 3
const PIPELINE = (address: string, place: string): string => `pipeline: chaos
brokers: ["${address}"]
instance: { env: CHAOS_INSTANCE }
keys: { file: keys.json }
delivery: at-least-once
client: { session.timeout.ms: ${SESSION_MS}, heartbeat.interval.ms: 1000 }
batch: { records: 200, time: 50ms }
maxDeadLetters: 60%
routes:
  - name: chaos
    from: { topics: [${INPUT}], group: ${GROUP} }
    to: { dataset: ${place}, format: ndjson, roll: { bytes: 24KiB, time: 1s } }
    deadLetterTopic: ${DEAD}
    policy: policy.yaml
`

interface Result {
  readonly report: DatasetReport
  readonly faults: Readonly<Record<string, number>>
  /** How often a process found that another one was faster. */
  readonly overtaken: number
  readonly findings: readonly string[]
  readonly left: string
}

/** Where it is written, and how it is read. */
interface Place {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  read(): Promise<readonly DatasetFile[]>
  /** What is there beside it. */
  left(): Promise<string>
  stop(): Promise<void>
  /** What may happen to it alone. */
  readonly faults: Readonly<Record<string, () => Promise<void>>>
}

function folderAt(folder: string): Place {
  const data = join(folder, 'data')
  mkdirSync(data)
  return {
    ...{ name: 'data', env: {}, faults: {} },
    read: async () => readDataset(data),
    left: async () => '',
    stop: async () => {},
  }
}

async function storeAt(folder: string, draw: (below: number) => number): Promise<Place> {
  const server = await Versitygw.start(join(folder, 'store'))
  const proxy = await startProxy(server.address)
  const client = server.client()
  await client.send(new CreateBucketCommand({ Bucket: 'clean' }))
  return {
    name: 's3://clean/orders',
    env: { ...server.env, AWS_ENDPOINT_URL_S3: `http://${proxy.address}`, AWS_MAX_ATTEMPTS: '8' },
    read: async () => await readObjects(client, 'clean', 'orders/'),
    left: async () => {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'clean' }))
      return `${Uploads?.length ?? 0} uploads are left`
    },
    stop: async () => {
      client.destroy()
      await proxy.close()
      await server.stop()
    },
    faults: {
      cut: async () => {
        for (let n = draw(5); n >= 0; n--) {
          proxy.cut()
          await sleep(draw(200))
        }
      },
      'lose answers': async () => {
        proxy.hold('answers')
        await sleep(200 + draw(800))
        proxy.cut()
        proxy.calm()
      },
      slow: async () => {
        proxy.throttle(20_000, 'answers')
        await sleep(draw(3000))
        proxy.calm()
      },
    },
  }
}

async function run(seed: number, milliseconds: number, say: (line: string) => void): Promise<Result> {
  const draw = drawOf(seed)
  const folder = mkdtempSync(join(tmpdir(), 'lethe-dataset-'))
  const place = inStore ? await storeAt(folder, drawOf(seed + 2)) : folderAt(folder)
  const [policyFile, keysFile, pipeline] = ['policy.yaml', 'keys.json', 'pipeline.yaml'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  writeFileSync(policyFile, POLICY)
  createKeysetFile(keysFile, createKeyset(new Date()))
  const cluster = await Cluster.start(drawOf(seed + 1), 400)
  writeFileSync(pipeline, PIPELINE(cluster.proxy.address, place.name))
  const workers: Worker[] = []
  const findings: string[] = []
  const faults: Record<string, number> = {}
  let names = 0
  const begin = (instance = `w${names++}`): Worker => {
    const worker = new Worker(instance, [pipeline, '--quiet'], place.env)
    workers.push(worker)
    void worker.exited.then(({ code, signal }) => {
      if (!worker.isExpected)
        findings.push(`${instance} ended by itself with ${code ?? signal}: ${worker.said.slice(-1500)}`)
    })
    return worker
  }
  const running = (): readonly Worker[] => workers.filter((one) => one.isRunning && !one.isExpected)
  const pick = (): Worker => running()[draw(running().length)] ?? begin()
  const stop = async (worker: Worker): Promise<void> => {
    await worker.says(/"route-started"/, 60_000)
    worker.isExpected = true
    worker.kill('SIGTERM')
    const exit = await worker.within(40_000)
    if (exit?.code !== 0)
      findings.push(
        `${worker.instance} ended on SIGTERM with ${exit?.code ?? exit?.signal}: ${worker.said.slice(-1500)}`,
      )
    await worker.end()
  }
  const stand = async (time: number): Promise<void> => {
    const worker = pick()
    worker.kill('SIGSTOP')
    await sleep(time)
    worker.kill('SIGCONT')
  }
  const FAULTS: Readonly<Record<string, () => Promise<void>>> = {
    kill: async () => {
      const worker = pick()
      await worker.end()
      begin(worker.instance)
    },
    'kill twice': async () => {
      const first = pick()
      await first.end()
      await sleep(draw(300))
      const second = pick()
      await second.end()
      begin(first.instance)
      begin(second.instance)
    },
    zombie: async () => await stand(SESSION_MS + 1500 + draw(3000)),
    freeze: async () => await stand(200 + draw(4000)),
    leave: async () => {
      await stop(pick())
      begin()
    },
    ...place.faults,
  }
  try {
    for (let n = 0; n < WORKERS; n++) begin()
    cluster.produce(true, undefined)
    await workers[0]!.says(/"assigned"/, 60_000)
    const until = performance.now() + milliseconds
    const kinds = Object.keys(FAULTS)
    for (let n = 0; performance.now() < until; n++) {
      await sleep(200 + draw(1500))
      // Each of them at least once.
      const kind = kinds[n] ?? kinds[draw(kinds.length)]!
      say(kind)
      await FAULTS[kind]!()
      faults[kind] = (faults[kind] ?? 0) + 1
    }
    await Promise.all(running().map(stop))
    await cluster.stopProducing()
    // Transactions of the input that were left open end by themselves.
    await sleep(6_000)
    const last = new Worker('last', [pipeline, '--until-end', '--quiet'], place.env)
    workers.push(last)
    last.isExpected = true
    const exit = await last.within(120_000)
    if (exit?.code !== 0 && exit?.code !== 3)
      findings.push(`--until-end ended with ${exit?.code}: ${last.said.slice(-1500)}`)
    const all = await readTopics(cluster.broker.address, [INPUT, DEAD])
    const { expected, policy } = oracleOf(policyFile, keysFile)
    const report = checkDataset({
      inputs: all.filter(({ topic }) => topic === INPUT),
      deadLetters: all.filter(({ topic }) => topic === DEAD),
      files: await place.read(),
      expected,
      policy,
      canaries: [CANARY],
    })
    const overtaken = workers.reduce((sum, { said }) => sum + said.split('range-taken').length - 1, 0)
    return { report, faults, overtaken, findings, left: await place.left() }
  } finally {
    await Promise.all(workers.map((worker) => worker.end()))
    await cluster.stop()
    await place.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '3' },
    runs: { type: 'string', default: '3' },
    s3: { type: 'boolean', default: false },
  },
})
const inStore = values.s3
const say = (line: string): void => void process.stdout.write(`${line}\n`)
let failures = 0
for (let n = 0; n < Number(values.runs); n++) {
  const seed = Number(values.seed) + n
  const { report, faults, overtaken, findings, left } = await run(
    seed,
    Number(values.minutes) * 60_000,
    () => {},
  )
  const { inputs, files, rows, deadLetters, repeated, kinds } = report
  say(
    `seed ${seed}: ${inputs} records in ${files} files, ${rows} rows, ${JSON.stringify(kinds)}; dead letters ${deadLetters}, of them again ${repeated}`,
  )
  say(`  faults ${JSON.stringify(faults)}; another process was faster ${overtaken} times ${left}`)
  for (const finding of findings) say(`  FINDING: ${finding}`)
  if (report.findings.length > 0) say(`  FINDING: ${describeDataset(report)}`)
  if (findings.length + report.findings.length > 0 || inputs === 0) failures++
}
say(failures === 0 ? 'nothing found' : `${failures} runs with findings`)
process.exit(failures === 0 ? 0 : 1)
