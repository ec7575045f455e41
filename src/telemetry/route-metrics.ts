/** What is counted of one route. Batches are counted when they are settled, so that nothing is counted twice. */
import type { Counter, Gauge } from 'prom-client'
import { clientCode, deadLetterCode, knownCode } from './codes.ts'
import { MOST_LAG_SERIES } from './definitions.ts'
import type { Instruments } from './instruments.ts'

/** Everything that a label of the route can say. It comes out of the pipeline file and the policy, never of data. */
export interface RouteDeclaration {
  readonly route: string
  readonly policy: {
    readonly name: string
    readonly version: number
    readonly fingerprint: string
    readonly purpose: string
  }
  /** How many approvals of it count; undefined where none is required. */
  readonly approvals?: number | undefined
  /** Labels of the policy's rules, by `PlanRule.id`. */
  readonly rules: readonly string[]
  /** The labels under which records are suppressed. Others count as `other`. */
  readonly suppressions: readonly string[]
  /** What each number of `byGroup` counts. */
  readonly groups: readonly { readonly group: string; readonly outcome: string }[]
  /** The kinds that values may look like. Others count as `other`. */
  readonly suspects: readonly string[]
}

/** Of an account: what became of the records of a batch. An `Account` is one. */
export interface RecordCounts {
  readonly records: number
  readonly published: number
  readonly tombstones: number
  readonly suppressed: Readonly<Record<string, number>>
  readonly deadLettered: Readonly<Partial<Record<string, number>>>
  /** By place in the `groups` of the declaration. */
  readonly byGroup: readonly number[]
  /** By `PlanRule.id`. */
  readonly rules: readonly {
    readonly applied: number
    readonly absent: number
    readonly null: number
    readonly failed: number
    /** The same by reason. */
    readonly failures: Readonly<Partial<Record<string, number>>>
    readonly looked: number
    /** Of these, how many look like which kind. */
    readonly suspects: Readonly<Record<string, number>>
  }[]
}

/** Records written for a batch. */
export interface EmittedCounts {
  readonly published: number
  readonly tombstones: number
  readonly deadLetters: number
  /** Of those published, how many the output topic may delete at once. */
  readonly pastRetention: number
}

export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  readonly records: number
}

/** Counts of groups are told in multiples of this. */
export const TOLD_STEP = 10

interface Estimated {
  readonly value: number
  /** Standard deviation. */
  readonly error: number
}

/** Shares from 0 to 1, and a count. */
export interface SketchedFigures {
  readonly unique: Estimated
  readonly atRisk: Estimated
  readonly combinations: Estimated
}

const RESULTS = ['applied', 'absent', 'null', 'failed'] as const

type LagLabels = { readonly topic: string; readonly partition: string }

/** Topics as Kafka allows them; any other text is not a topic. */
const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/

export class RouteMetrics {
  readonly #route: string
  readonly #rules: readonly string[]
  readonly #suppressions: ReadonlySet<string>
  readonly #suspects: ReadonlySet<string>
  readonly #groups: RouteDeclaration['groups']
  /** What was counted of each group and outcome, and is not told yet. */
  readonly #untold: number[] = []
  readonly #instruments: Instruments
  readonly #lag: Gauge<'route' | 'topic' | 'partition'>
  #lagging = new Map<string, LagLabels>()

  constructor(instruments: Instruments, declared: RouteDeclaration) {
    const { route, policy, approvals, rules, suppressions, suspects, groups } = declared
    this.#route = route
    this.#rules = rules
    this.#suppressions = new Set(suppressions)
    this.#suspects = new Set(suspects)
    this.#groups = groups
    this.#instruments = instruments
    const { counter, gauge } = instruments
    this.#lag = gauge('lethe_consumer_lag_records')
    gauge('lethe_policy_info').set({ route, policy: policy.name, ...info(policy) }, 1)
    if (approvals !== undefined) gauge('lethe_policy_approvals').set({ route }, approvals)
    gauge('lethe_assigned_partitions').set({ route }, 0)
    gauge('lethe_last_settled_timestamp_seconds').set({ route }, 0)
    // A rate is known from a counter's second sample on: those that alerts ask for are there from the start.
    for (const name of [
      'lethe_records_consumed_total',
      'lethe_records_published_total',
      'lethe_records_past_retention_total',
      'lethe_batches_discarded_total',
      'lethe_clients_lost_total',
    ] as const)
      counter(name).inc({ route }, 0)
    for (const kind of ['published', 'tombstone', 'dead-letter'])
      counter('lethe_records_emitted_total').inc({ route, kind }, 0)
    this.#discarded('false', 'unaccounted', 0)
    for (const reason of suppressions) this.#discarded('true', reason, 0)
    for (const labels of groups) counter('lethe_group_records_total').inc({ route, ...labels }, 0)
    for (const rule of rules)
      for (const result of RESULTS) counter('lethe_rule_values_total').inc({ route, rule, result }, 0)
  }

