/**
 * `npm run proof:feeds`: Lethe between a producer and a consumer that are not its own, the client of Confluent in Python, with the
 * registry Apicurio and Apache Kafka. Fetches them into a cache once, through Maven and pip (150 MB), and needs Java 17 and
 * Python 3. Ends with 1 where something does not hold.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { startBroker } from '../broker/broker.mjs'

const VERSION = '3.0.9'
/** The compiler of Protobuf takes the schemas that Lethe derives. */
const PACKAGES = ['confluent-kafka[avro,json,protobuf,schemaregistry]==2.16.1', 'grpcio-tools']
const COUNT = 20_000
const START_MS = 300_000
const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const client = fileURLToPath(new URL('feeds.py', import.meta.url))
const cache = join(
  process.env['LETHE_CACHE'] ?? join(process.env['HOME'] ?? tmpdir(), '.cache', 'lethe'),
  'feeds',
)
const folder = mkdtempSync(join(tmpdir(), 'lethe-feeds-'))

let failed = false
const check = (what: string, holds: boolean, more = ''): void => {
  process.stdout.write(`${holds ? 'holds' : 'FAILS'}: ${what}\n${holds || more === '' ? '' : `${more}\n`}`)
  failed ||= !holds
}

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 })

interface Tools {
  readonly python: string
  readonly jar: string
}

function fetchTools(): Tools {
  mkdirSync(cache, { recursive: true })
  const apicurio = join(cache, `apicurio-${VERSION}`)
  if (!existsSync(apicurio)) {
    process.stdout.write('fetching Apicurio through Maven (109 MB, once)\n')
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
    run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`])
    mkdirSync(apicurio)
    run('tar', ['xzf', join(cache, `apicurio-registry-app-${VERSION}-all.tar.gz`), '-C', apicurio])
  }
  const home = join(cache, `python-${createHash('sha256').update(PACKAGES.join()).digest('hex').slice(0, 8)}`)
  const python = join(home, 'bin', 'python')
  if (!existsSync(python)) {
    process.stdout.write('fetching confluent-kafka through pip (40 MB, once)\n')
    run('python3', ['-m', 'venv', home])
    run(python, ['-m', 'pip', 'install', '-q', ...PACKAGES])
  }
  const [jar] = run('find', [apicurio, '-name', '*-runner.jar']).trim().split('\n')
  return { python, jar: jar! }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function startApicurio(jar: string): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const port = await freePort()
  const process_ = spawn('java', ['-Xmx512m', '-jar', jar], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      ...process.env,
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(port),
      APICURIO_STORAGE_KIND: 'sql',
    },
  })
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(250)) {
    const answer = await fetch(`${url}/subjects`).catch(() => undefined)
    if (answer?.ok) return { url, process: process_ }
  }
  process_.kill('SIGKILL')
  throw new Error('Apicurio did not answer in time')
}

const lethe = (...args: readonly string[]) =>
  spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 })

const POLICY = `policy: orders
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: order }
  customer: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: hour }
  total: { use: generalize.number, width: 10, as: midpoint }
  "lines[].sku": keep
  "lines[].price": keep
  labels.$names: { use: hash.hmac, domain: label }
  "labels.*": { use: mask.null }
  kind: keep
  $key: { use: hash.hmac, domain: order }
`
const JSON_POLICY = POLICY.split('\n')
  .filter((line) => !/^ {2}(?:at|total|"lines|labels|"labels|kind|\$key)/.test(line))
  .join('\n')

/** Values of a format, from its producer through Lethe to a reader that goes by the schemas of the output. */
function prove(
  form: 'avro' | 'json' | 'protobuf',
  tools: Tools,
  at: { broker: string; registry: string },
  to: 'avro' | 'json' | 'protobuf' = form === 'avro' ? 'avro' : 'json',
): void {
  const topic = `feeds-${form}${to === 'protobuf' ? '-out' : ''}-${process.pid}`
  const python = (what: string, kind: string, name: string): string =>
    run(tools.python, [client, what, kind, at.broker, at.registry, name, String(COUNT)])
  const says = (what: string, holds: boolean, more = ''): void => check(`${form}: ${what}`, holds, more)
  const pipeline = `pipeline: feeds-${form}
