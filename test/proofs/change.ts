/**
 * `npm run proof:change`: change events of a real Debezium over a real PostgreSQL, through Kafka Connect as JSON, as JSON with its
 * schema and as Avro, through `lethe stream` and `lethe batch`. Fetches its tools once (Maven, 150 MB; PostgreSQL by apt-get where it is
 * missing), needs Java 17, ends each process that it started, and ends with 1 where something does not hold. `--seed N` repeats a run.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadKeyring } from '../../src/keys/file.ts'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { policyFileOf } from '../../src/policy/policy-file.ts'
import { DEFAULT_PLACEHOLDER } from '../../src/record/wire-form.ts'
import { createDeidentifier } from '../../src/run/deidentifier.ts'
import { type Broker, startBroker } from '../broker/broker.mjs'
import { findCanaries } from '../integration/checker/canaries.ts'
import { readTopics } from '../integration/checker/read-topics.ts'
import type { LogRecord } from '../integration/checker/records.ts'
import { canonical, proveBatch } from './change/batch.ts'
import { CUSTOMERS, DEAD, FORMS, ORDERS, outputOf, pipelineOf, TABLE_NAMES, topicOf } from './change/files.ts'
import { end, type Part, startConnect, startPostgres, startRegistry } from './change/parts.ts'
import {
  compareEvents,
  type Event,
  eventOf,
  finalRows,
  leaving,
  Tokens,
  takeTokens,
} from './change/reader.ts'
import { fetchTools } from './change/tools.ts'
import { connector, delivered, makeTopics } from './change/topics.ts'
import { CANARY, ROWS, TABLES, Workload } from './change/workload.ts'

const MOST_MS = 600_000
const START_MS = 180_000
const seedAt = process.argv.indexOf('--seed')
const seed = seedAt < 0 ? Date.now() % 1_000_000 : Number(process.argv[seedAt + 1])
const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lethe-change-'))
const at = (name: string): string => join(folder, name)

let failed = false
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const check = (what: string, holds: boolean, more = ''): void => {
  say(`${holds ? 'holds' : 'FAILS'}: ${what}${holds || more === '' ? '' : `\n${more}`}`)
  failed ||= !holds
}
const lethe = (...args: readonly string[]) =>
  spawnSync(process.execPath, [script, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 240_000,
  })

const parts: Part[] = []
let broker: Broker | undefined
async function endAll(): Promise<void> {
  for (const part of parts.toReversed()) await end(part)
  await broker?.stop()
  rmSync(folder, { recursive: true, force: true })
}
const late = setTimeout(() => {
  say(`FAILS: the proof took more than ${MOST_MS / 1000} s`)
  void endAll().finally(() => process.exit(1))
}, MOST_MS)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void endAll().finally(() => process.exit(130)))

type Table = (typeof TABLE_NAMES)[number]

/** A stream that follows, once each of its routes has started. */
async function follow(): Promise<Part> {
  const log = at('live.log')
  const out = openSync(log, 'a')
  const child = spawn(process.execPath, [script, 'stream', 'pipeline.yaml'], {
    cwd: folder,
    stdio: ['ignore', out, out],
  })
  closeSync(out)
  const live: Part = { child, log, signal: 'SIGTERM' }
  parts.push(live)
  const started = (): number => readFileSync(log, 'utf8').split('"kind":"route-started"').length - 1
  for (
    const deadline = Date.now() + START_MS;
    started() < FORMS.length * TABLE_NAMES.length;
    await sleep(200)
  )
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the stream did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`)
  return live
}

const imageBy = (policy: string) => {
  const { plan } = compilePolicy(policyFileOf('p.yaml', policy), { keys: loadKeyring(at('keys.json')) })
  const alone = createDeidentifier(plan!, { format: 'json' })
  return (row: unknown): unknown => {
    const outcome = alone.deidentify(Buffer.from(JSON.stringify(row)))
    return outcome.kind === 'publish' ? JSON.parse(Buffer.from(outcome.value).toString()) : outcome.kind
  }
}
const sorted = (rows: Iterable<unknown>): string => [...rows].map(canonical).sort().join('\n')

const tools = await fetchTools()
try {
  say(`seed ${seed}`)
  const started = Date.now()
  const took = (): string => `${Math.round((Date.now() - started) / 1000)} s`
  broker = await startBroker({ own: true, onProgress: say })
  const { address } = broker
  const database = await startPostgres(tools, folder)
  parts.push(database)
  const registry = await startRegistry(tools, folder)
  parts.push(registry)
  const connect = await startConnect(tools, folder, { broker: address, registry: registry.url })
  parts.push(connect)
  say(`${took()}: broker, PostgreSQL, registry and Connect run`)

  const workload = new Workload(seed)
  database.sql(`${TABLES}\n${workload.snapshot(120)}`)
  await makeTopics(address)
  for (const form of FORMS) await connect.make(form, connector(form, database))
  writeFileSync(at('keys.json'), formatKeyset(createKeyset(new Date())), { mode: 0o600 })
  writeFileSync(at('customers.yaml'), CUSTOMERS)
  writeFileSync(at('orders.yaml'), ORDERS)
  writeFileSync(at('pipeline.yaml'), pipelineOf(address, registry.url))
  const linted = lethe('lint', 'pipeline.yaml')
  check('lint finds no error', linted.status === 0, linted.stdout)
  check(
    'lint says of which routes deletes do not leave',
    linted.stdout.split('deletes-left-out').length === FORMS.length + 1,
    linted.stdout,
  )
  const live = await follow()
  database.sql(workload.changes(60))
  await sleep(2000)
  database.sql(`${workload.newColumn()}\n${workload.changes(60)}\n${workload.message()}`)
  await sleep(1000)
  database.sql(`${workload.truncate()}\n${workload.changes(60)}\n${workload.last()}`)
  await delivered(address)
  say(`${took()}: every connector has delivered`)
  const rows = Object.fromEntries(
    TABLE_NAMES.map((table) => [
      table,
      database
        .sql(ROWS[table])
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ]),
  ) as Record<Table, Record<string, unknown>[]>
  await end(connect)
  await end(live)
  check(
    'the stream that followed ended in order',
    live.child.exitCode === 0,
    `${live.child.exitCode}\n${readFileSync(live.log, 'utf8').slice(-2000)}`,
  )
  const ended = lethe('stream', 'pipeline.yaml', '--until-end')
  check('the stream comes to the end of all topics', ended.status === 0 || ended.status === 3, ended.stderr)
  say(`${took()}: the stream is at its end`)

  const read = async (topic: string): Promise<readonly LogRecord[]> => await readTopics(address, [topic])
  const dead = await read(DEAD)
  const outputs: LogRecord[] = []
  const tokens = new Tokens()
  const madeOf = new Map<string, string>()
  const raws: Partial<Record<Table, Event[]>> = {}
  for (const form of FORMS)
    for (const table of TABLE_NAMES) {
      const raw = await read(topicOf(form, table))
      const out = await read(outputOf(form, table))
      outputs.push(...out)
      const made = out.map(eventOf)
      // Avro is compared with what came of the same events as JSON.
      const body = made.map(({ key, value }) =>
        canonical({ key, op: value?.op, before: value?.before, after: value?.after }),
      )
      const first = madeOf.get(table)
      if (first === undefined) madeOf.set(table, body.join('\n'))
      else check(`${form}: the outputs of ${table} are those of the other forms`, first === body.join('\n'))
      if (form === 'avro') continue
      const events = raw.map(eventOf)
      raws[table] ??= events
      const left = leaving(table, events)
      const kinds = new Map<string, number>()
      for (const { value } of events)
        kinds.set(value?.op ?? 'tombstone', (kinds.get(value?.op ?? 'tombstone') ?? 0) + 1)
      const told = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')
      say(`${form} ${table}: ${raw.length} events (${told}), ${out.length} left`)
      const unchanged = events.filter(({ value }) =>
        JSON.stringify(value?.after ?? '').includes(DEFAULT_PLACEHOLDER),
      ).length
      check(
        `${form}: ${table} has events of each kind, ${unchanged} with unchanged values that were not logged`,
        ['r', 'c', 'u', 'd', 'tombstone', ...(table === 'orders' ? ['t'] : [])].every((kind) =>
          kinds.has(kind),
        ) &&
          (unchanged > 0 || table === 'customers'),
      )
      const differs = compareEvents(left, made)
      check(
        `${form}: each event of ${table} left once, in order, with its images`,
        differs.length === 0,
        differs.slice(0, 5).join('\n'),
      )
      if (differs.length > 0) continue
      takeTokens(tokens, table, left, made)
      const image = imageBy(table === 'customers' ? CUSTOMERS : ORDERS)
      const final = sorted(finalRows(made).values())
      const known = finalRows(left)
      check(
        `${form}: the final rows of ${table} are those of its events`,
        final === sorted([...known.values()].map(image)),
      )
      const source = rows[table]
        .filter((row) => table === 'customers' || row['opted_out'] === false)
        .map((row) => {
          const of = known.get(JSON.stringify({ id: row['id'] })) ?? {}
          return Object.fromEntries(Object.entries(row).filter(([column]) => column in of))
        })
      const untold = source.reduce((sum, row) => sum + ('note' in row ? 0 : 1), 0)
      if (untold > 0) say(`${form} ${table}: ${untold} rows with a value that no event told which left`)
      const found = new Set(final.split('\n'))
      const missing = source.filter((row) => !found.has(canonical(image(row))))
      check(
        `${form}: the final rows of ${table} are those of the table (${source.length})`,
        missing.length === 0 && (table !== 'customers' || found.size === source.length),
        `${missing.length} of ${source.length} are missing, of ${found.size}`,
      )
    }
  check(
    `one value has one token, in both images and keys, in all tables and forms (${tokens.size})`,
    tokens.faults.length === 0,
    tokens.faults.slice(0, 5).join('\n'),
  )

  const heartbeats = (await Promise.all(FORMS.map((form) => read(`__debezium-heartbeat.${form}`)))).flat()
    .length
  const codes = dead.map(({ value }) => (JSON.parse(String(value)) as { code: string }).code)
  check(
    `heartbeats, and nothing else, are dead letters (${dead.length})`,
    dead.length === heartbeats && codes.every((code) => code === 'not-a-change'),
    `${heartbeats} heartbeats; ${[...new Set(codes)]}`,
  )

  const texts = [...outputs, ...dead].flatMap(({ key, value, headers }) => [
    key ?? Buffer.alloc(0),
    value ?? Buffer.alloc(0),
    ...headers.flatMap(({ name, value: text }) => [Buffer.from(name), text]),
  ])
  check(
    `no canary in images, keys or headers of ${outputs.length} outputs`,
    findCanaries([CANARY], texts).length === 0,
  )
  check(
    'no key as it was',
    !texts.some((bytes) => /(?<![0-9])7[0-9]{8}(?![0-9])/.test(Buffer.from(bytes).toString('latin1'))),
  )

  proveBatch({ at, lethe, check }, raws, madeOf)
  say(`${took()}`)
} catch (error) {
  check(
    'the proof ran to its end',
    false,
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  )
  for (const { log } of parts) say(readFileSync(log, 'utf8').slice(-1500))
} finally {
  clearTimeout(late)
  await endAll()
}
process.exitCode = failed ? 1 : 0
