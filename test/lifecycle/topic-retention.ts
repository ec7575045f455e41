/** Retention of a topic, by docs/lifecycle.md: what lies before the first record that has to stay goes, and nothing else. */
import assert from 'node:assert/strict'
import type { LogRecord } from '../integration/checker/records.ts'
import { DAY, MARGIN, PERIOD } from './model.ts'

export interface Span {
  readonly from: number
  readonly until: number
}

/** A record has to stay where the day of its event is not too old, or any of it is held. */
const hasToStay = ({ timestamp }: LogRecord, asOf: number, held: Span | undefined): boolean =>
  asOf - (timestamp + DAY) <= PERIOD + MARGIN ||
  (held !== undefined && held.from < timestamp + DAY && held.until > timestamp)

const ofPartition = (records: readonly LogRecord[], partition: number): readonly LogRecord[] =>
  records.filter((record) => record.partition === partition)

/** @returns how many records went. @throws AssertionError where others are left */
export function checkRetained(
  before: readonly LogRecord[],
  after: readonly LogRecord[],
  asOf: number,
  held: Span | undefined,
): number {
  for (const partition of new Set(before.map((record) => record.partition))) {
    const records = ofPartition(before, partition)
    const first = records.findIndex((record) => hasToStay(record, asOf, held))
    const stay = first < 0 ? [] : records.slice(first)
    const offsets = (all: readonly LogRecord[]): readonly number[] => all.map(({ offset }) => offset)
    assert.deepEqual(offsets(ofPartition(after, partition)), offsets(stay), `partition ${partition}`)
  }
  return before.length - after.length
}
