/**
 * `npm run bench:kernels [-- ROWS]`: what the records of the CSV and NDJSON cases cost with kernels and without, in pairs that
 * run in turn. It guards the code that takes what the kernels leave. Processor time of this process; see README.md.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyring } from '../../dist/src/keys/keyring.js'
import { testKeyset } from '../../dist/src/keys/test-keyset.js'
import { compilePolicy } from '../../dist/src/policy/compile.js'
import { readPolicyFile } from '../../dist/src/policy/policy-file.js'
import { padded } from '../../dist/src/record/codec.js'
import { csvEngine, jsonEngine } from '../../dist/src/run/engines.js'
import { generate } from './data.mjs'

const PAIRS = 10
const CHUNK = 1 << 18
const rows = Number(process.argv[2] ?? 100_000)
if (!Number.isInteger(rows) || rows < 1) {
  process.stderr.write('npm run bench:kernels [-- ROWS]\n')
  process.exit(2)
}
const keys = Keyring.fromKeyset(testKeyset())
const folder = mkdtempSync(join(tmpdir(), 'lethe-bench-'))

/** The file's chunks of whole records, and the header of a table. */
function read(kind) {
  const file = join(folder, kind)
  generate(kind, rows, 'repeat', file)
  const bytes = readFileSync(file)
  let at = kind === 'csv' ? bytes.indexOf(10) + 1 : 0
  const header = bytes.toString('utf8', 0, Math.max(0, at - 1)).split(',')
  const chunks = []
  while (at < bytes.length) {
    const end = at + CHUNK >= bytes.length ? bytes.length : bytes.lastIndexOf(10, at + CHUNK) + 1
    chunks.push({ bytes: padded(bytes.subarray(at, end)), length: end - at })
    at = end
  }
  return { header, chunks }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

process.stdout.write('| case | kernels, µs | without, µs | ratio |\n|---|---|---|---|\n')
try {
  for (const kind of ['csv', 'ndjson']) {
    const { plan } = compilePolicy(readPolicyFile(join(import.meta.dirname, `policies/${kind}.yaml`)), {
      keys,
    })
    const { header, chunks } = read(kind)
    const style = { delimiter: ',', lineBreak: '\n', escapeFormulas: false }
    const make = (kernels) => {
      const options = { now: Date.now(), kernels }
      return kind === 'csv' ? csvEngine(plan, header, kind, style, options) : jsonEngine(plan, options)
    }
    const engines = [make(true), make(false)]
    const run = (engine) => {
      const before = process.cpuUsage()
      for (const { bytes, length } of chunks) engine.rewrite(bytes, length)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / rows
    }
    // All code paths are warm before anything is measured.
    for (const engine of engines) run(engine)
    const pairs = Array.from({ length: PAIRS }, () => engines.map(run))
    const of = (which) => median(pairs.map((pair) => pair[which])).toFixed(2)
    const ratio = median(pairs.map(([on, off]) => off / on)).toFixed(2)
    process.stdout.write(`| ${kind} | ${of(0)} | ${of(1)} | ${ratio} |\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
