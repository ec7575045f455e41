/** Each fault once, in an order that makes them meet. `npm run chaos` draws faults for as long as it is told. */
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
const FEW: readonly FaultName[] = ['kill', 'silence', 'join', 'broker-kill', 'cut', 'leave']

onOwnKafka('under faults', () => {
  it('exactly once: nothing is lost, and nothing is there twice', { timeout: 300_000 }, async () => {
    const { report } = await survive({ seed: 4, delivery: 'exactly-once', driver: 'rdkafka', faults: ALL })
    expect(report.seen.duplicates).toBe(0)
  })

  it.each(['rdkafka', 'kafkajs'] as const)(
    'at least once (%s), where partitions are shared eagerly: nothing is lost',
    { timeout: 240_000 },
    async (driver) => {
      await survive({ seed: 5, delivery: 'at-least-once', driver, faults: FEW, assignment: 'range' })
    },
  )
})
