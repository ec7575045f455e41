/** A fault run that is a test: nothing found, and it was no quiet one. */
import { expect } from 'vitest'
import { describeReport } from '../checker.ts'
import { Run, type RunOptions, type RunResult } from './run.ts'

const MINUTE = 60_000

export async function survive(options: Omit<RunOptions, 'milliseconds'>): Promise<RunResult> {
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const result = await new Run({ ...options, milliseconds: 3 * MINUTE, say }).run()
  const story = lines.join('\n')
  expect(result.findings, story).toEqual([])
  expect(describeReport(result.report), story).toBe('clean')
  // Every fault happened, and every sort of record was there.
  for (const fault of options.faults ?? []) expect(result.faults[fault], story).toBeGreaterThan(0)
  expect(Math.min(...Object.values(result.report.seen.kinds))).toBeGreaterThan(0)
  // List and table had their say, and the table changed while it ran, where it is followed.
  const { listed, denied, allowed, withdrawn, undecided } = result.gated
  expect(Math.min(listed, denied, allowed)).toBeGreaterThan(0)
  if (options.driver === 'rdkafka')
    expect(Math.min(result.said, withdrawn, undecided, result.waited)).toBeGreaterThan(0)
  else expect(undecided).toBe(0)
  return result
}
