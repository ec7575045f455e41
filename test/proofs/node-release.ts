/** A release of Node.js out of npm, and the environment in which npm and the checks run on it. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Commands } from './commands.ts'

export interface NodeRelease {
  readonly version: string
  /** Has `bin/node`, and the headers for native modules in `include/node`. */
  readonly folder: string
}

/** The npm package that holds Node.js for this machine. */
function packageName(): string {
  if (process.platform !== 'linux') throw new Error('npm has these releases of Node.js for Linux only')
  return `node-linux-${process.arch}`
}

/** Unpacks a package of npm. @returns the folder of the package */
export async function unpack(commands: Commands, name: string, into: string): Promise<string> {
  mkdirSync(into, { recursive: true })
  await commands.must('npm', ['pack', '--silent', name, '--pack-destination', into])
  const archive = readdirSync(into).find((file) => file.endsWith('.tgz'))
  if (archive === undefined) throw new Error(`npm gave no archive of ${name}`)
  await commands.must('tar', ['-xzf', join(into, archive), '-C', into])
  return join(into, 'package')
}

/** @param wanted a version or the start of one, such as 22 */
export async function fetchNode(commands: Commands, wanted: string, into: string): Promise<NodeRelease> {
  const folder = await unpack(commands, `${packageName()}@${wanted}`, into)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { version, folder }
}

/** What `npm run` tells its script about itself, and the Node.js that it ran on. */
const OF_NPM_RUN =
  /^(npm_(?!config_)|npm_config_(local_prefix|global_prefix|prefix|user_agent|npm_version)$|NODE$|INIT_CWD$)/

/** The environment of commands that find this Node.js first, and compile native modules for it. */
export function environmentOn(folder: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = (environment['PATH'] ?? '').split(delimiter).filter((one) => !/node_modules\/\.bin$/.test(one))
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !OF_NPM_RUN.test(name))),
    PATH: [join(folder, 'bin'), ...path.filter((one) => !/node-gyp-bin$/.test(one))].join(delimiter),
    npm_config_nodedir: folder,
  }
}
