/** Apache Kafka as a process of this machine: one broker in KRaft mode, with its data in a temporary folder. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificates } from './certificates.mjs'
import { archive, archiveFlags } from './class-archive.mjs'
import { javaProblem, kafkaJars } from './maven.mjs'
import { freePorts } from './ports.mjs'
import { answers } from './ready.mjs'
import { asProperties, listenerNames, scramArguments, settings } from './settings.mjs'

/** Starts soon rather than runs fast; a measurement passes options of its own. */
const QUICK_JVM = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const START_DEADLINE = 90_000
const STOP_DEADLINE = 15_000

const LOG4J = (file) => `Configuration:
  appenders:
    File: { name: file, fileName: '${file}', PatternLayout: { pattern: '%d %p %c{1} %m%n' } }
  Loggers:
    Root: { level: info, AppenderRef: { ref: file } }
`

/** Throws with the reason where it cannot run. */
export async function startKafka(options, onProgress) {
  const problem = javaProblem()
  if (problem !== undefined) throw new Error(problem)
  const jars = await kafkaJars(onProgress)
  if (options.jvm === undefined)
    await archive((flags) => startOnce(jars, { own: true, jvm: [...QUICK_JVM, ...flags] }))
  // A port may be taken between the look and the start: then with others.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(jars, options)
    } catch (error) {
      if (attempt === 3 || !/already in use|BindException/.test(error.message)) throw error
    }
  }
}

async function startOnce(jars, options) {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-kafka-'))
  try {
    const names = listenerNames(options)
    const free = await freePorts(names.length)
    const ports = new Map(names.map((name, index) => [name, free[index]]))
    const certificates = options.tls ? makeCertificates(folder) : undefined
    const broker = new Kafka(jars, folder, ports, options.jvm ?? [...QUICK_JVM, ...archiveFlags()])
    broker.format(
      { ...settings(options, ports, certificates), 'log.dirs': join(folder, 'data') },
      options.users,
    )
    await broker.start()
    const at = (name) => (ports.has(name) ? `127.0.0.1:${ports.get(name)}` : undefined)
    return {
      kind: 'kafka',
      address: at('PLAIN'),
      tlsAddress: at('TLS'),
      saslAddress: at('SASL'),
      tokensAddress: at('TOKENS'),
      saslTlsAddress: at('SASL_TLS'),
      behind: (options.advertised ?? []).map((_, index) => at(`PROXY${index}`)),
      certificates,
      logFile: broker.logFile,
      pid: () => broker.pid,
      kill: () => broker.end('SIGKILL'),
      restart: async () => {
        await broker.end('SIGTERM')
        await broker.start()
      },
      pause: () => broker.signal('SIGSTOP'),
      resume: () => broker.signal('SIGCONT'),
      stop: async (signal = 'SIGKILL') => {
        await broker.end(signal)
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

class Kafka {
  #folder
  #jars
  #java
  #address
  #process
  #guard

  constructor(jars, folder, ports, jvm) {
    this.#folder = folder
    this.#jars = jars
    this.#address = `127.0.0.1:${ports.get('PLAIN')}`
    const log4j = join(folder, 'log4j2.yaml')
    writeFileSync(log4j, LOG4J(this.logFile))
    this.#java = [...jvm, `-Dlog4j2.configurationFile=${log4j}`, '-cp', join(jars, '*')]
  }

  get logFile() {
    return join(this.#folder, 'server.log')
  }

  get pid() {
    return this.#process?.pid
  }

  get #properties() {
    return join(this.#folder, 'server.properties')
  }

  /**
   * Makes the data folder. Java takes a second for it, so the folder is kept beside the jars, one for each set of users, and
   * copied under another cluster id.
   */
  format(all, users) {
    writeFileSync(this.#properties, asProperties(all))
    const data = all['log.dirs']
    const bytes = randomBytes(16)
    // No leading dash, which the command line would take for an option.
    bytes[0] &= 0x7f
    const id = bytes.toString('base64url')
    const scram = scramArguments(users)
    const kept = `${this.#jars}-${createHash('sha256')
      .update(JSON.stringify([all['node.id'], all['process.roles'], scram]))
      .digest('hex')
      .slice(0, 12)}.data`
    if (existsSync(kept)) {
      cpSync(kept, data, { recursive: true })
      const file = join(data, 'meta.properties')
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^cluster\.id=.*$/m, `cluster.id=${id}`))
      return
    }
    const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', id, '--config', this.#properties]
    const { status, stdout, stderr } = spawnSync('java', [...this.#java, ...tool, ...scram], {
      encoding: 'utf8',
      timeout: START_DEADLINE,
    })
    if (status !== 0) throw new Error(`Kafka's data folder could not be made: ${stderr || stdout}`)
    const temporary = `${kept}.${randomUUID()}`
    try {
      cpSync(data, temporary, { recursive: true })
      renameSync(temporary, kept)
    } catch {
      // Another process was first, or nothing can be kept there: the next broker is made as this one was.
      rmSync(temporary, { recursive: true, force: true })
    }
  }

  async start() {
    const out = openSync(join(this.#folder, 'out.log'), 'a')
    // A group of its own: an interrupt from the terminal goes to the test, which ends the broker.
    const java = spawn('java', [...this.#java, 'kafka.Kafka', this.#properties], {
      stdio: ['ignore', out, out],
      detached: true,
    })
    closeSync(out)
    java.unref()
    this.#process = java
    this.#watch()
    const giveUp = Date.now() + START_DEADLINE
    while (!(await answers(this.#address))) {
      if (java.exitCode === null && java.signalCode === null && Date.now() < giveUp) continue
      const failure = this.#lastError()
      await this.end('SIGKILL')
      throw new Error(`Kafka did not start: ${failure}`)
    }
  }

  /** Ends the broker and removes its data if this process dies without doing so. */
  #watch() {
    const script = 'read -r _; kill -9 "$1" 2>/dev/null; sleep 0.2; rm -rf "$2"'
    this.#guard = spawn('sh', ['-c', script, 'guard', String(this.#process.pid), this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#guard.unref()
    this.#guard.stdin.unref()
  }

  #lastError() {
    const text = ['out.log', 'server.log'].map((name) => {
      try {
        return readFileSync(join(this.#folder, name), 'utf8')
      } catch {
        return ''
      }
    })
    const lines = text.join('\n').split('\n')
    return (
      lines
        .filter((line) => /ERROR|FATAL|Exception/.test(line))
        .slice(-5)
        .join('\n') || 'no answer in time'
    )
  }

  async end(signal) {
    const java = this.#process
    if (java === undefined) return
    this.#process = undefined
    this.#guard.kill('SIGKILL')
    if (java.exitCode !== null || java.signalCode !== null) return
    const gone = once(java, 'exit')
    const late = setTimeout(() => java.kill('SIGKILL'), STOP_DEADLINE)
    java.ref()
    java.kill(signal)
    await gone
    clearTimeout(late)
  }

  signal(name) {
    if (this.#process?.kill(name) !== true) throw new Error('the broker does not run')
  }
}
