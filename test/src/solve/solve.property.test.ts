/** Searches against a look at every node, on small records of any kind. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { equalCloseness, histogramsOf } from '../../../src/measures/diversity.ts'
import { columnLoss, combinedLoss, discernibility } from '../../../src/measures/utility.ts'
import { collect, type RecordRows } from '../../../src/solve/collect.ts'
import type { Criteria } from '../../../src/solve/criteria.ts'
import { searchNearby } from '../../../src/solve/descent.ts'
import { searchExactly } from '../../../src/solve/exact-search.ts'
import { Lattice, type LatticeColumn } from '../../../src/solve/lattice.ts'
import { NodeJudge } from '../../../src/solve/node-judge.ts'
import { METRICS, type Metric, objectiveOf } from '../../../src/solve/objectives.ts'

const VALUES = 6

/** What a value becomes at each rung; with `nested`, each rung follows from the one before. */
const column = fc
  .record({
    nested: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
    rungs: fc.array(fc.array(fc.nat(2), { minLength: VALUES, maxLength: VALUES }), { maxLength: 4 }),
    loses: fc.array(fc.boolean(), { minLength: VALUES, maxLength: VALUES }),
  })
  .map(({ nested, rungs, loses }): LatticeColumn => {
    const all = [[...Array(VALUES).keys()]]
    for (const rung of rungs) all.push(nested ? all.at(-1)!.map((code) => rung[code]!) : rung)
    const codes = all.map((rung) => {
      const seen = [...new Set(rung)]
      return Int32Array.from(rung, (code) => seen.indexOf(code))
    })
    return {
      codes,
      shares: codes.map((rung) =>
        Float64Array.from(rung, (code, value) =>
          loses[value] ? rung.filter((one) => one === code).length / VALUES : 0,
        ),
      ),
      loses: Uint8Array.from(loses, Number),
      domain: VALUES,
      bits: codes.map((rung, at) => (at === 0 ? 0 : VALUES - new Set(rung).size + at / 10)),
      withheld: 0,
    }
  })

const rows = fc.integer({ min: 1, max: 3 }).chain((width) =>
  fc
    .record({
      columns: fc.array(column, { minLength: width, maxLength: width }),
      records: fc.array(
        fc.record({
          values: fc.array(fc.nat(VALUES - 1), { minLength: width, maxLength: width }),
          subject: fc.nat(12),
          // Mostly as the first value has it, so that classes differ.
          illness: fc.option(fc.nat(3), { nil: undefined, freq: 1 }),
          group: fc.nat(1),
          leaves: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
        }),
        { minLength: 0, maxLength: 60 },
      ),
      hasSubjects: fc.boolean(),
    })
    .map(({ columns, records, hasSubjects }): RecordRows => {
      const leaves = Uint8Array.from(records, (one) => Number(one.leaves))
      const values = columns.map((_, at) => Int32Array.from(records, (one) => one.values[at]!))
      return {
        columns: columns.map((one, at) => ({
          ...one,
          withheld: records.filter((record) => !record.leaves && one.loses[record.values[at]!] === 1).length,
        })),
        values,
        subjects: hasSubjects ? Int32Array.from(records, (one) => one.subject) : undefined,
        sensitive: [Int32Array.from(records, (one) => one.illness ?? one.values[0]! % 3)],
        groups: [Int32Array.from(records, (one) => one.group)],
        leaves,
      }
    }),
)

const criteria = fc.record({
  k: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 6 })),
  l: fc.option(
    fc.record({
      least: fc.integer({ min: 2, max: 3 }),
      by: fc.constantFrom('distinct' as const, 'entropy' as const),
    }),
    { nil: undefined },
  ),
  t: fc.option(fc.double({ min: 0.1, max: 0.8, noNaN: true }), { nil: undefined }),
  tOf: fc.constantFrom('kept' as const, undefined),
  maxSuppressed: fc.constantFrom(0, 0.05, 0.2, 0.4, 1),
})

