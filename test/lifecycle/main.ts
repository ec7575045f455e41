/**
 * `npm run proof:lifecycle [-- options]`: what docs/consent.md, lifecycle.md and erasure.md promise, over files and real Kafka.
 * Ends with 1 where it does not hold. A failure prints its seed and the schedule, made smaller; `--seed` repeats it.
 */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startBroker } from '../broker/broker.mjs'
import { proveFiles } from './files-proof.ts'
import { eraseFromFiles } from './files-scale.ts'
import { lethe, WarmCommands } from './process.ts'
import { proveTopics } from './topics-proof.ts'
import { eraseFromTopics, PROMPT } from './topics-scale.ts'

const HELP = `npm run proof:lifecycle -- [options]
  --only files|topics|scale  one part (may be repeated)
  --seed N                   of the schedules (default: drawn, and printed)
  --schedules N              random schedules over files (default 12)
  --topic-schedules N        random schedules over topics (default 10)
  --actions N                actions of a schedule at most (default 40)
  --shrink SECONDS           a failure is made smaller for no longer (default 240)
  --rows N                   rows of files that subjects are erased from (default 10000000)
  --records N                records of topics that subjects are erased from (default 1000000)
  --subjects N               subjects that are erased (default 1000)
  --warm                     commands that are not killed run in one process, which is faster
`
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['files', 'topics', 'scale'] },
    seed: { type: 'string' },
    schedules: { type: 'string', default: '12' },
    'topic-schedules': { type: 'string', default: '10' },
    actions: { type: 'string', default: '40' },
    shrink: { type: 'string', default: '240' },
    rows: { type: 'string', default: '10000000' },
    records: { type: 'string', default: '1000000' },
    subjects: { type: 'string', default: '1000' },
    warm: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const whole = (text: string, name: string): number => {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name}: a whole number from 1 on`)
  return number
}
const began = performance.now()
const say = (line: string): void =>
  void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}\n`)

async function proveScale(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-scale-'))
  try {
    const [rows, subjects] = [whole(values.rows, 'rows'), whole(values.subjects, 'subjects')]
    await eraseFromFiles({ folder, lethe, rows, subjects, say })
    const ofTopics = mkdtempSync(join(tmpdir(), 'lethe-scale-'))
    const broker = await startBroker({ properties: PROMPT })
    try {
      const records = whole(values.records, 'records')
      const { address } = broker
      await eraseFromTopics({ folder: ofTopics, lethe, records, subjects, say, address })
    } finally {
      await broker.stop()
      rmSync(ofTopics, { recursive: true, force: true })
    }
    return true
  } catch (error) {
    say(`scale: FAILED: ${String((error as Error).stack)}`)
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (values.help) process.stdout.write(HELP)
else {
  const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : whole(values.seed, 'seed')
  const warm = values.warm ? new WarmCommands() : undefined
  const shared = {
    lethe: warm?.lethe ?? lethe,
    seed,
    actions: whole(values.actions, 'actions'),
    shrinkMs: whole(values.shrink, 'shrink') * 1000,
    say,
  }
  say(`seed ${seed}`)
  let holds = true
  if (values.only.includes('files'))
    holds = (await proveFiles({ ...shared, schedules: whole(values.schedules, 'schedules') })) && holds
  if (values.only.includes('scale')) holds = (await proveScale()) && holds
  if (values.only.includes('topics')) {
    const broker = await startBroker()
    try {
      const schedules = whole(values['topic-schedules'], 'topic-schedules')
      holds = (await proveTopics(broker.address, { ...shared, schedules })) && holds
    } finally {
      await broker.stop()
    }
  }
  warm?.end()
  process.exitCode = holds ? 0 : 1
}
