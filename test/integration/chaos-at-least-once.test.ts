/** The fault run in short, at least once and eager; `chaos.test.ts` is exactly once and cooperative. */
import { it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import type { FaultName } from './chaos/faults.ts'
import { survive } from './chaos/survive.ts'

const FEW: readonly FaultName[] = ['kill', 'silence', 'join', 'broker-kill', 'cut', 'leave']

onOwnKafka('under faults', () => {
  it.each(['rdkafka', 'kafkajs'] as const)(
    'at least once (%s): nothing is lost',
    { timeout: 240_000 },
    async (driver) => {
      await survive({ seed: 5, delivery: 'at-least-once', driver, faults: FEW, assignment: 'range' })
    },
  )
})
