/** What `lethe doctor --fix` would make: an output keeps what is back-dated for as long as it is wanted. */
import { expect, it } from 'vitest'
import { planTopics } from '../../../src/doctor/fix.ts'
import type { TopicDescription } from '../../../src/kafka/admin.ts'
import { compilePipeline } from '../../../src/kafka/pipeline-file/compile-pipeline.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { folder } from '../cli/lethe.ts'

const retentionOf = (policyText: string, to = '{ topic: out }'): string | undefined => {
  const text = `policy: p\nversion: 1\npurpose: train_ai_system\n${policyText}`
  const cwd = folder({ 'p.yaml': text })
  const { policy } = compilePolicy(policyFileOf('p.yaml', text))
  const { pipeline, problems } = compilePipeline(
    policyFileOf(
      `${cwd}/pipeline.yaml`,
      `pipeline: p
brokers: ["127.0.0.1:1"]
source: none
routes:
  - { name: r, from: { topics: [in], group: g }, to: ${to}, deadLetterTopic: dead, policy: p.yaml }
`,
    ),
  )
  expect(problems).toEqual([])
  const topic = (name: string, presence: 'there' | 'missing'): [string, TopicDescription] => [
    name,
    {
      name,
      presence,
      isInternal: false,
      partitions: [{ partition: 0, hasLeader: true, replicas: 1, inSync: 1 }],
      rights: undefined,
    },
  ]
  const topics = new Map([topic('in', 'there'), topic('out', 'missing')])
  const found = { topics, settings: new Map(), brokers: 1 }
  const [plan] = planTopics(pipeline!, new Map([['r', { policy: policy! }]]), found)
  expect(plan!.name).toBe('out')
  return plan!.settings.get('retention.ms')
}

it('32. keeps back-dated outputs where the policy suppresses none for its age', () => {
  expect(retentionOf('time: at\nfields: { at: { use: generalize.date, to: day } }\n')).toBe('-1')
})

it('leaves it to the brokers where outputs carry the time of writing', () => {
  expect(retentionOf('fields: { amount: keep }\n')).toBeUndefined()
})

it('keeps no output for longer than the policy says', () => {
  const suppress = 'retention: { steps: [{ after: 60d, then: suppress }] }\n'
  const kept = retentionOf(`time: at\nfields: { at: { use: generalize.date, to: day } }\n${suppress}`)
  expect(Number(kept)).toBeGreaterThan(50 * 86_400_000)
  expect(Number(kept)).toBeLessThan(60 * 86_400_000)
})
