/** Builds the Dockerfile as it is, over a base image that is made here under the name that the Dockerfile gives it. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Commands } from '../commands.ts'
import { unpack } from '../node-release.ts'
import type { ImageConfig } from './container.ts'
import type { Tools } from './tools.ts'

const DEBIAN = 'http://deb.debian.org'
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** The npm that each release of Node.js comes with. */
const NPM: Readonly<Record<string, string>> = { 20: '10', 22: '10', 24: '11' }
const IMAGE = 'localhost/lethe:proof'

export interface Base {
  readonly name: string
  /** Of Node.js. */
  readonly release: string
  /** Of Debian. */
  readonly suite: string
}

/** The base image as the Dockerfile names it. @throws Error where it is no slim image of Node.js on Debian */
export function baseOf(dockerfile: string): Base {
  const name = /^ARG NODE_IMAGE=(\S+)$/m.exec(dockerfile)?.[1] ?? ''
  const [, release, suite] = /^node:(\d+)-([a-z]+)-slim$/.exec(name) ?? []
  if (release === undefined || suite === undefined || NPM[release] === undefined)
    throw new Error(`the base image ${name} cannot be made here`)
  return { name, release, suite }
}

export class Builder {
  readonly #commands: Commands
  readonly #tools: Tools
  readonly #folder: string
  readonly #say: (line: string) => void

  constructor(commands: Commands, tools: Tools, folder: string, say: (line: string) => void) {
    this.#commands = commands
    this.#tools = tools
    this.#folder = folder
    this.#say = say
    // Nothing is pulled.
    writeFileSync(this.#policy, '{ "default": [{ "type": "insecureAcceptAnything" }] }')
    writeFileSync(this.#registries, '')
  }

  get #policy(): string {
    return join(this.#folder, 'policy.json')
  }

  get #registries(): string {
    return join(this.#folder, 'registries.conf')
  }

  /** Storage of its own, plain folders: nothing of this machine's images is read or written. */
  async buildah(command: string, args: readonly string[], isLoud = false): Promise<string> {
    const storage = ['--root', join(this.#folder, 'storage'), '--runroot', join(this.#folder, 'run')]
    const all = [...storage, '--storage-driver', 'vfs', '--registries-conf', this.#registries]
    const policy = ['from', 'commit', 'bud'].includes(command) ? ['--signature-policy', this.#policy] : []
    return (
      await this.#commands.must(this.#tools.files.buildah, [...all, command, ...policy, ...args], {
        env: this.#tools.env,
        ...(isLoud ? { onLine: (line: string) => this.#say(`build | ${line}`) } : {}),
      })
    ).trim()
  }

  /** Debian, Node.js with its headers, npm: what the Dockerfile needs of the image of that name. */
  async makeBase({ name, release, suite }: Base): Promise<string> {
    const container = await this.buildah('from', ['scratch'])
    const root = await this.buildah('mount', [container])
    const { debootstrap } = this.#tools.files
    // Mounts of its own: an interrupted one leaves none.
    await this.#commands.must(
      'unshare',
      ['--mount', debootstrap, '--variant=minbase', suite, root, `${DEBIAN}/debian`],
      { env: this.#tools.debootstrapEnv },
    )
    const sources = [
      `deb ${DEBIAN}/debian ${suite} main`,
      `deb ${DEBIAN}/debian ${suite}-updates main`,
      `deb ${DEBIAN}/debian-security ${suite}-security main`,
    ]
    writeFileSync(join(root, 'etc/apt/sources.list'), `${sources.join('\n')}\n`)
    const local = join(root, 'usr/local')
    const fetched = join(this.#folder, 'npm')
    const node = await unpack(this.#commands, `node-linux-${process.arch}@${release}`, join(fetched, 'node'))
    for (const part of ['bin', 'include']) cpSync(join(node, part), join(local, part), { recursive: true })
    const npm = await unpack(this.#commands, `npm@${NPM[release]}`, join(fetched, 'npm'))
    cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true })
    for (const command of ['npm', 'npx'])
      symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(local, 'bin', command))
    await this.#letNpmOut(local)
    await this.buildah('config', ['--cmd', 'node', '--env', `PATH=${PATH}`, container])
    await this.buildah('commit', [
      '--quiet',
      '--format',
      'docker',
      '--rm',
      container,
      `docker.io/library/${name}`,
    ])
    const { version } = JSON.parse(readFileSync(join(node, 'package.json'), 'utf8')) as { version: string }
    return version
  }

  /** The way from this machine to the registry of packages: its address, and who signs for it. */
  async #letNpmOut(local: string): Promise<void> {
    const settings = [`registry=${(await this.#commands.must('npm', ['config', 'get', 'registry'])).trim()}`]
    const authorities = process.env['NODE_EXTRA_CA_CERTS']
    mkdirSync(join(local, 'etc'), { recursive: true })
    if (authorities !== undefined && existsSync(authorities)) {
      cpSync(authorities, join(local, 'etc/proof-ca.pem'))
      settings.push('cafile=/usr/local/etc/proof-ca.pem')
    }
    writeFileSync(join(local, 'etc/npmrc'), `${settings.join('\n')}\n`)
  }

  /** Builds the image. @returns what it says of its containers, and its size */
  async build(root: string): Promise<{ readonly image: ImageConfig; readonly size: string }> {
    const file = join(root, 'docker/Dockerfile')
    // The format of docker: the other has no health check.
    const how = ['--format', 'docker', '--pull-never']
    // In containers of runc, with the network of this machine.
    how.push('--isolation', 'oci', '--runtime', this.#tools.files.runc, '--network', 'host')
    await this.buildah('bud', [...how, '--file', file, '--tag', IMAGE, root], true)
    const { Docker } = JSON.parse(await this.buildah('inspect', ['--type', 'image', IMAGE])) as {
      Docker: { config: ImageConfig }
    }
    const listed = JSON.parse(await this.buildah('images', ['--json', IMAGE])) as { size: string }[]
    return { image: Docker.config, size: listed[0]!.size }
  }

  /** The folder with the image's files. */
  async mount(): Promise<string> {
    return await this.buildah('mount', [await this.buildah('from', ['--pull-never', IMAGE])])
  }
}
