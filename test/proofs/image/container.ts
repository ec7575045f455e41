/** Containers of an image by runc, the runtime under docker and containerd: as compose.yaml and the README run them. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandEnded, Commands } from '../commands.ts'
import type { Tools } from './tools.ts'

/** What an image says of its containers. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly WorkingDir: string
  readonly Healthcheck?: { readonly Test: readonly string[] }
}

export interface Mount {
  readonly from: string
  readonly to: string
  readonly writable?: boolean
}

export interface ContainerOptions {
  /** Default: the image's. */
  readonly entrypoint?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly mounts?: readonly Mount[]
  readonly cwd?: string
  /** uid:gid; default: the image's */
  readonly user?: string
  /** Bytes. */
  readonly memory?: number
}

const NO_RIGHTS = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] }
const DEVICES = { type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755'] }
/** As compose.yaml mounts it. */
const TMP = ['size=64m', 'mode=1777', 'noexec', 'nosuid', 'nodev']

/**
 * The runtime's configuration: a read-only root, the image's user, no capability, no way to get one, a /tmp in memory.
 * The network is that of this machine.
 */
export function specOf(image: ImageConfig, root: string, options: ContainerOptions): object {
  const [uid, gid] = (options.user ?? image.User).split(':').map(Number)
  const entrypoint = options.entrypoint ?? image.Entrypoint
  const env = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`)
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid, gid },
      args: [...entrypoint, ...(options.args ?? image.Cmd)],
      env: [...image.Env, ...env],
      cwd: options.cwd ?? image.WorkingDir,
      capabilities: NO_RIGHTS,
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', ...DEVICES },
      {
        destination: '/sys',
        type: 'sysfs',
        source: 'sysfs',
        options: ['nosuid', 'noexec', 'nodev', 'ro'],
      },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: TMP },
      ...(options.mounts ?? []).map(({ from, to, writable }) => ({
        destination: to,
        type: 'bind',
        source: from,
        options: ['bind', writable === true ? 'rw' : 'ro', 'nosuid', 'nodev'],
      })),
    ],
    linux: {
      namespaces: ['mount', 'pid', 'ipc', 'uts'].map((type) => ({ type })),
      ...(options.memory === undefined ? {} : { resources: { memory: { limit: options.memory } } }),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  }
}

export interface Running {
  readonly ended: Promise<CommandEnded>
  /** Runs a command of the image in it. */
  readonly exec: (args: readonly string[]) => Promise<CommandEnded>
  /** To its first process, by its id. */
  readonly kill: (signal: NodeJS.Signals) => void
}

export class Containers {
  readonly image: ImageConfig
  readonly #commands: Commands
  readonly #tools: Tools
  readonly #folder: string
  readonly #root: string
  #names: string[] = []

  /** @param root the files of the image */
  constructor(commands: Commands, tools: Tools, folder: string, image: ImageConfig, root: string) {
    this.image = image
    this.#commands = commands
    this.#tools = tools
    this.#folder = folder
    this.#root = root
  }

  readonly #args = (...args: readonly string[]): string[] => [
    '--root',
    join(this.#folder, 'containers'),
    ...args,
  ]

  async run(options: ContainerOptions): Promise<CommandEnded> {
    return await this.start(options).ended
  }

  start(options: ContainerOptions & { readonly onLine?: (line: string) => void }): Running {
    const { runc } = this.#tools.files
    const { env } = this.#tools
    mkdirSync(this.#folder, { recursive: true })
    const bundle = mkdtempSync(join(this.#folder, 'bundle-'))
    const name = `lethe-${process.pid}-${this.#names.length + 1}`
    this.#names.push(name)
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(specOf(this.image, this.#root, options)))
    const pidFile = join(bundle, 'pid')
    const ended = this.#commands.run(
      runc,
      this.#args('run', '--bundle', bundle, '--pid-file', pidFile, name),
      { env, ...(options.onLine === undefined ? {} : { onLine: options.onLine }) },
    )
    return {
      ended,
      exec: async (args) => await this.#commands.run(runc, this.#args('exec', name, ...args), { env }),
      kill: (signal) => void process.kill(Number(readFileSync(pidFile, 'utf8')), signal),
    }
  }

  /** Ends what still runs, interrupted or not. */
  async close(commands: Commands): Promise<void> {
    for (const name of this.#names) {
      const args = this.#args('delete', '--force', name)
      // One that has ended is not known any more.
      await commands.run(this.#tools.files.runc, args, { env: this.#tools.env }).catch(() => {})
    }
    this.#names = []
  }
}

/** Waits until `isSo` holds. @throws Error where it does not within `seconds`, or where `over` comes first */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  { ended, seconds = 60 }: { readonly ended: Promise<CommandEnded>; readonly seconds?: number },
): Promise<void> {
  let over: string | undefined
  ended.then(
    ({ status, stderr }) => {
      over = `the container ended with ${status}: ${stderr.slice(-2000)}`
    },
    (error: Error) => {
      over = error.message
    },
  )
  const giveUp = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (over !== undefined) throw new Error(`${what}: ${over}`)
    if (Date.now() > giveUp) throw new Error(`${what}: not within ${seconds} s`)
    await sleep(200)
  }
}
