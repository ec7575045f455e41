import { expect, it } from 'vitest'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { policyFileOf } from '../../../src/policy/policy-file.ts'
import { createDeidentifier } from '../../../src/run/deidentifier.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { flatOf } from './flat-outcome.ts'

/** No field of the value asks for `region`: only rules for what stands beside it do. */
const source = policyFileOf(
  'policy.yaml',
  `policy: test
version: 1
purpose: train_ai_system
fields:
  type: keep
  $key: [{ use: mask.replace, with: eu, when: { region: [eu, null] } }, { use: drop }]
  $headers.trace: [{ use: mask.replace, with: eu, when: { region: eu } }, { use: mask.replace, with: other }]
  $timestamp: [{ use: generalize.date, to: day, when: { region: eu } }, { use: generalize.date, to: year }]
`,
)

it('rules for what stands beside a value may ask for the value', () => {
  const compiled = compilePolicy(source)
  expect(compiled.problems).toEqual([])
  const deidentifier = createMessageDeidentifier(source, compiled)
  const message = (value: object | null) => ({
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(JSON.stringify(value)),
    headers: [{ name: 'trace', value: Buffer.from('t') }],
    timestamp: Date.UTC(2026, 2, 10, 12),
  })
  const outcomes = deidentifier.deidentify([
    message({ type: 'a', region: 'eu' }),
    message({ type: 'a', region: 'us' }),
    message({ type: 'a' }),
    message(null),
  ])
  expect(
    outcomes
      .map(flatOf)
      .map(({ kind, key, headers, timestamp, tombstones }) => [
        kind,
        key && Buffer.from(key).toString(),
        headers.map(({ value }) => value.toString()),
        timestamp && new Date(timestamp).toISOString().slice(0, 10),
        tombstones.map((tombstone) => Buffer.from(tombstone).toString()),
      ]),
  ).toEqual([
    ['publish', 'eu', ['eu'], '2026-03-10', []],
    ['publish', null, ['other'], '2026-01-01', []],
    ['publish', 'eu', ['other'], '2026-01-01', []],
    // A tombstone has no value: every path of it is absent.
    ['tombstone', null, [], undefined, ['eu']],
  ])
})

it('in files, where nothing stands beside a value, such a rule reads nothing', () => {
  const deidentifier = createDeidentifier(compilePolicy(source).plan!, { format: 'json' })
  // A scalar is expected where a condition reads it; here none does.
  const outcome = deidentifier.deidentify(Buffer.from('{"type":"a","region":{"name":"eu"}}'))
  expect(outcome.kind === 'publish' && Buffer.from(outcome.value).toString()).toBe('{"type":"a"}')
})
