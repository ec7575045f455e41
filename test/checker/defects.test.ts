/** The checker finds what it is for: each seeded defect fails, with the finding that it must give; the truth passes. */
import { describe, expect, it } from 'vitest'
import type { FindingKind } from '../integration/checker/records.ts'
import { describeReport } from '../integration/checker.ts'
import { IN_PROOF } from '../proofs/in-proof.ts'
import type { Defect } from './events.ts'
import { checkRun, type Run } from './history.ts'

const SEEDS = Array.from({ length: IN_PROOF ? 12 : 6 }, (_, seed) => seed)

const DEFECTS: Readonly<Record<Defect, FindingKind>> = {
  'offset committed early': 'lost',
  'abort skipped': 'duplicate',
  'no seek after abort': 'lost',
  'a batch of a revoked partition committed in a newer epoch': 'duplicate',
  'start at latest without a committed offset': 'lost',
  'random salt': 'wrong',
  'raw dead letter': 'raw',
  'raw key': 'raw',
  'an array missed': 'raw',
  'a tombstone under the primary key only': 'lost',
}

describe('the checker', () => {
  it.each(SEEDS)('finds nothing in a stream without a defect (seed %i)', (seed) => {
    const report = checkRun({ seed, delivery: 'exactly-once' })
    expect(describeReport(report)).toBe('clean')
    // It saw something of everything.
    expect(Math.min(...Object.values(report.seen.kinds))).toBeGreaterThan(0)
    expect(report.seen.outputs).toBeGreaterThan(60)
    expect(report.seen.duplicates).toBe(0)
  })

  it('lets at-least-once write copies, and exactly-once not', () => {
    const copies = SEEDS.map((seed) => {
      const report = checkRun({ seed, delivery: 'at-least-once' })
      expect(describeReport(report)).toBe('clean')
      return report.seen.duplicates
    })
    expect(copies.filter((count) => count > 0).length).toBeGreaterThanOrEqual(SEEDS.length * 0.75)
  })

  const runsThatFail = (delivery: Run['delivery'], defect: Defect, kind: FindingKind): number =>
    SEEDS.filter((seed) => {
      const { counts, ok } = checkRun({ seed, delivery, defect })
      return !ok && (counts[kind] ?? 0) > 0
    }).length

  // Some need a fault at the right moment, which not every schedule has.
  it.each(Object.entries(DEFECTS) as [Defect, FindingKind][])('finds: %s', (defect, kind) => {
    expect(runsThatFail('exactly-once', defect, kind)).toBeGreaterThanOrEqual(SEEDS.length * 0.5)
    // Copies are allowed there, and may hide what would be missing.
    if (kind !== 'duplicate')
      expect(runsThatFail('at-least-once', defect, kind)).toBeGreaterThanOrEqual(SEEDS.length * 0.25)
  })
})
