/** Who runs in each case, and which ratios are asked for. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { csvJoinedSql, csvSql, ndjsonSql } from './sql.mjs'

const HERE = import.meta.dirname
/** The command that is measured. */
export const MAIN = join(process.env.LETHE_BENCH_DIST ?? join(HERE, '../../dist'), 'bin/lethe.js')

/** Two processes of one worker each, at once, on half of the input: what the machine has for a second worker. */
export const TWICE = 'lethe 1, twice on half'

/**
 * The contestants of one case, in the order in which they run. Each gives the arguments of its processes, which run at
 * once, and the file that it writes; `halves` writes two, which are not compared.
 */
export function contestants({ kind, mode, input, halves, folder, keys, secret, threads }) {
  const policy = join(HERE, 'policies', `${kind}.yaml`)
  const list = []
  const outputOf = (name) => join(folder, `${name.replaceAll(/\W+/g, '-')}.${kind}`)
  const add = (name, args) => {
    const output = outputOf(name)
    list.push({ name, output, commands: [args(output)] })
  }
  const sql = (name, count, write) =>
    add(`${name} ${count}`, (output) => {
      const file = join(folder, `${name}-${count}-${kind}.sql`)
      writeFileSync(file, write(input, output, secret))
      return [join(HERE, 'duckdb.mjs'), String(count), file]
    })
  const batch = (from, to, count) => [
    MAIN,
    'batch',
    from,
    '-p',
    policy,
    '-o',
    to,
    '--keys',
    keys,
    '--workers',
    String(count),
  ]
  const lethe = (count) => add(`lethe ${count}`, (output) => batch(input, output, count))
  const duckdb = (count) => {
    sql('duckdb', count, kind === 'csv' ? csvSql : ndjsonSql)
    if (kind === 'csv' && mode === 'repeat') sql('duckdb-join', count, csvJoinedSql)
  }
  // The speed of a machine drifts: whatever is compared runs side by side.
  threads.forEach((count, index) => {
    if (index % 2 === 0) duckdb(count)
    lethe(count)
    if (index % 2 === 1) duckdb(count)
  })
  if (halves !== undefined) {
    const outputs = halves.map((_, index) => outputOf(`half ${index}`))
    const commands = halves.map((half, index) => batch(half, outputs[index], 1))
    list.push({ name: TWICE, outputs, commands })
  }
  const loop = kind === 'csv' ? 'fast-csv' : 'parse-stringify'
  add(loop, (output) => [join(HERE, `${loop}.mjs`), input, output, policy, keys])
  return list
}

/** The ratios of one case: `slow` over `fast`, and what must be reached. */
export function ratios({ kind, mode, threads }) {
  const list = []
  for (const count of threads) {
    const target = kind === 'csv' && mode === 'repeat' ? 1.5 : 1
    list.push({ slow: `duckdb ${count}`, fast: `lethe ${count}`, target })
    if (kind === 'csv' && mode === 'repeat')
      list.push({ slow: `duckdb-join ${count}`, fast: `lethe ${count}`, target: 1.5 })
  }
  if (kind === 'csv') list.push({ slow: 'fast-csv', fast: 'lethe 1', target: 10 })
  else list.push({ slow: 'parse-stringify', fast: 'lethe 1', target: 1.5 })
  // Only stated for NDJSON; printed for both.
  if (threads.includes(2)) {
    list.push({ slow: 'lethe 1', fast: 'lethe 2', target: kind === 'ndjson' ? 1.7 : undefined })
    list.push({ slow: 'lethe 1', fast: TWICE }, { slow: TWICE, fast: 'lethe 2' })
  }
  return list
}
