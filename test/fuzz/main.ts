/** `npm run proof:fuzz`: the long fuzz run. */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fuzzForms } from './forms.ts'
import { fuzz } from './fuzz.ts'

const HELP = `npm run proof:fuzz -- [options]
  --seed N        repeats a run (default: drawn)
  --minutes M     how long (default 10)
`
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
const minutes = Number(values.minutes)
if (values.help || !(seed >= 0) || !(minutes > 0)) {
  process.stderr.write(HELP)
  process.exit(values.help ? 0 : 2)
}
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`seed ${seed}, ${minutes} minutes`)
const { findings, ...counts } = await fuzz({
  seed,
  milliseconds: minutes * 45_000,
  script: fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url)),
  say,
})
say(`${JSON.stringify(counts)}; ${findings.length === 0 ? 'nothing found' : `${findings.length} findings`}`)
const forms = await fuzzForms(seed, minutes * 15_000)
for (const finding of forms.findings) say(finding)
say(`forms of files: ${forms.files} files, ${forms.records} records, ${forms.findings.length} findings`)
// Node may turn for ever when it tidies up after the thread that compiles TypeScript.
process.exit(findings.length + forms.findings.length === 0 && counts.published > 0 ? 0 : 1)
