/** `npm run chaos`: the long fault run. */
import { parseArgs } from 'node:util'
import { describeReport } from '../checker.ts'
import { FAULTS, type FaultName } from './faults.ts'
import { Run } from './run.ts'

const HELP = `npm run chaos -- [options]
  --seed N            the first seed (default: drawn)
  --minutes M         how long faults are made (default 5)
  --runs N            so many runs, each with the next seed (default 1)
  --delivery D        exactly-once (default) or at-least-once
  --driver D          rdkafka (default) or kafkajs, which means at-least-once
  --assignment A      cooperative-sticky (default) or range, which is eager; kafkajs has only that
  --faults A,B        only these faults (default: all)
  --rate N            records a second (default 400)
`
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    runs: { type: 'string', default: '1' },
    delivery: { type: 'string' },
    driver: { type: 'string', default: 'rdkafka' },
    rate: { type: 'string', default: '400' },
    assignment: { type: 'string' },
    faults: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
const driver = values.driver === 'kafkajs' ? 'kafkajs' : 'rdkafka'
const delivery =
  driver === 'kafkajs' || values.delivery === 'at-least-once' ? 'at-least-once' : 'exactly-once'
const numbers = [seed, Number(values.minutes), Number(values.runs), Number(values.rate)]
const only = values.faults?.split(',') as readonly FaultName[] | undefined
if (values.help || numbers.some((number) => !(number >= 0)) || only?.some((name) => !(name in FAULTS))) {
  process.stderr.write(HELP)
  process.exit(values.help ? 0 : 2)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
let failures = 0
const table: string[] = []
for (let n = 0; n < Number(values.runs); n++) {
  say(`seed ${seed + n}: ${delivery}, ${driver}`)
  const { report, findings, faults, replaced, sent, said, gated, waited } = await new Run({
    seed: seed + n,
    delivery,
    driver,
    milliseconds: Number(values.minutes) * 60_000,
    rate: Number(values.rate),
    assignment: values.assignment === 'range' ? 'range' : undefined,
    only,
    say,
  }).run()
  say(`sent ${sent}; survived ${JSON.stringify(faults)}; clients replaced ${JSON.stringify(replaced)}`)
  say(`said ${said}; judged ${JSON.stringify(gated)}; waited for the table ${waited}`)
  say(`seen ${JSON.stringify(report.seen)}`)
  for (const finding of findings) say(`FINDING: ${finding}`)
  say(describeReport(report))
  if (!report.ok || findings.length > 0) failures++
  const { inputs, duplicates } = report.seen
  const survived = Object.values(faults).reduce((sum, count) => sum + count, 0)
  table.push(
    `seed ${seed + n}: read ${inputs}, lost ${report.counts.lost ?? 0}, twice ${duplicates}, faults ${survived}, findings ${findings.length + report.findings.length}`,
  )
}
for (const line of table) say(line)
say(failures === 0 ? 'nothing found' : `${failures} runs with findings`)
// Node may turn for ever when it tidies up after the thread that compiles TypeScript.
process.exit(failures === 0 ? 0 : 1)
