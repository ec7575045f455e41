/** The processes of the proof of change events: PostgreSQL, the registry Apicurio, Kafka Connect. Each ends by its id. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../broker/ports.mjs'
import type { Tools } from './tools.ts'

const START_MS = 180_000
const STOP_MS = 30_000

export interface Part {
  readonly child: ChildProcess
  readonly log: string
  /** What ends it. */
  readonly signal: NodeJS.Signals
}

/** Ends a process by its id, and waits for it. */
export async function end({ child, signal }: Part): Promise<void> {
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  if (isGone()) return
  child.kill(signal)
  for (const deadline = Date.now() + STOP_MS; Date.now() < deadline && !isGone(); ) await sleep(50)
  if (!isGone()) child.kill('SIGKILL')
  while (!isGone()) await sleep(50)
}

function start(
  folder: string,
  name: string,
  command: string,
  args: readonly string[],
  more: { readonly env?: Record<string, string>; readonly uid?: number; readonly gid?: number } = {},
  // Connect outlives SIGTERM for minutes.
  signal: NodeJS.Signals = 'SIGKILL',
): Part {
  const log = join(folder, `${name}.log`)
  const out = openSync(log, 'a')
  const { env = {}, ...user } = more
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', out, out],
    env: { ...process.env, ...env },
    ...user,
  })
  closeSync(out)
  return { child, log, signal }
}

/** Waits until `ready` says so. @throws Error with the end of its log where the process ends before, or the time does */
async function until(part: Part, what: string, ready: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + START_MS; ; await sleep(250)) {
    if (await ready().catch(() => false)) return
    if (part.child.exitCode === null && Date.now() < deadline) continue
    throw new Error(`${what} did not start:\n${readFileSync(part.log, 'utf8').slice(-2000)}`)
  }
}

const answers = async (url: string): Promise<boolean> =>
  (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok

export interface Database extends Part {
  readonly port: number
  /** Runs statements, in one connection; gives what they print, a value a line. */
  readonly sql: (text: string) => string
}

export async function startPostgres({ postgres }: Tools, folder: string): Promise<Database> {
  const [port] = (await freePorts(1)) as [number]
  const at = join(folder, 'postgres')
  mkdirSync(at)
  // The server refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const idOf = (option: string): number =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }))
  const user = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (isRoot) {
    execFileSync('chown', ['postgres', at])
    chmodSync(folder, 0o755)
  }
  const data = join(at, 'data')
  const form = ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync']
  execFileSync(join(postgres, 'initdb'), form, { stdio: 'ignore', cwd: at, ...user })
  const settings = {
    port,
    wal_level: 'logical',
    fsync: 'off',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: at,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const part = start(at, 'server', join(postgres, 'postgres'), ['-D', data, ...args], user, 'SIGINT')
  const sql = (text: string): string =>
    execFileSync(
      join(postgres, 'psql'),
      [
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-U',
        'postgres',
        '-q',
        '-A',
        '-t',
        '-v',
        'ON_ERROR_STOP=1',
        '-f',
        '-',
      ],
      { encoding: 'utf8', input: text, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'pipe'] },
    )
  await until(part, 'PostgreSQL', async () => sql('select 1;').trim() === '1')
  return { ...part, port, sql }
}

export interface Registry extends Part {
  readonly url: string
}

export async function startRegistry({ registry }: Tools, folder: string): Promise<Registry> {
  const [port] = (await freePorts(1)) as [number]
  const part = start(folder, 'registry', 'java', ['-Xmx512m', '-jar', registry], {
    env: { QUARKUS_HTTP_HOST: '127.0.0.1', QUARKUS_HTTP_PORT: String(port), APICURIO_STORAGE_KIND: 'sql' },
  })
  const url = `http://127.0.0.1:${port}`
  await until(part, 'Apicurio', () => answers(`${url}/apis/ccompat/v7/subjects`))
  return { ...part, url }
}

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter'
const AVRO_CONVERTER = 'io.apicurio.registry.utils.converter.AvroConverter'

const both = (settings: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => [
      [`key.converter${name}`, value],
      [`value.converter${name}`, value],
    ]),
  )

/** Converters of each form of topics. Those to Avro have to be the worker's own: as those of a connector they are not found. */
export const CONVERTERS: Readonly<Record<string, Record<string, string>>> = {
  plain: both({ '': JSON_CONVERTER, '.schemas.enable': 'false' }),
  wrapped: both({ '': JSON_CONVERTER, '.schemas.enable': 'true' }),
  avro: {},
}

export interface Connect extends Part {
  /** Makes a connector, and waits until its task runs. */
  readonly make: (name: string, settings: Readonly<Record<string, string>>) => Promise<void>
}

export async function startConnect(
  tools: Tools,
  folder: string,
  at: { readonly broker: string; readonly registry: string },
): Promise<Connect> {
  const [port] = (await freePorts(1)) as [number]
  const worker = {
    'bootstrap.servers': at.broker,
    'plugin.path': tools.plugins,
    // Under `service_load` the converter is not found.
    'plugin.discovery': 'hybrid_warn',
    'offset.storage.file.filename': join(folder, 'offsets'),
    'offset.flush.interval.ms': '1000',
    listeners: `http://127.0.0.1:${port}`,
    ...both({
      '': AVRO_CONVERTER,
      '.apicurio.registry.url': `${at.registry}/apis/registry/v2`,
      '.apicurio.registry.auto-register': 'true',
      '.apicurio.registry.as-confluent': 'true',
      '.apicurio.registry.use-id': 'contentId',
      // Ids stand in the bytes, not in headers.
      '.apicurio.registry.headers.enabled': 'false',
      '.schemas.enable': 'false',
    }),
  }
  const file = join(folder, 'worker.properties')
  writeFileSync(
    file,
    Object.entries(worker)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const log4j = join(folder, 'log4j2.yaml')
  writeFileSync(
    log4j,
    'Configuration:\n  appenders:\n    Console: { name: out, PatternLayout: { pattern: "%d %p %c{1} %m%n" } }\n  Loggers:\n    Root: { level: warn, AppenderRef: { ref: out } }\n',
  )
  const java = [
    '-Xmx512m',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${log4j}`,
    '-cp',
    join(tools.kafka, '*'),
  ]
  const part = start(folder, 'connect', 'java', [
    ...java,
    'org.apache.kafka.connect.cli.ConnectStandalone',
    file,
  ])
  const url = `http://127.0.0.1:${port}/connectors`
  await until(part, 'Kafka Connect', () => answers(url))
  return {
    ...part,
    make: async (name, settings) => {
      const made = await fetch(`${url}/${name}/config`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(settings),
      })
      if (!made.ok) throw new Error(`the connector ${name} was refused: ${await made.text()}`)
      await until(part, `the connector ${name}`, async () => {
        const { tasks } = (await (await fetch(`${url}/${name}/status`)).json()) as {
          tasks: { state: string }[]
        }
        return tasks[0]?.state === 'RUNNING'
      })
    },
  }
}
