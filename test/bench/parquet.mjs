/**
 * `npm run bench:parquet [-- EVENTS [RUNS]]`: the events of the NDJSON case as a Parquet file of DuckDB, de-identified into NDJSON by
 * Lethe and by DuckDB, on one thread each, in turn. See README.md.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const HERE = import.meta.dirname
const events = Number(process.argv[2] ?? 300_000)
const runs = Number(process.argv[3] ?? 3)
if (!Number.isInteger(events) || events < 1 || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write('npm run bench:parquet [-- EVENTS [RUNS]]\n')
  process.exit(2)
}
if (!existsSync(join(HERE, 'node_modules')))
  execFileSync('npm', ['ci', '--prefix', HERE], { stdio: 'inherit', shell: process.platform === 'win32' })
// Only now: these import the baselines.
const { measure, spread, warm } = await import('./measure.mjs')
const { MAIN } = await import('./cases.mjs')
const { assertEqual } = await import('./equal.mjs')
const { ndjsonSql } = await import('./sql.mjs')

const folder = mkdtempSync(join(tmpdir(), 'lethe-bench-'))
const at = (name) => join(folder, name)
const sql = (name, text) => {
  writeFileSync(at(name), text)
  return [join(HERE, 'duckdb.mjs'), '1', at(name)]
}
try {
  execFileSync(process.execPath, [
    join(HERE, 'data.mjs'),
    'ndjson',
    String(events),
    'repeat',
    at('in.ndjson'),
  ])
  const secret = randomBytes(32)
  // A mask shows nothing of some short names, which SQL would have to be told.
  const withoutNames = (text) => text.replace(/^.*customer\.name.*\n/m, '')
  const plain = withoutNames(ndjsonSql(at('in.ndjson'), at('duckdb.ndjson'), secret))
  const [before, source] = [
    plain.slice(0, plain.indexOf('FROM read_json')),
    plain.slice(plain.indexOf('FROM read_json')),
  ]
  const read = source.slice(0, source.lastIndexOf('\n) TO'))
  // Event times stay texts, with their zone, as Lethe reads them.
  const typed = read.replace("'occurred_at': 'TIMESTAMP'", "'occurred_at': 'VARCHAR'")
  await measure(
    [sql('make.sql', `COPY (SELECT * ${typed}) TO '${at('in.parquet')}' (FORMAT parquet)`)],
    folder,
  )
  rmSync(at('in.ndjson'))
  const rows = `FROM (SELECT * REPLACE (CAST(occurred_at AS TIMESTAMP) AS occurred_at) FROM '${at('in.parquet')}')`
  const duckdb = sql('run.sql', before + rows + source.slice(source.lastIndexOf('\n) TO')))
  writeFileSync(
    at('keys.json'),
    JSON.stringify({
      lethe: 'keyset',
      version: 1,
      primary: 'k1',
      keys: [
        {
          id: 'k1',
          status: 'enabled',
          created: new Date().toISOString(),
          secret: secret.toString('base64url'),
        },
      ],
    }),
    { mode: 0o600 },
  )
  const policy = at('policy.yaml')
  writeFileSync(policy, withoutNames(readFileSync(join(HERE, 'policies/ndjson.yaml'), 'utf8')))
  const args = ['-p', policy, '--keys', at('keys.json'), '--workers', '1', '-q', '-o']
  const lethe = (output) => [MAIN, 'batch', at('in.parquet'), ...args, at(output)]
  const toParquet = sql(
    'typed.sql',
    `${before}${rows}\n) TO '${at('duckdb.parquet')}' (FORMAT parquet, COMPRESSION snappy)`,
  )
  warm(at('in.parquet'))
  const measured = {
    'duckdb to ndjson': [],
    'lethe to ndjson': [],
    'duckdb to parquet': [],
    'lethe to parquet': [],
  }
  for (let run = 0; run < runs; run++) {
    measured['duckdb to ndjson'].push(await measure([duckdb], folder))
    measured['lethe to ndjson'].push(await measure([lethe('lethe.ndjson')], folder))
    measured['duckdb to parquet'].push(await measure([toParquet], folder))
    measured['lethe to parquet'].push(await measure([lethe('lethe.parquet')], folder))
  }
  const compared = await assertEqual('ndjson', at('lethe.ndjson'), at('duckdb.ndjson'))
  // What stands in the Parquet file, by another reader.
  await measure(
    [
      sql(
        'back.sql',
        `COPY (SELECT * FROM '${at('lethe.parquet')}') TO '${at('back.ndjson')}' (FORMAT json)`,
      ),
    ],
    folder,
  )
  await assertEqual('ndjson', at('back.ndjson'), at('duckdb.ndjson'))
  const of = (name, key) => spread(measured[name].map((each) => each[key])).median
  const size = Math.round(statSync(at('in.parquet')).size / 1e6)
  const made = Math.round(statSync(at('lethe.parquet')).size / 1e6)
  const other = Math.round(statSync(at('duckdb.parquet')).size / 1e6)
  process.stdout.write(
    `${events} events, ${size} MB of Parquet; outputs of Parquet ${made} MB, of DuckDB ${other} MB; ${compared} records compared, all equal\n`,
  )
  for (const name of Object.keys(measured))
    process.stdout.write(
      `${name.padEnd(18)} ${of(name, 'seconds').toFixed(2)} s, ${of(name, 'cpu').toFixed(2)} CPU s, ` +
        `${Math.round(events / of(name, 'cpu'))} rows per CPU s, peak ${Math.round(of(name, 'peak'))} MiB\n`,
    )
  for (const format of ['ndjson', 'parquet']) {
    const ratio = (key) =>
      spread(
        measured[`duckdb to ${format}`].map(
          (each, run) => each[key] / measured[`lethe to ${format}`][run][key],
        ),
      ).median
    process.stdout.write(
      `rows/s of Lethe to DuckDB, to ${format}: ${ratio('seconds').toFixed(2)} on the wall, ${ratio('cpu').toFixed(2)} of processor time (asked for: 0.40)\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