/** The same, from the rows and in as few words as can be. */
function byHand(
  all: RecordRows,
  levels: readonly number[],
  metric: Metric,
  { k, l, t, tOf, maxSuppressed }: Criteria,
  ratio: number | undefined,
) {
  const which = [...all.leaves.keys()].filter((record) => all.leaves[record] === 1)
  const at = (record: number, column: number) =>
    all.columns[column]!.codes[levels[column]!]![all.values[column]![record]!]!
  const keys = which.map((record) => levels.map((_, column) => at(record, column)).join())
  const names = [...new Set(keys)]
  const of = Int32Array.from(keys, (key) => names.indexOf(key))
  const subjects = Int32Array.from(which, (record) => all.subjects?.[record] ?? record)
  const histograms = histogramsOf(
    of,
    names.length,
    Int32Array.from(which, (record) => all.sensitive[0]![record]!),
    subjects,
  )
  const distances = equalCloseness(histograms)
  const kept = names.map((_, index) => {
    const own = which.filter((_, i) => of[i] === index)
    if (new Set(own.map((record) => all.subjects?.[record] ?? record)).size < k) return false
    const counts = [...histograms.counts.subarray(histograms.starts[index], histograms.starts[index + 1])]
    const sum = counts.reduce((a, b) => a + b, 0)
    const diversity =
      l?.by === 'entropy'
        ? Math.exp(-counts.reduce((h, n) => h + (n / sum) * Math.log(n / sum), 0))
        : counts.length
    return (
      (l === undefined || diversity >= l.least - 1e-9) &&
      (t === undefined || tOf === 'kept' || distances[index]! <= t + 1e-9)
    )
  })
  for (let far = [-1]; t !== undefined && tOf === 'kept' && far.length > 0; ) {
    const open = which.filter((_, i) => kept[of[i]!])
    const left = histogramsOf(
      Int32Array.from(open, (record) => of[which.indexOf(record)]!),
      names.length,
      Int32Array.from(open, (record) => all.sensitive[0]![record]!),
      Int32Array.from(open, (record) => all.subjects?.[record] ?? record),
    )
    const from = equalCloseness(left, Uint8Array.from(kept, Number))
    far = names.flatMap((_, index) => (kept[index] && from[index]! > t + 1e-9 ? [index] : []))
    for (const index of far) kept[index] = false
  }
  const out = which.filter((_, i) => kept[of[i]!])
  const gone = which.filter((_, i) => !kept[of[i]!])
  const sizes = names.map((_, index) => of.filter((one) => one === index).length)
  const withheld = all.leaves.length - out.length
  const costs: Record<Metric, () => number> = {
    loss: () =>
      combinedLoss(
        all.columns.map((column, c) => {
          const share = (record: number) => column.shares[levels[c]!]![all.values[c]![record]!]!
          const loses = (record: number) => column.loses[all.values[c]![record]!]!
          const read = [...all.leaves.keys()].reduce((sum, record) => sum + loses(record), 0)
          const shares = out.reduce((sum, record) => sum + share(record), 0)
          return columnLoss(
            shares + read - out.reduce((sum, record) => sum + loses(record), 0),
            read,
            column.domain,
          )
        }),
      ),
    entropy: () =>
      costs['entropy-before-suppression']() +
      levels.reduce((sum, _, c) => {
        const counts = new Map<number, number>()
        for (const record of gone) counts.set(at(record, c), (counts.get(at(record, c)) ?? 0) + 1)
        return sum + [...counts.values()].reduce((bits, n) => bits + n * Math.log2(gone.length / n), 0)
      }, 0),
    'entropy-before-suppression': () =>
      levels.reduce((sum, level, c) => sum + all.columns[c]!.bits[level]!, 0),
    discernibility: () =>
      discernibility(
        sizes.filter((_, index) => kept[index]),
        withheld,
      ),
    'class-squares': () => sizes.reduce((sum, size) => sum + size * size, 0) + 0,
  }
  const retention = [0, 1].map((group) => ({
    people: new Set(
      [...all.leaves.keys()]
        .filter((record) => all.groups[0]![record] === group)
        .map((record) => all.subjects?.[record] ?? record),
    ).size,
    share:
      out.filter((record) => all.groups[0]![record] === group).length /
      all.groups[0]!.filter((one) => one === group).length,
  }))
  const judged = retention.filter(({ people }) => people >= 30).map(({ share }) => share)
  return {
    holds:
      gone.length <= maxSuppressed * which.length + 1e-9 &&
      out.length > 0 &&
      (ratio === undefined || judged.every((share) => share >= ratio * Math.max(...judged) - 1e-12)),
    cost: costs[metric](),
    suppressed: gone.length,
  }
}

function* nodes(heights: readonly number[]): Generator<number[]> {
  if (heights.length === 0) yield []
  else
    for (const rest of nodes(heights.slice(1)))
      for (let level = 0; level < heights[0]!; level++) yield [level, ...rest]
}

const near = (one: number, other: number) =>
  Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(one), Math.abs(other))

it('finds the least of all nodes, or says that none holds', () => {
  fc.assert(
    fc.property(
      rows,
      criteria,
      fc.constantFrom(...METRICS),
      fc.option(fc.constantFrom(0.5, 0.9), { nil: undefined }),
      (all, asked, metric, ratio) => {
        const records = collect(all)
        const lattice = new Lattice(records.columns)
        const objective = objectiveOf(metric, lattice, records)
        const judge = new NodeJudge(
          lattice,
          records,
          objective,
          asked,
          ratio === undefined ? undefined : { ratio },
        )
        const { best, isExact } = searchExactly(lattice, objective, judge, 1e6)
        const every = [...nodes(lattice.heights)].map((levels) => byHand(all, levels, metric, asked, ratio))
        const held = every.filter(({ holds }) => holds)
        expect(isExact).toBe(true)
        expect(judge.checked).toBeLessThanOrEqual(lattice.size + 200)
        if (held.length === 0) {
          expect(best).toBeUndefined()
          return
        }
        const least = Math.min(...held.map(({ cost }) => cost))
        const found = byHand(all, [...best!.levels], metric, asked, ratio)
        expect(found.holds).toBe(true)
        expect(near(objective.shown(best!.sum), found.cost)).toBe(true)
        expect(near(found.cost, least)).toBe(true)
        expect(best!.suppressed).toBe(found.suppressed)
        // What is said not to be exact holds as well, and is no better.
        const near2 = searchNearby(
          lattice,
          objective,
          new NodeJudge(lattice, records, objective, asked, ratio === undefined ? undefined : { ratio }),
          50,
        )
        if (near2.best !== undefined) {
          const guess = byHand(all, [...near2.best.levels], metric, asked, ratio)
          expect(guess.holds && guess.cost >= least - 1e-9 * Math.max(1, least)).toBe(true)
        }
      },
    ),
    { numRuns: 400 },
  )
})
