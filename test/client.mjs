/**
 * `node test/client.mjs`: compiles node-rdkafka where it is installed without having been compiled, as after
 * `npm ci --ignore-scripts`. Its own install script compiles on one core: the parts of its makefile must run one after
 * the other, and none of them passes a number of jobs on. Here each part runs on all cores.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'node_modules/node-rdkafka')
const jobs = String(availableParallelism())

/** The output of the first step that failed; undefined: all succeeded. */
function run(steps) {
  for (const [cwd, command, ...args] of steps) {
    const { status, error, stdout, stderr } = spawnSync(command, args, {
      cwd,
      env: { ...process.env, JOBS: jobs },
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

if (!existsSync(folder)) process.stdout.write('node-rdkafka is not installed\n')
else if (isCompiled()) process.stdout.write('node-rdkafka is compiled\n')
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
  }
}
