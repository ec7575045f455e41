/**
 * A batch over files from a program: what `lethe batch` does, with progress, and a time limit of ten minutes.
 *
 *     node batch-files.mjs INPUT OUTPUT POLICY KEYS
 */
import { deidentifyFiles, loadKeyring } from 'lethe'

const [input, output, policy, keys] = process.argv.slice(2)

const summary = await deidentifyFiles({
  inputs: [input],
  output,
  policy,
  keys: loadKeyring(keys),
  deadLetters: `${output}.dead.ndjson`,
  summary: `${output}.run.json`,
  maxDeadLetters: '0.5%',
  onProgress: ({ records }) => process.stderr.write(`${records} records\n`),
  signal: AbortSignal.timeout(600_000),
})

if (summary.status !== 'done') throw new Error(`no output was left: ${summary.status}`)
process.stdout.write(`${summary.records.published} of ${summary.records.in} records published\n`)
