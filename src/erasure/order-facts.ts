/** What commands and ledgers ask of an order of erasure. */

import { existsSync } from 'node:fs'
import { fileOf, totalOf } from '../lifecycle/work-order.ts'
import type { ErasureOrder } from './erasure-order.ts'
import type { TopicsOrder } from './topic-form.ts'

export const targetFiles = ({ targets, untouched, lists = [] }: ErasureOrder): readonly string[] =>
  [...targets, ...untouched, ...lists].map(({ target }) => fileOf(target))

export const topicNames = ({ topics }: ErasureOrder): readonly string[] =>
  [...(topics?.targets ?? []), ...(topics?.untouched ?? [])].map(({ target }) => fileOf(target))

/** Whether all records of the subjects can be found. */
export const isWhole = ({ targets, untouched, topics, lists = [] }: ErasureOrder): boolean =>
  untouched.length === 0 &&
  lists.every(({ unknown }) => unknown === 0) &&
  targets.every(({ unsearched = [] }) => unsearched.length === 0) &&
  (topics === undefined ||
    (topics.untouched.length === 0 && topics.targets.every(({ unsearched }) => unsearched.length === 0)))

const topicCounts = ({ targets }: TopicsOrder) => {
  const partitions = targets.flatMap((target) => target.partitions)
  const total = (of: 'found' | 'tombstones' | 'deleted' | 'others'): number =>
    partitions.reduce((sum, one) => sum + one[of], 0)
  return {
    topics: targets.length,
    found: total('found'),
    tombstones: total('tombstones'),
    requested: total('deleted') + total('others'),
  }
}

/** What a ledger says of an order. */
export function factOf(order: ErasureOrder): {
  readonly names: Readonly<Record<string, string>>
  readonly fingerprints: Readonly<Record<string, string>>
  readonly counts: Readonly<Record<string, number>>
} {
  const { rows, deleted } = totalOf(order)
  const { targets, untouched, subjects, searches, topics } = order
  return {
    names: { policy: searches[0]!.policy.name, list: order.list.name },
    fingerprints: { order: order.hash, policy: searches[0]!.policy.fingerprint },
    counts: {
      subjects: subjects.length,
      targets: targets.length,
      untouched: untouched.length,
      ...{ rows, deleted },
      ...(topics && topicCounts(topics)),
    },
  }
}

/** The lists of dead letters of orders that are there. */
export const listFiles = (orders: readonly ErasureOrder[]): readonly string[] =>
  [...new Set(orders.flatMap(({ lists = [] }) => lists.map(({ target }) => fileOf(target))))].filter((file) =>
    existsSync(file),
  )