  /** Counts a batch that is settled: its records, what was written, and how long it took since it was polled. */
  settled(counts: RecordCounts, emitted: EmittedCounts, seconds: number): void {
    const { counter, gauge, histogram } = this.#instruments
    const route = this.#route
    const { records, published, tombstones } = counts
    let accounted = published + tombstones
    counter('lethe_records_consumed_total').inc({ route }, records)
    counter('lethe_records_published_total').inc({ route }, published + tombstones)
    for (const [label, count] of Object.entries(counts.suppressed)) {
      accounted += count
      this.#discarded('true', this.#suppressions.has(label) ? label : 'other', count)
    }
    for (const [code, count = 0] of Object.entries(counts.deadLettered)) {
      accounted += count
      counter('lethe_records_quarantined_total').inc({ route, code: deadLetterCode(code) }, count)
    }
    // Records that are none of these got lost. There are none; if there ever are, this must show.
    if (accounted !== records) this.#discarded('false', 'unaccounted', Math.abs(records - accounted))
    this.#tellGroups(counts.byGroup)
    const written = counter('lethe_records_emitted_total')
    written.inc({ route, kind: 'published' }, emitted.published)
    written.inc({ route, kind: 'tombstone' }, emitted.tombstones)
    written.inc({ route, kind: 'dead-letter' }, emitted.deadLetters)
    counter('lethe_records_past_retention_total').inc({ route }, emitted.pastRetention)
    const values = counter('lethe_rule_values_total')
    const errors = counter('lethe_transform_errors_total')
    const looked = counter('lethe_looked_values_total')
    const suspects = counter('lethe_suspect_values_total')
    counts.rules.forEach((count, id) => {
      const rule = this.#rules[id] ?? 'other'
      for (const result of RESULTS) if (count[result] > 0) values.inc({ route, rule, result }, count[result])
      for (const [code, failed] of Object.entries(count.failures))
        errors.inc({ route, rule, code: deadLetterCode(code) }, failed)
      if (count.looked > 0) looked.inc({ route, rule }, count.looked)
      for (const [kind, found] of Object.entries(count.suspects))
        suspects.inc({ route, rule, kind: this.#suspects.has(kind) ? kind : 'other' }, found)
    })
    histogram('lethe_batch_duration_seconds').observe({ route }, seconds)
    gauge('lethe_last_settled_timestamp_seconds').set({ route }, Date.now() / 1000)
  }

  /** In whole tens: a counter that moves by one tells of one record. */
  #tellGroups(counts: readonly number[]): void {
    counts.forEach((count, at) => {
      const labels = this.#groups[at]
      if (labels === undefined) return
      const all = (this.#untold[at] ?? 0) + count
      const told = all - (all % TOLD_STEP)
      this.#untold[at] = all - told
      if (told > 0)
        this.#instruments.counter('lethe_group_records_total').inc({ route: this.#route, ...labels }, told)
    })
  }

  /** How long the settling of a batch took, made final or not. */
  transaction(seconds: number): void {
    this.#instruments.histogram('lethe_transaction_duration_seconds').observe({ route: this.#route }, seconds)
  }

  filePublished(): void {
    this.#instruments.counter('lethe_files_published_total').inc({ route: this.#route })
  }

  /** What the sketch of one side says by now. */
  sketched(side: 'input' | 'output', { unique, atRisk, combinations }: SketchedFigures): void {
    const { gauge } = this.#instruments
    const route = this.#route
    gauge('lethe_sketch_unique_share').set({ route, side }, unique.value)
    gauge('lethe_sketch_at_risk_share').set({ route, side }, atRisk.value)
    gauge('lethe_sketch_combinations').set({ route, side }, combinations.value)
    gauge('lethe_sketch_error').set({ route, side, figure: 'unique' }, unique.error)
    gauge('lethe_sketch_error').set({ route, side, figure: 'at_risk' }, atRisk.error)
  }

  aborted(code: string): void {
    const aborts: Counter<'route' | 'code'> = this.#instruments.counter('lethe_transaction_aborts_total')
    aborts.inc({ route: this.#route, code: clientCode(code) })
  }

  batchDiscarded(): void {
    this.#instruments.counter('lethe_batches_discarded_total').inc({ route: this.#route })
  }

  clientLost(): void {
    this.#instruments.counter('lethe_clients_lost_total').inc({ route: this.#route })
  }

  schemasWaiting(count: number): void {
    this.#instruments.gauge('lethe_schemas_waiting').set({ route: this.#route }, count)
  }

  registryError(code: string): void {
    const errors: Counter<'route' | 'code'> = this.#instruments.counter('lethe_registry_errors_total')
    errors.inc({ route: this.#route, code: knownCode(code) })
  }

  assigned(partitions: number): void {
    this.#instruments.gauge('lethe_assigned_partitions').set({ route: this.#route }, partitions)
  }

  /** The lag of all partitions that are owned; series of others go. */
  lag(partitions: readonly PartitionLag[]): void {
    const now = new Map<string, LagLabels & { records: number }>()
    for (const { topic, partition, records } of partitions) {
      let labels: LagLabels = { topic, partition: String(partition) }
      const legal = TOPIC.test(topic) && Number.isInteger(partition)
      let id = `${topic}/${partition}`
      if (!legal || (now.size >= MOST_LAG_SERIES && !now.has(id))) {
        labels = { topic: 'other', partition: 'other' }
        id = 'other/other'
      }
      const sum = now.get(id)?.records ?? 0
      now.set(id, { ...labels, records: sum + Math.max(0, records) })
    }
    for (const [id, { topic, partition }] of this.#lagging)
      if (!now.has(id)) this.#lag.remove({ route: this.#route, topic, partition })
    for (const { topic, partition, records } of now.values())
      this.#lag.set({ route: this.#route, topic, partition }, records)
    this.#lagging = now
  }

  #discarded(intentional: 'true' | 'false', reason: string, count: number): void {
    const discards = this.#instruments.counter('lethe_records_discarded_total')
    discards.inc({ route: this.#route, intentional, reason }, count)
  }
}

const info = ({ version, fingerprint, purpose }: RouteDeclaration['policy']) => ({
  version: String(version),
  fingerprint,
  purpose,
})
