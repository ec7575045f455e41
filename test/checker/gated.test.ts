/** The checker tells which records had to be held back, which had to leave, and of which that cannot be known. */
import { expect, it } from 'vitest'
import { CANARY } from '../integration/chaos/events.ts'
import { Gated, type SettledBefore } from '../integration/chaos/gated.ts'
import type { Expected, LogRecord } from '../integration/checker/records.ts'
import { clearSource } from '../integration/checker/sources.ts'
import { check } from '../integration/checker.ts'

const DAY = 86_400_000
const SAID = 1_000_000
const SETTLED: SettledBefore = new Map([[0, 100]])

const input = (subject: number, offset: number, timestamp: number, ageDays = 1): LogRecord => ({
  topic: 'in',
  partition: 0,
  offset,
  key: null,
  value: Buffer.from(
    JSON.stringify({
      occurred_at: new Date(Date.now() - ageDays * DAY).toISOString(),
      customer: { id: `${CANARY}-customer-${subject}` },
    }),
  ),
  headers: [],
  timestamp,
})

const OUT = Buffer.from('out')
const published: Expected = { kind: 'publish', writes: [{ key: null, value: OUT }] }

/** The first subject that leaves says so at `SAID`, when all below offset 100 was settled. */
function world(rest?: SettledBefore): (record: LogRecord) => Expected {
  const gated = new Gated()
  const { key, value } = gated.next(() => 1, SETTLED)
  const statement: LogRecord = {
    topic: 'consent',
    partition: 0,
    offset: 50,
    key: Buffer.from(String(key)),
    value: Buffer.from(String(value)),
    headers: [],
    timestamp: SAID,
  }
  return gated.expected(() => published, [statement], rest)
}

const LEAVES = 10
const says = (expected: Expected): string =>
  expected.mayBeHeld === true ? `${expected.kind} or not` : expected.kind

it.each([
  ['settled before', 99, SAID - 5_000, 'publish'],
  ['not settled before', 100, SAID - 5_000, 'publish or not'],
  ['written within the limit', 300, SAID + 1_250 - 1, 'publish or not'],
  ['written behind the limit', 300, SAID + 1_250, 'suppress'],
] as const)('of who withdraws, a record that was %s', (_about, offset, at, wanted) => {
  expect(says(world()(input(LEAVES, offset, at)))).toBe(wanted)
  // What the last process judges, it judges by all that was said.
  const last = says(world(new Map([[0, 200]]))(input(LEAVES, Math.max(offset, 200), at)))
  expect(last).toBe('suppress')
})

it('of who is listed, unknown, withdrawn, too late, or stays', () => {
  const expected = world()
  const of = (subject: number, age?: number): string => says(expected(input(subject, 1, SAID, age)))
  expect([0, 3, 4, 6, 30].map((subject) => of(subject))).toEqual([
    'suppress',
    'suppress',
    'suppress',
    'suppress',
    'publish',
  ])
  expect([of(8, 10), of(8, 60)]).toEqual(['publish', 'suppress'])
  expect(says(expected({ ...input(0, 1, SAID), value: null }))).toBe('publish')
  const cut = input(0, 1, SAID)
  expect(says(expected({ ...cut, value: cut.value!.subarray(0, -2) }))).toBe('suppress')
})

it.each([
  ['suppress', 0, undefined],
  ['suppress', 1, 'unexpected'],
  ['publish', 0, 'lost'],
  ['publish', 1, undefined],
  ['publish', 2, 'duplicate'],
  ['publish or not', 0, undefined],
  ['publish or not', 1, undefined],
  ['publish or not', 2, 'duplicate'],
] as const)('%s, written %i times', (kind, times, finding) => {
  const expected: Expected =
    kind === 'suppress' ? { kind, writes: [] } : { ...published, mayBeHeld: kind !== 'publish' }
  const source = Buffer.from('in/0/1')
  const { counts } = check({
    inputs: [input(30, 1, SAID)],
    outputs: Array.from({ length: times }, (_, offset) => ({
      topic: 'out',
      partition: 0,
      offset,
      key: null,
      value: OUT,
      headers: [{ name: 'lethe-source', value: source }],
      timestamp: 0,
    })),
    deadLetters: [],
    expected: () => expected,
    sourceOf: clearSource,
    delivery: 'exactly-once',
  })
  expect(Object.keys(counts)).toEqual(finding === undefined ? [] : [finding])
})
