import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { csvSql, ndjsonSql } from './sql.mjs'

const secret = Buffer.from([...Array(32).keys()])
const [kind, mode, threads] = process.argv.slice(2)
writeFileSync(
  '/tmp/lethe-bench/q.sql',
  (kind === 'csv' ? csvSql : ndjsonSql)(
    `/tmp/lethe-bench/t-${mode}.${kind}`,
    `/tmp/lethe-bench/o.${kind}`,
    secret,
  ),
)
const t = performance.now()
execFileSync('node', ['duckdb.mjs', threads, '/tmp/lethe-bench/q.sql'], { stdio: 'inherit' })
const s = (performance.now() - t) / 1e3
console.log(kind, mode, threads, s.toFixed(2), 's')
