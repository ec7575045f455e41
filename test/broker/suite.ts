/** What an integration test needs of the run's broker: its address, names of its own, and to be skipped by name. */
import { randomUUID } from 'node:crypto'
import { describe, inject } from 'vitest'
import { type Guarded, guardedAt } from './guarded.ts'
import type { SharedBroker } from './setup.ts'

/** The broker of this run. A test that kills or configures one starts its own (`startBroker`). */
export const broker: SharedBroker = inject('broker')

/** The run's broker with users, TLS, tokens and rights, for suites `onOwnKafka`. Tests do not disturb it. */
export const guarded = (): Promise<Guarded> => guardedAt(broker.guardedUrl)

/** A name for a topic, a group or a transactional id that no other test and no other run has. */
export const uniqueName = (what: string): string => `${what}-${randomUUID().slice(0, 13)}`

const suite =
  (isThere: boolean, needed: string) =>
  (name: string, tests: () => void): void => {
    if (isThere) describe(name, tests)
    else describe.skip(`${name} [skipped: needs ${needed}; the broker here: ${broker.kind}]`, tests)
  }

/** A suite for real Apache Kafka: transactions, admin requests, settings of topics. */
export const onKafka: (name: string, tests: () => void) => void = suite(broker.isReal, 'Apache Kafka')

/** A suite that the mock cluster can stand in for. */
export const onAnyBroker: (name: string, tests: () => void) => void = suite(
  broker.kind !== 'none',
  'a broker',
)

/** A suite that starts brokers of its own, to kill or to configure them, or needs the one of `guarded`. */
export const onOwnKafka: (name: string, tests: () => void) => void = suite(
  broker.canStartOwn,
  'Apache Kafka as a process of its own',
)
