/**
 * `npm run proof:parquet [-- FILES [SEED]]`: Parquet files of random nested schemas and values, written by pyarrow in many forms, give
 * under `keep.subtree` what pyarrow was given; where all leaves are kept, pyarrow and DuckDB find the same rows in the Parquet that is
 * written, and no bounds; and once `lethe retain` has deleted rows of it, and of a data set of it, the rows that are left, in the same schema; and CSV, JSON and Parquet under
 * `type:` and `statistics:`, whose values, types and bounds pyarrow and DuckDB find. Makes an environment of Python with both in the system's temporary folder. Ends
 * with 1 where a file differs, and names its seed.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PYARROW = 'pyarrow==26.0.1'
const DUCKDB = 'duckdb==2.0.1'
const [files = '100', seed = '0'] = process.argv.slice(2)
const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const proof = fileURLToPath(new URL('./parquet-files.py', import.meta.url))

const environment = join(tmpdir(), `lethe-proof-${PYARROW}-${DUCKDB}`)
const python = join(environment, 'bin/python')
if (!existsSync(join(environment, 'ready'))) {
  execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' })
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', PYARROW, DUCKDB], { stdio: 'inherit' })
  execFileSync('touch', [join(environment, 'ready')])
}
const folder = mkdtempSync(join(tmpdir(), 'lethe-parquet-'))
try {
  execFileSync(python, [proof, process.execPath, script, files, seed], { cwd: folder, stdio: 'inherit' })
} catch {
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
