/**
 * Every metric that Lethe has: name, kind, labels, and how the values of several processes become one. The
 * dashboard and the alert rules in docker/ are held against this table.
 */

export const METRICS = {
  lethe_records_consumed_total: {
    type: 'counter',
    labels: ['route'],
    help: 'Records read from input topics, of settled batches. Equals published + discarded + quarantined.',
  },
  lethe_records_published_total: {
    type: 'counter',
    labels: ['route'],
    help: 'Records read that passed to the output topic, tombstones among them.',
  },
  lethe_records_discarded_total: {
    type: 'counter',
    labels: ['route', 'intentional', 'reason'],
    help: 'Records read that left no output. intentional="true": a rule of the policy says so; "false": they are not accounted for, which must never happen.',
  },
  lethe_records_quarantined_total: {
    type: 'counter',
    labels: ['route', 'code'],
    help: 'Records read that became dead letters, by code.',
  },
  lethe_records_emitted_total: {
    type: 'counter',
    labels: ['route', 'kind'],
    help: 'Records written: published, tombstone, dead-letter.',
  },
  lethe_records_past_retention_total: {
    type: 'counter',
    labels: ['route'],
    help: 'Records published whose timestamp is older than the output topic keeps records: it may delete them at once.',
  },
  lethe_rule_values_total: {
    type: 'counter',
    labels: ['route', 'rule', 'result'],
    help: 'Values that met a rule of the policy: applied, null, failed; absent counts records that held none.',
  },
  lethe_group_records_total: {
    type: 'counter',
    labels: ['route', 'group', 'outcome'],
    help: 'Records by group of people, where the pipeline names groups: published, suppressed, dead-letter. In whole tens, so that no record shows by itself.',
  },
  lethe_transform_errors_total: {
    type: 'counter',
    labels: ['route', 'rule', 'code'],
    help: 'Values that a rule could not take, by reason, whatever its `else:` made of them.',
  },
  lethe_looked_values_total: {
    type: 'counter',
    labels: ['route', 'rule'],
    help: 'Values that leave as they are, or nearly, and were looked at for what looks personal.',
  },
  lethe_suspect_values_total: {
    type: 'counter',
    labels: ['route', 'rule', 'kind'],
    help: 'Of the values looked at, those that look personal or secret, by kind.',
  },
  lethe_batch_duration_seconds: {
    type: 'histogram',
    labels: ['route'],
    help: 'From a batch being polled to its being settled.',
  },
  lethe_transaction_duration_seconds: {
    type: 'histogram',
    labels: ['route'],
    help: 'Settling a batch: a transaction, or a send and its commit.',
  },
  lethe_transaction_aborts_total: {
    type: 'counter',
    labels: ['route', 'code'],
    help: 'Transactions aborted; their records are read again.',
  },
  lethe_batches_discarded_total: {
    type: 'counter',
    labels: ['route'],
    help: 'Batches dropped before they were settled, after a rebalance for example; their records are read again.',
  },
  lethe_files_published_total: {
    type: 'counter',
    labels: ['route'],
    help: 'Files of data sets that have their names.',
  },
  lethe_consumer_lag_records: {
    type: 'gauge',
    // One worker owns a partition; after a rebalance two may still speak of it.
    aggregator: 'max',
    labels: ['route', 'topic', 'partition'],
    help: 'Offsets between the last settled record and the end of a partition that this instance owns.',
  },
  lethe_assigned_partitions: {
    type: 'gauge',
    aggregator: 'sum',
    labels: ['route'],
    help: 'Partitions that this instance owns.',
  },
  lethe_last_settled_timestamp_seconds: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['route'],
    help: 'When a batch was settled last, in seconds since 1970; 0 before the first.',
  },
  lethe_table_offset: {
    type: 'gauge',
    aggregator: 'min',
    labels: ['table'],
    help: 'Up to which offset of its topic a consent table was read; of several processes the least.',
  },
  lethe_table_behind_seconds: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['table'],
    help: 'Since the instant before which all statements that were written to the topic of a consent table have been read.',
  },
  lethe_schemas_waiting: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['route'],
    help: 'Schemas that records of a route wait for, because the schema registry has not given them yet.',
  },
  lethe_registry_errors_total: {
    type: 'counter',
    labels: ['route', 'code'],
    help: 'Times that the schema registry did not give a schema, by code; it is asked again.',
  },
  lethe_client_errors_total: {
    type: 'counter',
    labels: ['code'],
    help: 'Errors that the Kafka client reported, by code.',
  },
  lethe_clients_lost_total: {
    type: 'counter',
    labels: ['route'],
    help: 'Clients of a route that failed and were replaced, after a transaction timeout for example.',
  },
  lethe_sketch_unique_share: {
    type: 'gauge',
    // Each process has a sketch of its own: what the files say together, `lethe measure --sketches` says.
    aggregator: 'max',
    labels: ['route', 'side'],
    help: 'Estimated share of combinations of values that one data subject has alone, of the sketch of this period; of several processes the largest.',
  },
  lethe_sketch_at_risk_share: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['route', 'side'],
    help: 'Estimated share of data subjects in classes of fewer than 5, of the sketch of this period; of several processes the largest.',
  },
  lethe_sketch_error: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['route', 'side', 'figure'],
    help: 'Standard deviation of an estimate: unique, at_risk. What lies within two of them of a limit says nothing of it.',
  },
  lethe_sketch_combinations: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['route', 'side'],
    help: 'Estimated number of combinations of values, of the sketch of this period; of several processes the largest.',
  },
  lethe_policy_info: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['route', 'policy', 'version', 'fingerprint', 'purpose'],
    help: 'The policy in force on a route; always 1.',
  },
  lethe_policy_approvals: {
    type: 'gauge',
    aggregator: 'min',
    labels: ['route'],
    help: 'How many approvals of the policy of a route count; without a series where the pipeline requires none.',
  },
  lethe_workers: {
    type: 'gauge',
    // The process that people start alone tells it.
    aggregator: 'max',
    labels: ['state'],
    help: 'Processes that run the routes: configured, running.',
  },
  lethe_build_info: {
    type: 'gauge',
    aggregator: 'max',
    labels: ['version', 'node'],
    help: 'The version of Lethe and of Node.js; always 1.',
  },
} as const

export type MetricName = keyof typeof METRICS

export type LabelOf<Name extends MetricName> = (typeof METRICS)[Name]['labels'][number]

/** Upper bounds of the buckets of both histograms, in seconds. */
export const BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Partitions of a route beyond these are summed up as topic `other`. */
export const MOST_LAG_SERIES = 1000
