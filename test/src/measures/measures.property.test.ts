/** Measures against what they are defined as, computed the long way. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classesOf } from '../../../src/measures/classes.ts'
import { jensenShannon, wasserstein } from '../../../src/measures/distances.ts'
import { equalCloseness, hierarchicalCloseness, histogramsOf } from '../../../src/measures/diversity.ts'
import { measureSide } from '../../../src/measures/measured-side.ts'
import { journalistRisk } from '../../../src/measures/risk.ts'
import { TupleTable } from '../../../src/measures/tuple-table.ts'
import { entropyLoss, entropyOf } from '../../../src/measures/utility.ts'
import { frequencies, WILDCARD } from '../../../src/measures/wildcards.ts'

const RECORDS = { minLength: 1, maxLength: 40 }
const code = fc.integer({ min: 0, max: 3 })
const record = fc.record({ values: fc.tuple(code, code, code), subject: code, sensitive: code })
const column = (records: readonly { readonly values: readonly number[] }[], at: number): Int32Array =>
  Int32Array.from(records, ({ values }) => values[at]!)

describe('classes', () => {
  it('have the distinct subjects of equal records, and risks that follow', () => {
    fc.assert(
      fc.property(fc.array(record, RECORDS), fc.integer({ min: 1, max: 6 }), (records, k) => {
        const key = ({ values }: { values: readonly number[] }): string => values.join()
        const classes = new Map<string, Set<number>>()
        for (const one of records)
          classes.set(key(one), (classes.get(key(one)) ?? new Set()).add(one.subject))
        const sizes = [...classes.values()].map(({ size }) => size)
        const subjects = sizes.reduce((sum, size) => sum + size, 0)
        const { risk, sizes: bands } = measureSide(
          {
            columns: [0, 1, 2].map((at) => column(records, at)),
            length: records.length,
            subjects: Int32Array.from(records, ({ subject }) => subject),
            sensitive: [],
          },
          { k, nothing: 'category' },
        )
        expect(risk.subjects).toBe(subjects)
        expect(risk.classes).toBeCloseTo(sizes.length, 9)
        expect(risk.k).toBe(Math.min(...sizes))
        expect(risk.unique).toBeCloseTo(sizes.filter((size) => size === 1).length / subjects, 12)
        const small = sizes.filter((size) => size < k).reduce((sum, size) => sum + size, 0)
        expect(risk.atRisk).toBeCloseTo(small / subjects, 12)
        expect(bands.reduce((sum, band) => sum + band.subjects, 0)).toBe(subjects)
      }),
    )
  })

  it('are matched by every record that differs in no cell which both have, where cells are wildcards', () => {
    const cell = fc.oneof(code, fc.constant(WILDCARD))
    fc.assert(
      fc.property(fc.array(fc.record({ values: fc.tuple(cell, cell, cell) }), RECORDS), (records) => {
        const found = frequencies(
          [0, 1, 2].map((at) => column(records, at)),
          records.length,
        )
        const expected = records.map(
          ({ values }) =>
            records.filter((other) =>
              other.values.every(
                (value, i) => value === WILDCARD || values[i] === WILDCARD || value === values[i],
              ),
            ).length,
        )
        expect([...found]).toEqual(expected)
      }),
    )
  })

  it('are at no more risk by a journalist than by a prosecutor, and at as much where the sample is all', () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }))
    fc.assert(
      fc.property(fc.array(size, RECORDS), (sizes) => {
        const sample = sizes.map(([inSample]) => inSample)
        const all = sample.reduce((sum, one) => sum + one, 0)
        const prosecutor = { highest: 1 / Math.min(...sample), average: sample.length / all }
        const same = journalistRisk(sample, sample)
        expect(same.highest).toBeCloseTo(prosecutor.highest, 12)
        expect(same.average).toBeCloseTo(prosecutor.average, 12)
        const { highest, average } = journalistRisk(
          sample,
          sizes.map(([inSample, more]) => inSample + more),
        )
        expect(highest).toBeLessThanOrEqual(same.highest + 1e-12)
        expect(average).toBeLessThanOrEqual(same.average + 1e-12)
      }),
    )
  })
})

it('a hierarchy of one level above the values measures as equal distances do', () => {
  fc.assert(
    fc.property(fc.array(record, RECORDS), (records) => {
      const { of, sizes } = classesOf([column(records, 0)], records.length)
      const histograms = histogramsOf(
        of,
        sizes.length,
        Int32Array.from(records, ({ sensitive }) => sensitive),
      )
      const flat = hierarchicalCloseness([[0], [0], [0], [0]])(histograms)
      equalCloseness(histograms).forEach((t, i) => void expect(flat[i]).toBeCloseTo(t, 12))
    }),
  )
})

it('a value that a class has alone is nearer to a sibling than to a stranger', () => {
  // Of four values, 0 and 1 are siblings, and 2 and 3: a class of 0 alone, and one of the others.
  const { of, sizes } = classesOf([Int32Array.from([0, 1, 1, 1])], 4)
  const t = (sensitive: readonly number[]): number =>
    hierarchicalCloseness([
      [10, 30],
      [10, 30],
      [20, 30],
      [20, 30],
    ])(histogramsOf(of, sizes.length, Int32Array.from(sensitive)))[0]!
  expect(t([0, 1, 1, 1])).toBeCloseTo(0.375, 12)
  expect(t([0, 2, 2, 2])).toBeCloseTo(0.75, 12)
})

it('distances are none of equal distributions, and those of the samples that they stand for', () => {
  const weights = fc
    .array(fc.nat(9), { minLength: 4, maxLength: 4 })
    .filter((all) => all.some((one) => one > 0))
  fc.assert(
    fc.property(weights, weights, (first, second) => {
      expect(jensenShannon(first, first)).toBeCloseTo(0, 6)
      expect(jensenShannon(first, second)).toBeCloseTo(jensenShannon(second, first), 9)
      expect(jensenShannon(first, second)).toBeLessThanOrEqual(1 + 1e-9)
      const masses = (all: readonly number[]) => all.map((weight, at) => ({ at: at * 3, weight }))
      // Both as samples of as many numbers, in order: the mean difference.
      const total = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0)
      const spread = (all: readonly number[], times: number): number[] =>
        all.flatMap((weight, at) => Array<number>(weight * times).fill(at * 3))
      const a = spread(first, total(second))
      const b = spread(second, total(first))
      const mean = a.reduce((sum, one, i) => sum + Math.abs(one - b[i]!), 0) / a.length
      expect(wasserstein(masses(first), masses(second))).toBeCloseTo(mean, 9)
    }),
  )
})

it('entropy is lost from none of it, where values are one to one, to all, where one value is left', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), RECORDS), (counts) => {
      const inputs = Int32Array.from(counts.keys())
      const joint = { inputs, counts: Int32Array.from(counts) }
      expect(entropyLoss({ ...joint, outputs: inputs.toReversed() })).toBeCloseTo(0, 9)
      const all = { ...joint, outputs: inputs.map(() => 7) }
      expect(entropyLoss(all)).toBeCloseTo(entropyOf(all), 6)
    }),
  )
})

it('tuples have the number of their first appearance', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer(), code), { maxLength: 300 }), (tuples) => {
      const table = new TupleTable(2, 1)
      const known = new Map<string, number>()
      for (const tuple of tuples) {
        const key = tuple.join()
        if (!known.has(key)) known.set(key, known.size)
        const index = table.put(Int32Array.from(tuple))
        expect(index).toBe(known.get(key))
        expect([table.at(index, 0), table.at(index, 1)]).toEqual(tuple)
      }
      expect(table.count).toBe(known.size)
    }),
  )
})