brokers: ["${at.broker}"]
keys: { file: keys.json }
maxDeadLetters: 100%
registry: { url: "${at.registry}" }
routes:
  - name: r
    from: { topics: [${topic}], group: ${topic}, value: { format: ${form}, framing: confluent } }
    to: { topic: ${topic}.out, value: { format: ${to}, framing: confluent, compatibility: FULL } }
    deadLetterTopic: ${topic}.dead
    policy: policy.yaml
`
  const files = { 'policy.yaml': POLICY, 'json.yaml': JSON_POLICY, 'pipeline.yaml': pipeline }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const sent = python('produce', form, topic)
  const made = lethe('doctor', 'pipeline.yaml', '--fix', '--yes')
  says(
    'doctor finds registry and schemas',
    /schema registry\n.*can be read/.test(made.stdout),
    made.stdout + made.stderr,
  )
  const linted = lethe('lint', 'pipeline.yaml', '--registry')
  says('lint --registry finds no error', linted.status === 0, linted.stdout)
  const began = performance.now()
  const ended = lethe('stream', 'pipeline.yaml', '--until-end')
  says('the stream ends', ended.status === 0, ended.stderr)
  const took = Math.round(performance.now() - began)
  process.stdout.write(`${form}: ${COUNT} records in ${took} ms, start and end included\n`)
  const read = python('consume', to, `${topic}.out`).trimEnd().split('\n')
  says('a client of Confluent reads every record by its schema', read.length === COUNT, `${read.length}`)
  says('nothing of what is personal leaves', !read.some((line) => line.includes('ZqCanary')))
  writeFileSync(join(folder, 'in.ndjson'), sent)
  const batch = lethe(
    'batch',
    'in.ndjson',
    '-p',
    'json.yaml',
    '--keys',
    'keys.json',
    '-o',
    `${form}.ndjson`,
    '-q',
  )
  says('the same events run as JSON', batch.status === 0, batch.stderr)
  const wanted = run('cat', [join(folder, `${form}.ndjson`)])
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const tokens = (one: { id: string; customer?: string | null }): string =>
    `${one.id} ${one.customer ?? null}`
  const [written, json] = [read.map((line) => tokens(JSON.parse(line))), wanted.map(tokens)]
  says(
    'one value has one token in a stream and as JSON in a file',
    written.toSorted().join() === json.toSorted().join(),
  )
}

const tools = fetchTools()
const broker = await startBroker({ onProgress: (text: string) => process.stdout.write(`${text}\n`) })
const registry = await startApicurio(tools.jar)
try {
  writeFileSync(join(folder, 'keys.json'), formatKeyset(createKeyset(new Date())), { mode: 0o600 })
  const at = { broker: broker.address, registry: registry.url }
  prove('protobuf', tools, at)
  prove('protobuf', tools, at, 'protobuf')
  prove('json', tools, at)
  prove('avro', tools, at)
  const subject = `feeds-avro-${process.pid}.out-value`
  const mode = await (await fetch(`${registry.url}/config/${subject}`)).text()
  check('the subject of the output has its mode', mode.includes('FULL'), mode)
  // The same topic under a policy whose types differ.
  const other = POLICY.replace('version: 1', 'version: 2').replace('  kind: keep', '  kind: drop')
  writeFileSync(join(folder, 'policy.yaml'), other)
  const clash = lethe('lint', 'pipeline.yaml', '--registry')
  check(
    'lint --registry finds a schema that does not go with those before',
    /schema-incompatible/.test(clash.stdout),
    clash.stdout + clash.stderr,
  )
} finally {
  registry.process.kill('SIGKILL')
  await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
