/** versitygw, a server of S3 over a folder, which checks signatures and judges conditions: built once with Go into a cache (a minute). */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { S3Client } from '@aws-sdk/client-s3'
import { freePorts } from '../broker/ports.mjs'

const VERSION = 'v1.8.0'
const REGION = 'us-east-1'
const cache = join(
  process.env['LETHE_CACHE'] ?? join(process.env['HOME'] ?? tmpdir(), '.cache', 'lethe'),
  's3',
)

function fetchServer(): string {
  const server = join(cache, `versitygw-${VERSION}`)
  if (!existsSync(server)) {
    process.stdout.write('building versitygw with Go (once)\n')
    const bin = join(cache, 'bin')
    mkdirSync(bin, { recursive: true })
    execFileSync('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
      stdio: 'inherit',
      env: { ...process.env, GOBIN: bin },
    })
    execFileSync('mv', [join(bin, 'versitygw'), server])
  }
  return server
}

export class Versitygw {
  readonly address: string
  readonly secret: string = randomBytes(20).toString('hex')
  readonly keyId: string = `AK${randomBytes(8).toString('hex').toUpperCase()}`
  readonly #process: ChildProcess

  private constructor(address: string, data: string, versions: string | undefined) {
    this.address = address
    const more = versions === undefined ? [] : ['--versioning-dir', versions]
    this.#process = spawn(fetchServer(), ['--port', address, 'posix', ...more, data], {
      stdio: 'ignore',
      env: { ...process.env, ROOT_ACCESS_KEY: this.keyId, ROOT_SECRET_KEY: this.secret },
    })
  }

  /** `data`: the folder that it keeps objects in, which is made; `versions`: another one, where buckets may have versions. */
  static async start(data: string, versions?: string): Promise<Versitygw> {
    for (const folder of [data, versions]) if (folder !== undefined) mkdirSync(folder, { recursive: true })
    const [port] = await freePorts(1)
    const server = new Versitygw(`127.0.0.1:${port}`, data, versions)
    for (let tries = 0; tries < 100; tries++) {
      const isUp = await new Promise<boolean>((resolve) => {
        const socket = connect(port!, '127.0.0.1', () => {
          socket.destroy()
          resolve(true)
        }).on('error', () => resolve(false))
      })
      if (isUp) return server
      await sleep(100)
    }
    await server.stop()
    throw new Error('versitygw does not start')
  }

  /** What a command has to know of it. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_S3: `http://${this.address}`,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: this.keyId,
      AWS_SECRET_ACCESS_KEY: this.secret,
      AWS_EC2_METADATA_DISABLED: 'true',
    }
  }

  client(): S3Client {
    return new S3Client({
      endpoint: `http://${this.address}`,
      region: REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: this.keyId, secretAccessKey: this.secret },
    })
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'close')
    if (this.#process.exitCode === null && this.#process.kill()) await ended
  }
}
