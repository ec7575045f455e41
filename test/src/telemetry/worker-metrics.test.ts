/** The metrics of worker processes as those of one instance, handed over as JSON as between processes. */
import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../src/telemetry/metrics.ts'
import type { RouteMetrics } from '../../../src/telemetry/route-metrics.ts'
import { WorkerMetrics } from '../../../src/telemetry/worker-metrics.ts'
import { samples } from './exposition.ts'

const worker = (): { metrics: Metrics; route: RouteMetrics } => {
  const metrics = new Metrics({ version: '1.2.3', process: true })
  const policy = { name: 'p', version: 1, fingerprint: 'ab', purpose: 'train_ai_system' }
  return {
    metrics,
    route: metrics.route({
      route: 'orders',
      policy,
      rules: ['id keep'],
      suppressions: [],
      suspects: [],
      groups: [],
    }),
  }
}

const settle = (route: RouteMetrics, records: number): void => {
  const none = { absent: 0, null: 0, failed: 0, failures: {}, met: 0, looked: 0, suspects: {} }
  const rules = [{ label: 'id keep', applied: records, ...none }]
  const counts = {
    records,
    published: records,
    tombstones: 0,
    suppressed: {},
    deadLettered: {},
    byGroup: [],
    rules,
  }
  route.settled(counts, { published: records, tombstones: 0, deadLetters: 0, pastRetention: 0 }, 0.02)
}

const snapshot = async (metrics: Metrics) => JSON.parse(JSON.stringify(await metrics.json())) as never

describe('the metrics of several workers', () => {
  it('are sums of counters, and what is true of the instance of gauges', async () => {
    const all = new WorkerMetrics()
    const [one, two] = [worker(), worker()]
    settle(one.route, 3)
    settle(two.route, 4)
    one.route.assigned(2)
    two.route.assigned(1)
    one.route.lag([{ topic: 'in', partition: 0, records: 5 }])
    // After a rebalance: two of them still speak of one partition.
    two.route.lag([
      { topic: 'in', partition: 0, records: 6 },
      { topic: 'in', partition: 1, records: 1 },
    ])
    all.report(1, await snapshot(one.metrics))
    all.report(2, await snapshot(two.metrics))
    const found = samples(await all.text())
    expect(found.get('lethe_records_consumed_total{route="orders"}')).toBe(7)
    expect(found.get('lethe_rule_values_total{route="orders",rule="id keep",result="applied"}')).toBe(7)
    expect(found.get('lethe_batch_duration_seconds_count{route="orders"}')).toBe(2)
    expect(found.get('lethe_batch_duration_seconds_bucket{le="+Inf",route="orders"}')).toBe(2)
    expect(found.get('lethe_assigned_partitions{route="orders"}')).toBe(3)
    expect(found.get('lethe_consumer_lag_records{route="orders",topic="in",partition="0"}')).toBe(6)
    expect(found.get('lethe_consumer_lag_records{route="orders",topic="in",partition="1"}')).toBe(1)
    expect(found.get(`lethe_build_info{version="1.2.3",node="${process.version}"}`)).toBe(1)
    expect(
      found.get(
        'lethe_policy_info{route="orders",policy="p",version="1",fingerprint="ab",purpose="train_ai_system"}',
      ),
    ).toBe(1)
    expect(found.get('lethe_last_settled_timestamp_seconds{route="orders"}')).toBeLessThan(
      Date.now() / 1000 + 1,
    )
  })

  it('never fall when a worker ends and another takes its place', async () => {
    const all = new WorkerMetrics()
    const consumed = async () =>
      samples(await all.text()).get('lethe_records_consumed_total{route="orders"}') ?? 0
    const durations = async () =>
      samples(await all.text()).get('lethe_batch_duration_seconds_count{route="orders"}') ?? 0
    for (let life = 1; life <= 3; life++) {
      const { metrics, route } = worker()
      all.report(1, await snapshot(metrics))
      settle(route, 10)
      route.assigned(4)
      all.report(1, await snapshot(metrics))
      expect(await consumed()).toBe(10 * life)
      all.ended(1)
      expect(await consumed()).toBe(10 * life)
      expect(await durations()).toBe(life)
      expect(await all.text()).not.toContain('lethe_assigned_partitions{')
      all.ended(1)
      all.ended(2)
    }
  })

  it('take in what the parent counts itself', async () => {
    const all = new WorkerMetrics()
    const own = new Metrics({ version: '1.2.3' })
    own.clientError('transport')
    expect(samples(await all.text(await own.json())).get('lethe_client_errors_total{code="transport"}')).toBe(
      1,
    )
  })
})
