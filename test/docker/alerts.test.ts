/**
 * Alert rules and dashboard, held against the metrics that Lethe has. What needs promtool is skipped by name where it
 * is missing.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { METRICS, type MetricName } from '../../src/telemetry/definitions.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { type Any, docker, has, text, yaml } from './files.ts'
import { namesIn } from './promql.ts'

describe('alerts and dashboard', () => {
  const rules: readonly Any[] = yaml('prometheus', 'alerts.yaml').groups.flatMap((group: Any) => group.rules)
  const dashboard = JSON.parse(text('grafana', 'dashboards', 'lethe.json'))
  const targets: readonly string[] = dashboard.panels.flatMap((panel: Any) =>
    (panel.targets ?? []).map((target: Any) => target.expr),
  )
  const variables: readonly string[] = dashboard.templating.list
    .filter((one: Any) => one.type === 'query')
    .map((one: Any) => one.query.query.replace(/, (\w+)\)$/, ')'))
  const expressions = [...rules.map((rule) => rule.expr as string), ...targets, ...variables]

  /** Of the target: what Prometheus adds to every series. */
  const ADDED = ['job', 'instance']

  /** The metric that a series belongs to, and its labels; undefined for what Lethe does not have. */
  const labelsOf = (series: string, process: ReadonlySet<string>): readonly string[] | undefined => {
    if (series === 'up' || process.has(series)) return ADDED
    const bare = series.replace(/_(bucket|sum|count)$/, '')
    const name = (series in METRICS ? series : bare) as MetricName
    if (!(name in METRICS)) return undefined
    const { type, labels } = METRICS[name]
    if ((type === 'histogram') !== (name !== series)) return undefined
    return [...labels, ...ADDED, ...(type === 'histogram' ? ['le'] : [])]
  }

  it('name metrics and labels that Lethe has, and leave out none of them', async () => {
    const own = await new Metrics({ version: '1.2.3', process: true }).json()
    const process = new Set(own.map(({ name }) => name).filter((name) => !(name in METRICS)))
    expect(expressions.length).toBeGreaterThan(35)
    const seen = new Set<string>()
    for (const expression of expressions) {
      const { metrics, matched, grouped } = namesIn(expression)
      expect(metrics.length, expression).toBeGreaterThan(0)
      const labels = new Set<string>()
      for (const metric of metrics) {
        seen.add(metric.replace(/_(bucket|sum|count)$/, ''))
        const known = labelsOf(metric, process)
        expect(known, `${metric} in ${expression}`).toBeDefined()
        for (const label of known!) labels.add(label)
      }
      for (const [metric, label] of matched) expect(labelsOf(metric, process), expression).toContain(label)
      for (const label of grouped) expect([...labels], expression).toContain(label)
    }
    expect(Object.keys(METRICS).filter((name) => !seen.has(name))).toEqual([])
  })

  it('are told to people: each alert says how bad it is, and what to do', () => {
    for (const { alert, labels, annotations } of rules) {
      expect(['page', 'ticket'], alert).toContain(labels.severity)
      expect(annotations.summary.length, alert).toBeGreaterThan(10)
      expect(annotations.description.length, alert).toBeGreaterThan(20)
    }
    const tests: readonly Any[] = yaml('prometheus', 'alerts.test.yaml').tests
    const fired = tests.flatMap((one) =>
      one.alert_rule_test.filter((rule: Any) => rule.exp_alerts !== undefined),
    )
    const names = rules.map(({ alert }) => alert as string).sort()
    expect([...new Set(fired.map((rule) => rule.alertname as string))].sort()).toEqual(names)
  })

  it.skipIf(!has('promtool', '--version'))('fire when they should, as promtool sees it', () => {
    const file = join(docker, 'prometheus', 'alerts.test.yaml')
    expect(spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })).toMatchObject({ status: 0 })
    const config = join(docker, 'prometheus', 'prometheus.yaml')
    expect(spawnSync('promtool', ['check', 'config', config], { encoding: 'utf8' })).toMatchObject({
      status: 0,
    })
  })

  it('have panels that do not cover each other, and datasources that are provisioned', () => {
    const ids = dashboard.panels.map((panel: Any) => panel.id)
    expect(new Set(ids).size).toBe(ids.length)
    const cells = new Set<string>()
    for (const { gridPos, title } of dashboard.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x, title).toBeLessThan(24)
          expect(cells.has(`${x},${y}`), title).toBe(false)
          cells.add(`${x},${y}`)
        }
    const [source] = yaml('grafana', 'provisioning', 'datasources', 'prometheus.yaml').datasources
    expect(source).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090' })
    const [provider] = yaml('grafana', 'provisioning', 'dashboards', 'lethe.yaml').providers
    const { volumes } = yaml('compose.yaml').services.grafana
    expect(volumes.map((volume: string) => volume.split(':')[1])).toContain(provider.options.path)
  })
})
