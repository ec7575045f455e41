import { describe, expect, it } from 'vitest'
import { checkRetention } from '../../../src/doctor/check-retention.ts'
import type { TopicSettings } from '../../../src/kafka/admin.ts'
import type { Route } from '../../../src/kafka/pipeline-file/pipeline.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { testKeyset } from '../../../src/keys/test-keyset.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { PLAIN_FORM } from '../../../src/record/wire-form.ts'

const DAY = 86_400_000
const ROUTE: Route = {
  name: 'events',
  from: { topics: ['in'], group: 'g', start: 'earliest', ...PLAIN_FORM },
  to: { topic: 'out', partition: 'key', compacted: false },
  deadLetterTopic: 'dead',
  policy: 'p.yaml',
  at: { line: 1, column: 1 },
}

/** Findings as `level: what`, but those that are ok. */
function found(
  steps: string,
  rule: string | undefined,
  settings: Readonly<Record<string, string | number>>,
  ...inputs: readonly Readonly<Record<string, string | number>>[]
): readonly string[] {
  const text = `policy: p
version: 1
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: d }
  amount: keep
${rule === undefined ? '' : `  at: ${rule}\n`}${steps === '' ? '' : `retention: { steps: [${steps}] }\n`}`
  const { policy, problems } = compilePolicy(policyFileOf('p.yaml', text), {
    keys: Keyring.fromKeyset(testKeyset()),
  })
  expect(problems).toEqual([])
  const topic = (given: Readonly<Record<string, string | number>>): TopicSettings => ({
    presence: 'there',
    values: new Map(Object.entries(given).map(([name, value]) => [name, String(value)])),
  })
  const output = topic({
    'cleanup.policy': 'delete',
    'segment.ms': DAY,
    'message.timestamp.type': 'CreateTime',
    'message.timestamp.after.max.ms': 3_600_000,
    'message.timestamp.before.max.ms': '9223372036854775807',
    ...settings,
  })
  return checkRetention(ROUTE, policy!, output, inputs.map(topic))
    .filter(({ level }) => level !== 'ok')
    .map(({ level, what }) => `${level}: ${what}`)
}

const SUPPRESS = '{ after: 30d, then: suppress }'
const TO_DAY = '{ use: generalize.date, to: day }'
const days = (count: number) => ({ 'retention.ms': count * DAY })

describe('an output topic', () => {
  it('is fine where it is through with a record before the policy is', () => {
    expect(found(SUPPRESS, TO_DAY, days(29))).toEqual([])
    expect(found('', TO_DAY, { 'retention.ms': -1 })).toEqual([])
  })

  it('that keeps less than its inputs deletes what is read late', () => {
    const late = (...inputs: readonly Readonly<Record<string, string | number>>[]) =>
      found(SUPPRESS, TO_DAY, days(7), ...inputs)
    expect(late(days(7))).toEqual([])
    expect(late(days(7), days(8))).toEqual([
      expect.stringMatching(/^warning: the inputs keep records for 8d, /),
    ])
    expect(late({ 'retention.ms': -1 })).toEqual([expect.stringContaining('for ever, and out for 7d')])
    expect(late({ ...days(7), 'cleanup.policy': 'compact' })).toHaveLength(1)
    // The policy publishes nothing that is older.
    expect(found(SUPPRESS, TO_DAY, days(28), days(365))).toHaveLength(1)
    // More would be too long, as whole segments are deleted: 32. a topic that --fix made is one of these.
    expect(found(SUPPRESS, TO_DAY, days(29), days(365))).toEqual([])
    expect(found('', '{ use: generalize.date, to: hour }', { 'retention.ms': -1 }, days(365))).toEqual([])
    expect(found('', undefined, days(7), days(365))).toEqual([])
  })

  it.each([
    ['kept for ever', { 'retention.ms': -1 }, 'keeps them for ever'],
    ['kept for longer', days(31), 'keeps them for 31d'],
    ['compacted only', { ...days(1), 'cleanup.policy': 'compact' }, 'cleanup.policy=compact'],
  ])('that outlives the policy is a problem: %s', (_, settings, words) => {
    const [first, ...others] = found(SUPPRESS, TO_DAY, settings)
    expect(first).toMatch(/^problem: /)
    expect(first).toContain(words)
    expect(others).toEqual([])
  })

  it.each([
    ['a segment that stays open', TO_DAY, { ...days(29), 'segment.ms': 7 * DAY }, 'whole segments'],
    [
      'arrival for a timestamp',
      TO_DAY,
      { ...days(10), 'message.timestamp.type': 'LogAppendTime' },
      'arrival',
    ],
    ['no date that leaves', undefined, days(10), 'time of writing'],
    ['a date that leaves as something else', '{ use: mask.replace, with: x }', days(10), 'time of writing'],
  ])('that may outlive it is a warning: %s', (_, rule, settings, words) => {
    const lines = found(SUPPRESS, rule, settings)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^warning: /)
    expect(lines[0]).toContain(words)
  })

  it('keeps what was published before a step', () => {
    const steps = `{ after: 10d, fields: { amount: drop } }, ${SUPPRESS}`
    expect(found(steps, TO_DAY, days(20))).toEqual([
      expect.stringMatching(/^warning: the policy tells less of an event after 10d/),
    ])
    expect(found(steps, TO_DAY, days(9))).toEqual([])
  })
})

describe('a timestamp', () => {
  it.each(['year', 'quarter', 'month', 'week', 'day'])(
    'at the start of its %s may be older than all that the topic keeps or takes',
    (to) => {
      const rule = `{ use: generalize.date, to: ${to} }`
      expect(found('', rule, { 'retention.ms': DAY - 1 })).toEqual([
        expect.stringMatching(new RegExp(`^problem: outputs carry the start of the ${to} .*gone at once`)),
      ])
      expect(found('', rule, { ...days(400), 'message.timestamp.before.max.ms': DAY })).toEqual([
        expect.stringMatching(/^problem: .*would become dead letters/),
      ])
      expect(found('', rule, { ...days(400), 'message.timestamp.before.max.ms': 400 * DAY })).toEqual([])
    },
  )

  it('that tells the event is as old as the event', () => {
    expect(found('', 'keep', { 'retention.ms': 1000, 'message.timestamp.before.max.ms': 1000 })).toEqual([])
  })

  it('that is shifted ahead is refused, and outlives the policy', () => {
    const rule = '{ use: shift.date, maxDays: 7 }'
    expect(found('', rule, days(20))).toEqual([expect.stringContaining('7d ahead') as string])
    const later = { 'message.timestamp.after.max.ms': 7 * DAY }
    expect(found('', rule, { ...days(20), ...later })).toEqual([])
    expect(found(SUPPRESS, rule, { ...days(26), ...later })).toEqual([
      expect.stringMatching(/^problem: .*counted from a date up to 7d ahead/),
    ])
  })
})
