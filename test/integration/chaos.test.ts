/** The fault run in short: each fault once, in an order that makes them meet. The long one is `npm run chaos`. */
import { expect, it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import type { FaultName } from './chaos/faults.ts'
import { survive } from './chaos/survive.ts'

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
  it('exactly once: nothing is lost, and nothing is there twice', { timeout: 300_000 }, async () => {
    const { report } = await survive({ seed: 4, delivery: 'exactly-once', driver: 'rdkafka', faults: ALL })
    expect(report.seen.duplicates).toBe(0)
  })
})
