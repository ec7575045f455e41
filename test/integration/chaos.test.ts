/**
 * Fault runs in brief, with two workers: a process that is killed, one that stands still for longer than its session, a broker that is
 * killed; with kafkajs connections that are cut. `chaos.proof.ts` makes all faults with three workers, and `npm run proof:kafkajs` many
 * with kafkajs.
 */
import { expect, it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import { survive } from './chaos/survive.ts'

const BRIEF = { rate: 60, workers: 2 }

onOwnKafka('under a few faults', () => {
  it('exactly once: nothing is lost, and nothing is there twice', { timeout: 240_000 }, async () => {
    const { report } = await survive({
      seed: 4,
      delivery: 'exactly-once',
      driver: 'rdkafka',
      faults: ['zombie', 'kill', 'broker-kill'],
      ...BRIEF,
    })
    expect(report.seen.duplicates).toBe(0)
  })

  it('at least once (kafkajs): nothing is lost', { timeout: 240_000 }, async () => {
    await survive({
      seed: 5,
      delivery: 'at-least-once',
      driver: 'kafkajs',
      faults: ['cut', 'kill'],
      assignment: 'range',
      session: 6_000,
      ...BRIEF,
    })
  })
})
