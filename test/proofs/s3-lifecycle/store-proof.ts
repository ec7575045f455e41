/** What the parts of `npm run proof:s3-lifecycle` share: a server of S3, commands as processes, what they said, and checks that are counted. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { type Draw, drawOf } from '../../integration/chaos/events.ts'
import { startProxy, type TcpProxy } from '../../integration/proxy.mjs'
import { Versitygw } from '../versitygw.ts'

const SCRIPT = fileURLToPath(new URL('../../../dist/bin/lethe.js', import.meta.url))
const AT_ONCE = 16
const MEMORY_LOOK_MS = 50

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The most memory that it held, MiB. */
  readonly most: number
  readonly seconds: number
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
}

export type Env = Readonly<Record<string, string>>
/** Objects by their keys. */
export type Objects = ReadonlyMap<string, Buffer>

export class StoreProof {
  readonly folder: string
  /** TMPDIR of the commands. */
  readonly temporary: string
  readonly draw: Draw
  readonly server: Versitygw
  readonly proxy: TcpProxy
  readonly s3: S3Client
  /** All that commands have said. */
  told = ''
  held = 0
  failed = 0
  readonly #running = new Set<Running>()

  private constructor(server: Versitygw, proxy: TcpProxy, seed: number, folder: string) {
    this.folder = folder
    this.temporary = join(folder, 'tmp')
    mkdirSync(this.temporary)
    this.draw = drawOf(seed)
    this.server = server
    this.proxy = proxy
    this.s3 = server.client()
  }

  static async start(seed: number): Promise<StoreProof> {
    const folder = mkdtempSync(join(tmpdir(), 'lethe-s3-lifecycle-'))
    const server = await Versitygw.start(join(folder, 'store'))
    const proof = new StoreProof(server, await startProxy(server.address), seed, folder)
    await proof.s3.send(new CreateBucketCommand({ Bucket: 'clean' }))
    return proof
  }

  async stop(): Promise<void> {
    for (const { child, ended } of this.#running) {
      child.kill('SIGKILL')
      await ended
    }
    this.s3.destroy()
    await this.proxy.close()
    await this.server.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** `more`: what to look at where it does not hold. */
  check(what: string, holds: boolean, more = ''): boolean {
    this.say(`${holds ? 'holds' : 'FAILS'}: ${what}${holds || more === '' ? '' : `\n${more.slice(0, 4000)}`}`)
    if (holds) this.held++
    else this.failed++
    return holds
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  /** What lets a command come through the proxy. */
  get throughProxy(): Env {
    return { AWS_ENDPOINT_URL_S3: `http://${this.proxy.address}` }
  }

  start(args: readonly string[], more: Env = {}): Running {
    const began = performance.now()
    const child = spawn(process.execPath, [SCRIPT, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...this.server.env, TMPDIR: this.temporary, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { stdout: '', stderr: '' }
    let most = 0
    const look = setInterval(() => {
      try {
        const line = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
        if (line !== null) most = Number(line[1]) / 1024
      } catch {
        // It has ended.
      }
    }, MEMORY_LOOK_MS)
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (bytes: Buffer) => {
        said[name] += bytes.toString()
      })
    const ended = once(child, 'close').then(([code]) => {
      clearInterval(look)
      this.#running.delete(running)
      this.told += said.stdout + said.stderr
      return { code: code as number | null, ...said, most, seconds: (performance.now() - began) / 1000 }
    })
    const running = { child, ended }
    this.#running.add(running)
    return running
  }

  run(args: readonly string[], more?: Env): Promise<Ran> {
    return this.start(args, more).ended
  }

  /** @throws Error where it ends with another code */
  async must(args: readonly string[], codes: readonly number[] = [0], more?: Env): Promise<Ran> {
    const ran = await this.run(args, more)
    if (!codes.includes(ran.code ?? -1))
      throw new Error(`lethe ${args.join(' ')} ended with ${ran.code}\n${ran.stdout}${ran.stderr}`)
    return ran
  }

  /** The states of all objects below a prefix, by their keys. */
  async tags(prefix: string, bucket = 'clean'): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    let token: string | undefined
    do {
      const page: ListObjectsV2CommandOutput = await this.s3.send(
        new ListObjectsV2Command({
          ...{ Bucket: bucket, Prefix: prefix },
          ...(token !== undefined && { ContinuationToken: token }),
        }),
      )
      for (const { Key, ETag } of page.Contents ?? []) found.set(Key!, ETag!)
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (token !== undefined)
    return found
  }

  async get(key: string, bucket = 'clean'): Promise<Buffer> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Buffer.from(await Body!.transformToByteArray())
  }

  async objects(prefix: string): Promise<Objects> {
    const keys = [...(await this.tags(prefix)).keys()]
    const found = new Map<string, Buffer>()
    await atOnce(keys, async (key) => void found.set(key, await this.get(key)))
    return found
  }

  /** Makes what lies below a prefix what it was, by its bytes. Objects that have not changed stay. */
  async restore(prefix: string, objects: Objects, tags: ReadonlyMap<string, string>): Promise<void> {
    const now = await this.tags(prefix)
    const over = [...now.keys()].filter((key) => !objects.has(key))
    await atOnce(
      over,
      async (Key) => void (await this.s3.send(new DeleteObjectCommand({ Bucket: 'clean', Key }))),
    )
    const others = [...objects].filter(([key]) => !now.has(key) || now.get(key) !== tags.get(key))
    await atOnce(others, async ([key, bytes]) => await this.put(key, bytes))
  }

  async putAll(client: S3Client, objects: Objects): Promise<void> {
    await atOnce(
      [...objects],
      async ([Key, Body]) => void (await client.send(new PutObjectCommand({ Bucket: 'clean', Key, Body }))),
    )
  }

  async put(Key: string, Body: Buffer | string, Bucket = 'clean'): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket, Key, Body }))
  }

  async uploads(Prefix = ''): Promise<readonly { readonly Key: string; readonly UploadId: string }[]> {
    const { Uploads } = await this.s3.send(new ListMultipartUploadsCommand({ Bucket: 'clean', Prefix }))
    return (Uploads ?? []) as never
  }

  async abortUploads(prefix?: string): Promise<void> {
    for (const { Key, UploadId } of await this.uploads(prefix))
      await this.s3.send(new AbortMultipartUploadCommand({ Bucket: 'clean', Key, UploadId }))
  }

  /** What stands in TMPDIR: how many folders of Lethe's, and what else. They are taken away. */
  leftInTemporary(folder: string = this.temporary): {
    readonly folders: number
    readonly others: readonly string[]
  } {
    const others: string[] = []
    const names = readdirSync(folder)
    for (const name of names) {
      const { mode } = statSync(join(folder, name))
      if (!name.startsWith('lethe-') || (mode & 0o077) !== 0)
        others.push(`${name} ${(mode & 0o777).toString(8)}`)
      rmSync(join(folder, name), { recursive: true })
    }
    return { folders: names.length - others.length, others }
  }
}

/** Does some of them at once. */
async function atOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one)
    }),
  )
}
