/**
 * `npm run proof:cards`: the documents of `lethe card`, read by the programs of those who wrote the formats. mlcroissant validates Croissant
 * and loads the records of CSV, NDJSON and Parquet, of one file and of a parted data set, which are compared with the files; a validator of
 * JSON Schema holds contracts to the schema of ODCS 3.1 and, where the schemas are there, events to those of OpenLineage; huggingface_hub reads
 * the card. Names and facts are hostile. Makes an environment of Python in a cache, once. Ends with 1 where something does not hold.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = [
  'mlcroissant==1.1.1',
  'pyarrow==26.0.1',
  'open-data-contract-standard==3.1.2',
  'huggingface_hub==2.4.0',
  'jsonschema[format-nongpl]==4.26.0',
]
const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const proof = fileURLToPath(new URL('cards.py', import.meta.url))
const schemas = fileURLToPath(new URL('../../../shared/data/openlineage', import.meta.url))
const cache = join(
  process.env['LETHE_CACHE'] ?? join(process.env['HOME'] ?? tmpdir(), '.cache', 'lethe'),
  `cards-${createHash('sha256').update(PACKAGES.join(' ')).digest('hex').slice(0, 12)}`,
)

const python = join(cache, 'bin/python')
if (!existsSync(join(cache, 'ready'))) {
  mkdirSync(cache, { recursive: true })
  execFileSync('python3', ['-m', 'venv', cache], { stdio: 'inherit' })
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], { stdio: 'inherit' })
  writeFileSync(join(cache, 'ready'), '')
}
const folder = mkdtempSync(join(tmpdir(), 'lethe-cards-'))
try {
  execFileSync(python, [proof, process.execPath, script, schemas], { cwd: folder, stdio: 'inherit' })
} catch {
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
