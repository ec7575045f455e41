/**
 * `npm run proof:properties [-- --runs N --seed N FILE…]`: all tests of properties, each with forty times the runs of a
 * check, or N times. It prints its seed, which repeats it.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '40' }, seed: { type: 'string' } },
})
const times = Number(values.runs)
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
if (!Number.isInteger(times) || times < 1 || !Number.isInteger(seed))
  throw new Error('--runs and --seed are whole numbers')

const said = `seed ${seed}, ${times} times the runs of a check\n`
process.stdout.write(said)
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/proofs/properties.config.ts', ...files],
  {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, LETHE_RUNS: String(times), LETHE_SEED: String(seed) },
  },
)
process.stdout.write(said)
process.exitCode = status ?? 1
