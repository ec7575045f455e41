/** Metrics: names and labels, what is counted, and that no input whatever makes more series than are declared. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { emptyAccount } from '../../../src/engine/account.ts'
import { RECORD_CODES } from '../../../src/errors.ts'
import { CLIENT_CODES } from '../../../src/telemetry/codes.ts'
import { BUCKETS, METRICS, MOST_LAG_SERIES } from '../../../src/telemetry/definitions.ts'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import type { RecordCounts, RouteDeclaration } from '../../../src/telemetry/route-metrics.ts'
import { FAILURE_CODES } from '../../../transforms/transform.ts'
import { samples, seriesOf } from './exposition.ts'

/** And `other`. */
const DEAD_LETTER_CODES = Object.keys({ ...RECORD_CODES, ...FAILURE_CODES }).length + 1

const ROUTE: RouteDeclaration = {
  route: 'orders',
  policy: { name: 'customer-events', version: 3, fingerprint: 'ab12', purpose: 'train_ai_system' },
  rules: ['customer.id hash.hmac', 'note "quoted"\nline \\ hash.hmac'],
  suppressions: ['retention suppress after 400d'],
  suspects: ['email', 'phone'],
  groups: [
    { group: 'DE', outcome: 'published' },
    { group: 'DE', outcome: 'suppressed' },
  ],
}

const NOTHING_EMITTED = { published: 0, tombstones: 0, deadLetters: 0, pastRetention: 0 }

const counts = (part: Partial<RecordCounts>): RecordCounts => ({
  records: 0,
  published: 0,
  tombstones: 0,
  suppressed: {},
  deadLettered: {},
  byGroup: [],
  rules: [],
  ...part,
})

