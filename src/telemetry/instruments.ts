/** The metrics of `definitions.ts` as prom-client makes them, each typed with its own labels. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { BUCKETS, type LabelOf, METRICS, type MetricName } from './definitions.ts'

/** Metrics by name. */
export interface Instruments {
  readonly counter: <Name extends MetricName>(name: Name) => Counter<LabelOf<Name>>
  readonly gauge: <Name extends MetricName>(name: Name) => Gauge<LabelOf<Name>>
  readonly histogram: <Name extends MetricName>(name: Name) => Histogram<LabelOf<Name>>
}

/** Makes every metric, in `registry`. */
export function createInstruments(registry: Registry): Instruments {
  const made = new Map<MetricName, unknown>()
  for (const name of Object.keys(METRICS) as MetricName[]) made.set(name, create(name, registry))
  return {
    counter: (name) => made.get(name) as Counter<LabelOf<typeof name>>,
    gauge: (name) => made.get(name) as Gauge<LabelOf<typeof name>>,
    histogram: (name) => made.get(name) as Histogram<LabelOf<typeof name>>,
  }
}

function create(name: MetricName, registry: Registry): Counter | Gauge | Histogram {
  const definition = METRICS[name]
  const common = { name, help: definition.help, labelNames: definition.labels, registers: [registry] }
  if (definition.type === 'counter') return new Counter(common)
  if (definition.type === 'histogram') return new Histogram({ ...common, buckets: [...BUCKETS] })
  return new Gauge({ ...common, aggregator: definition.aggregator })
}
