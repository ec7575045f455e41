/** The fault run in short: each fault once, in an order that makes them meet. The long one is `npm run chaos`. */
import { expect, it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import type { FaultName } from './chaos/faults.ts'
import { Run, type RunOptions, type RunResult } from './chaos/run.ts'
import { describeReport } from './checker.ts'

const MINUTE = 60_000

async function survive(options: Omit<RunOptions, 'milliseconds'>): Promise<RunResult> {
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const result = await new Run({ ...options, milliseconds: 3 * MINUTE, say }).run()
  const story = lines.join('\n')
  expect(result.findings, story).toEqual([])
  expect(describeReport(result.report), story).toBe('clean')
  // It was no quiet run: every fault happened, and every sort of record was there.
  for (const fault of options.faults ?? []) expect(result.faults[fault], story).toBeGreaterThan(0)
  expect(Math.min(...Object.values(result.report.seen.kinds))).toBeGreaterThan(0)
  return result
}

const ALL: readonly FaultName[] = [
  'join',
  'kill',
  'twin',
  'cut',
  'silence',
  'broker-kill',
  'leave',
  'zombie',
  'refuse',
  'slow',
  'freeze',
  'broker-restart',
]

onOwnKafka('under faults', () => {
  it('exactly once: nothing is lost, and nothing is there twice', { timeout: 5 * MINUTE }, async () => {
    const { report } = await survive({ seed: 4, delivery: 'exactly-once', driver: 'rdkafka', faults: ALL })
    expect(report.seen.duplicates).toBe(0)
  })

  const FEW: readonly FaultName[] = ['kill', 'silence', 'join', 'broker-kill', 'cut', 'leave']
  it.each(['rdkafka', 'kafkajs'] as const)(
    'at least once (%s): nothing is lost',
    { timeout: 4 * MINUTE },
    async (driver) => {
      // Eager; the run above is cooperative.
      await survive({ seed: 5, delivery: 'at-least-once', driver, faults: FEW, assignment: 'range' })
    },
  )
})
