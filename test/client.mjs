/**
 * `node test/client.mjs`: compiles node-rdkafka where it is installed without having been compiled, as after
 * `npm ci --ignore-scripts`. Its own install script compiles on one core: the parts of its makefile must run one after
 * the other, and none of them passes a number of jobs on. Here each part runs on all cores, and the compiler does not
 * optimize, which takes a third of the time: enough for tests, which send little. A bench or a production host takes what
 * `npm ci` compiles.
 *
 * What was compiled is kept beside Kafka's jars, outside the tree: the next checkout of the same release, with the same
 * compiler and the same Node, takes it from there.
 */
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from './broker/maven.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'node_modules/node-rdkafka')
const jobs = String(availableParallelism())
/** They stand behind the flags of both makefiles; of two that contradict each other the last one holds. */
const FLAGS = '-O0 -g0'

/** The output of the first step that failed; undefined: all succeeded. */
function run(steps) {
  for (const [cwd, command, ...args] of steps) {
    const { status, error, stdout, stderr } = spawnSync(command, args, {
      cwd,
      env: { ...process.env, JOBS: jobs, CFLAGS: FLAGS, CXXFLAGS: FLAGS },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      shell: process.platform === 'win32',
    })
    if (status !== 0)
      return `${command} ${args.join(' ')}\n${error?.message ?? ''}${stdout}${stderr}`.slice(-4000)
  }
  return undefined
}

/** Whether a process can load it. */
const isCompiled = () => run([[root, process.execPath, '-e', 'require("node-rdkafka")']]) === undefined

const ON_ALL_CORES = [
  [folder, 'npm', 'run', '--silent', 'configure'],
  // librdkafka's configure alone: what follows needs its config.h.
  [folder, 'make', '-C', 'build', 'deps/librdkafka/config.h'],
  [folder, 'make', '-j', jobs, '-C', 'deps/librdkafka', 'libs', 'install'],
  [folder, 'npm', 'run', '--silent', 'build'],
]

/** What the binding loads: itself, and beside it librdkafka (its path to that is relative). */
const LOADED = ['Release/node-librdkafka.node', 'deps/librdkafka.so.1', 'deps/librdkafka++.so.1']

/** Where it is kept: what stands in the name decides what is compiled. Undefined where other files are loaded. */
function keptFolder() {
  if (process.platform !== 'linux') return undefined
  const compiler = spawnSync(process.env['CXX'] || 'c++', ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { integrity } = lock.packages['node_modules/node-rdkafka']
  const { modules, napi } = process.versions
  const { glibcVersionRuntime } = process.report.getReport().header
  const decides = [integrity, modules, napi, process.arch, glibcVersionRuntime, compiler, FLAGS]
  const digest = createHash('sha256').update(JSON.stringify(decides)).digest('hex').slice(0, 16)
  return join(cacheFolder(), `node-rdkafka-${digest}`)
}

function copy(from, to) {
  for (const file of LOADED) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    cpSync(join(from, file), join(to, file))
  }
}

/** Whether it stood there, and loads. */
function takeKept() {
  const kept = keptFolder()
  if (kept === undefined || !existsSync(kept)) return false
  copy(kept, join(folder, 'build'))
  if (isCompiled()) return true
  // A library of the system is another one since: it is compiled anew.
  rmSync(join(folder, 'build'), { recursive: true, force: true })
  rmSync(kept, { recursive: true, force: true })
  return false
}

/** It is not kept where a folder cannot be written: it is only compiled again then. */
function keep() {
  const kept = keptFolder()
  if (kept === undefined) return
  const temporary = `${kept}.${randomUUID()}`
  try {
    copy(join(folder, 'build'), temporary)
    renameSync(temporary, kept)
  } catch (error) {
    if (!existsSync(kept)) process.stdout.write(`node-rdkafka is not kept: ${error.message}\n`)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

if (!existsSync(folder)) process.stdout.write('node-rdkafka is not installed\n')
else if (isCompiled()) process.stdout.write('node-rdkafka is compiled\n')
else if (takeKept()) process.stdout.write('node-rdkafka was compiled before\n')
else {
  const began = performance.now()
  const problem = run(ON_ALL_CORES)
  // As the package does it, one step at a time.
  const last = problem === undefined ? undefined : run([[root, 'npm', 'rebuild', 'node-rdkafka']])
  if (problem !== undefined) process.stdout.write(`node-rdkafka was not compiled on all cores: ${problem}\n`)
  if (last !== undefined) process.stdout.write(`node-rdkafka was not compiled: ${last}\n`)
  else process.stdout.write(`node-rdkafka took ${Math.round((performance.now() - began) / 1000)} s\n`)
  if (!isCompiled()) {
    process.stdout.write('node-rdkafka does not load: the tests that need it are skipped\n')
    process.exitCode = 1
  } else if (problem === undefined) keep()
}
