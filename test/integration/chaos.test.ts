/** Fault runs in brief: the faults that take a client or a broker away. `chaos.proof.ts` makes all of them. */
import { expect, it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import { survive } from './chaos/survive.ts'

onOwnKafka('under a few faults', () => {
  it('exactly once: nothing is lost, and nothing is there twice', { timeout: 240_000 }, async () => {
    const faults = ['kill', 'zombie', 'join', 'broker-kill', 'freeze'] as const
    const { report } = await survive({ seed: 4, delivery: 'exactly-once', driver: 'rdkafka', faults })
    expect(report.seen.duplicates).toBe(0)
  })

  it('at least once (kafkajs): nothing is lost', { timeout: 240_000 }, async () => {
    const faults = ['kill', 'broker-kill', 'join'] as const
    await survive({ seed: 5, delivery: 'at-least-once', driver: 'kafkajs', faults, assignment: 'range' })
  })
})
