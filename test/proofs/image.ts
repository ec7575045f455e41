/**
 * `npm run proof:image`: builds docker/Dockerfile as it is and runs it, without a container engine: buildah over a base
 * of debootstrap, containers by runc. And validates what lies in docker/. Ends with 1 at the first thing that is wrong.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Commands } from './commands.ts'
import { prepare, tryBatch } from './image/batch.ts'
import { Builder, baseOf } from './image/build.ts'
import { Containers } from './image/container.ts'
import { validate } from './image/lint.ts'
import { probe } from './image/probe.ts'
import { tryStream } from './image/stream.ts'
import { findTools, findValidators } from './image/tools.ts'

const HELP = `npm run proof:image -- [options]
  --validate      only what needs no image: hadolint and the schemas of Kubernetes
  --events N      how many events go through the image (default: 5000)
Needs Linux, root (for mounts), python3, and for what is not installed of buildah, debootstrap and runc, apt-get.
`
const { values } = parseArgs({
  options: {
    validate: { type: 'boolean', default: false },
    events: { type: 'string', default: '5000' },
    help: { type: 'boolean', default: false },
  },
})
const events = Number(values.events)
if (values.help || !(events >= 1000)) {
  process.stderr.write(HELP)
  process.exit(values.help ? 0 : 2)
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const docker = join(root, 'docker')
/** Where buildah notes what it knows of layers; no option moves it. */
const NOTES = '/var/lib/containers'
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const commands = new Commands().watch()
const hadNotes = existsSync(NOTES)
const folder = mkdtempSync(join(tmpdir(), 'lethe-image-'))
let containers: Containers | undefined

async function step<T>(name: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T> {
  const began = performance.now()
  say(`— ${name}`)
  const result = await work()
  say(`— ${name}: ${tell(result)} (${Math.round((performance.now() - began) / 1000)} s)`)
  return result
}

async function prove(): Promise<void> {
  const same = (text: string): string => text
  await step('docker/', async () => validate(commands, await findValidators(commands), docker), same)
  if (values.validate) return
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('an image is built as root, on Linux')
  const tools = await step(
    'tools',
    () => findTools(commands),
    ({ files }) => Object.values(files).join(', '),
  )
  const builder = new Builder(commands, tools, folder, say)
  const base = baseOf(readFileSync(join(docker, 'Dockerfile'), 'utf8'))
  const node = await step(
    `base image ${base.name}`,
    () => builder.makeBase(base),
    (made) => `Node.js ${made}, Debian ${base.suite}`,
  )
  const { image } = await step(
    'Dockerfile',
    () => builder.build(root),
    (built) => `${built.size}, user ${built.image.User}`,
  )
  containers = new Containers(commands, tools, join(folder, 'runc'), image, await builder.mount())
  const seen = containers
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  await step('image', () => probe(seen, version, node), same)
  const trial = { commands, containers: seen, root, data: join(folder, 'data'), events }
  await prepare(trial)
  await step('lethe batch', () => tryBatch(trial), same)
  await step('lethe stream, as compose.yaml runs it', () => tryStream(trial, say), same)
}

let isWell = false
try {
  await prove()
  isWell = true
} catch (error) {
  say(`failed: ${(error as Error).message}`)
} finally {
  await containers?.close(new Commands())
  // Not into a mount that was left.
  execFileSync('rm', ['-rf', '--one-file-system', folder])
  if (!hadNotes) rmSync(NOTES, { recursive: true, force: true })
}
// Node may turn for ever when it tidies up after the thread that compiles TypeScript.
process.exit(commands.interrupted ? 130 : isWell ? 0 : 1)