describe('the metrics', () => {
  it('have the names, kinds and labels that are defined, and help', async () => {
    const metrics = new Metrics({ version: '1.2.3' })
    const route = metrics.route(ROUTE)
    const deadLettered = { 'bad-utf8': 1 }
    route.settled(counts({ records: 1, deadLettered }), { ...NOTHING_EMITTED, deadLetters: 1 }, 0.02)
    route.transaction(0.01)
    route.aborted('rebalance-in-progress')
    route.batchDiscarded()
    route.lag([{ topic: 'in', partition: 0, records: 5 }])
    metrics.clientError('transport')
    metrics.workers(2, 1)
    const text = await metrics.text()
    const found = seriesOf(text)
    expect(Object.keys(found).sort()).toEqual(Object.keys(METRICS).sort())
    for (const [name, { type, labels, help }] of Object.entries(METRICS)) {
      expect(found[name]!.type, name).toBe(type)
      expect(found[name]!.help, name).toBe(help)
      for (const series of found[name]!.labels)
        expect(series.filter((label) => label !== 'le').sort(), name).toEqual([...labels].sort())
    }
  })

  it('start at 0, so that a rate is known from the first record on', async () => {
    const metrics = new Metrics({ version: '1.2.3' })
    metrics.route(ROUTE)
    const found = samples(await metrics.text())
    for (const series of [
      'lethe_records_consumed_total{route="orders"}',
      'lethe_records_published_total{route="orders"}',
      'lethe_records_discarded_total{route="orders",intentional="false",reason="unaccounted"}',
      'lethe_records_discarded_total{route="orders",intentional="true",reason="retention suppress after 400d"}',
      'lethe_records_emitted_total{route="orders",kind="dead-letter"}',
      'lethe_rule_values_total{route="orders",rule="customer.id hash.hmac",result="failed"}',
      'lethe_batches_discarded_total{route="orders"}',
      'lethe_clients_lost_total{route="orders"}',
      'lethe_last_settled_timestamp_seconds{route="orders"}',
      'lethe_assigned_partitions{route="orders"}',
    ])
      expect(found.get(series), series).toBe(0)
    const policy =
      'lethe_policy_info{route="orders",policy="customer-events",version="3",fingerprint="ab12",purpose="train_ai_system"}'
    expect(found.get(policy)).toBe(1)
    expect(found.get(`lethe_build_info{version="1.2.3",node="${process.version}"}`)).toBe(1)
  })

  it('count a settled batch by outcome, and what was written apart', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_500 })
    try {
      const metrics = new Metrics({ version: '1.2.3' })
      const route = metrics.route(ROUTE)
      // An account of the record room is what is counted.
      const account = emptyAccount({ rules: [{}, {}] } as never)
      Object.assign(account, { records: 10, published: 5, tombstones: 1 })
      account.suppressed['retention suppress after 400d'] = 2
      account.deadLettered['json-syntax'] = 2
      account.rules[0]!.applied = 5
      account.rules[1]!.failed = 1
      account.rules[1]!.failures = { unparsable: 1 }
      for (let batch = 0; batch < 2; batch++)
        route.settled(account, { published: 5, tombstones: 4, deadLetters: 2, pastRetention: 3 }, 0.2)
      const found = samples(await metrics.text())
      const value = (name: string, labels: string) => found.get(`${name}{route="orders"${labels}}`)
      expect(value('lethe_records_consumed_total', '')).toBe(20)
      expect(value('lethe_records_published_total', '')).toBe(12)
      const reason = ',intentional="true",reason="retention suppress after 400d"'
      expect(value('lethe_records_discarded_total', reason)).toBe(4)
      const lost = ',intentional="false",reason="unaccounted"'
      expect(value('lethe_records_discarded_total', lost)).toBe(0)
      expect(value('lethe_records_quarantined_total', ',code="json-syntax"')).toBe(4)
      expect(value('lethe_records_emitted_total', ',kind="published"')).toBe(10)
      expect(value('lethe_records_emitted_total', ',kind="tombstone"')).toBe(8)
      expect(value('lethe_records_emitted_total', ',kind="dead-letter"')).toBe(4)
      expect(value('lethe_records_past_retention_total', '')).toBe(6)
      const rule = ',rule="customer.id hash.hmac",result="applied"'
      expect(value('lethe_rule_values_total', rule)).toBe(10)
      const quoted = ',rule="note \\"quoted\\"\\nline \\\\ hash.hmac",result="failed"'
      expect(value('lethe_rule_values_total', quoted)).toBe(2)
      const failure = quoted.replace('result="failed"', 'code="unparsable"')
      expect(value('lethe_transform_errors_total', failure)).toBe(2)
      expect(found.get('lethe_batch_duration_seconds_bucket{le="0.25",route="orders"}')).toBe(2)
      expect(found.get('lethe_batch_duration_seconds_bucket{le="0.1",route="orders"}')).toBe(0)
      expect(value('lethe_last_settled_timestamp_seconds', '')).toBe(1_700_000_000.5)
    } finally {
      vi.useRealTimers()
    }
  })

  it.each([
    ['fewer', { records: 10, published: 7 }],
    ['more', { records: 7, published: 10 }],
  ])('show where %s records are accounted for than were read', async (_, part) => {
    const metrics = new Metrics({ version: '1.2.3' })
    metrics.route(ROUTE).settled(counts(part), NOTHING_EMITTED, 0.1)
    const found = samples(await metrics.text())
    const lost = 'lethe_records_discarded_total{route="orders",intentional="false",reason="unaccounted"}'
    expect(found.get(lost)).toBe(3)
  })

  it('tell the lag of the partitions that are owned, and of no others', async () => {
    const metrics = new Metrics({ version: '1.2.3' })
    const [one, other] = [metrics.route(ROUTE), metrics.route({ ...ROUTE, route: 'clicks' })]
    one.lag([
      { topic: 'in', partition: 0, records: 5 },
      { topic: 'in', partition: 1, records: 0 },
    ])
    other.lag([{ topic: 'in', partition: 0, records: 9 }])
    one.lag([
      { topic: 'in', partition: 1, records: 7 },
      { topic: 'in', partition: 2, records: -1 },
    ])
    const found = samples(await metrics.text())
    expect([...found].filter(([series]) => series.startsWith('lethe_consumer_lag_records')).sort()).toEqual([
      ['lethe_consumer_lag_records{route="clicks",topic="in",partition="0"}', 9],
      ['lethe_consumer_lag_records{route="orders",topic="in",partition="1"}', 7],
      ['lethe_consumer_lag_records{route="orders",topic="in",partition="2"}', 0],
    ])
    one.lag([])
    expect(await metrics.text()).not.toContain('topic="in",partition="1"')
  })

  it('sum up partitions beyond the limit', async () => {
    const metrics = new Metrics({ version: '1.2.3' })
    const partitions = Array.from({ length: MOST_LAG_SERIES + 5 }, (_, partition) => partition)
    metrics.route(ROUTE).lag(partitions.map((partition) => ({ topic: 'in', partition, records: 2 })))
    const found = samples(await metrics.text())
    expect(found.get('lethe_consumer_lag_records{route="orders",topic="other",partition="other"}')).toBe(10)
  })

  it('take a route once', () => {
    const metrics = new Metrics({ version: '1.2.3' })
    metrics.route(ROUTE)
    expect(() => metrics.route(ROUTE)).toThrow()
  })

  it('hold the process only where asked', async () => {
    expect(await new Metrics({ version: '1' }).text()).not.toContain('process_')
    expect(await new Metrics({ version: '1', process: true }).text()).toContain('process_cpu_seconds_total')
  })

  it('stay as many as are declared, whatever they are given', async () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', 'toString', ''),
    )
    const number = fc.nat(3)
    const calls = fc.array(
      fc.record({
        code: anyText,
        topic: anyText,
        partition: fc.oneof(fc.integer(), fc.double()),
        suppressed: fc.dictionary(anyText, number, { noNullPrototype: true }),
        deadLettered: fc.dictionary(anyText, number, { noNullPrototype: true }),
        rules: fc.array(
          fc.record({
            applied: number,
            absent: number,
            null: number,
            failed: number,
            failures: fc.dictionary(anyText, number, { noNullPrototype: true }),
            looked: number,
            suspects: fc.dictionary(anyText, number, { noNullPrototype: true }),
          }),
          { maxLength: 9 },
        ),
      }),
      { minLength: 1, maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(calls, async (given) => {
        const metrics = new Metrics({ version: '1.2.3' })
        const route = metrics.route(ROUTE)
        for (const { code, topic, partition, suppressed, deadLettered, rules } of given) {
          metrics.clientError(code)
          route.aborted(code)
          route.lag([{ topic, partition, records: 1 }])
          route.settled(counts({ suppressed, deadLettered, rules }), NOTHING_EMITTED, 0)
        }
        const codes = new Set(given.map(({ code }) => code))
        const series = [...samples(await metrics.text()).keys()]
        // Nothing that was given stands in a label, but topics as Kafka allows them and codes that are known.
        const bound = {
          lethe_records_discarded_total: ROUTE.suppressions.length + 2,
          lethe_rule_values_total: 4 * (ROUTE.rules.length + 1),
          lethe_transform_errors_total: DEAD_LETTER_CODES * (ROUTE.rules.length + 1),
          lethe_looked_values_total: ROUTE.rules.length + 1,
          lethe_suspect_values_total: (ROUTE.suspects.length + 1) * (ROUTE.rules.length + 1),
          lethe_records_quarantined_total: DEAD_LETTER_CODES,
          lethe_transaction_aborts_total: CLIENT_CODES,
          lethe_client_errors_total: CLIENT_CODES,
          lethe_consumer_lag_records: 1,
        }
        for (const [name, most] of Object.entries(bound))
          expect(series.filter((one) => one.startsWith(`${name}{`)).length, name).toBeLessThanOrEqual(most)
        const total = 12 + 2 * (BUCKETS.length + 3) + Object.values(bound).reduce((a, b) => a + b)
        expect(series.length).toBeLessThanOrEqual(total)
        const aborts = series.filter((one) => one.startsWith('lethe_transaction_aborts_total'))
        expect(aborts.length).toBeLessThanOrEqual(codes.size)
        for (const one of aborts) expect(one).toMatch(/code="[\w-]+"/)
      }),
      { numRuns: 200 },
    )
  })
})
