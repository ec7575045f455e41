/**
 * Measures against the figures that others published: the tests of ARX (3.9, its test data), sdcMicro, Anonymeter, and the
 * article of Motwani and Xu.
 */
import { describe, expect, it } from 'vitest'
import { balanceOf, wilson } from '../../../src/measures/balance.ts'
import { classesOf } from '../../../src/measures/classes.ts'
import { jensenShannon } from '../../../src/measures/distances.ts'
import {
  distinctDiversity,
  entropyDiversity,
  equalCloseness,
  hierarchicalCloseness,
  histogramsOf,
} from '../../../src/measures/diversity.ts'
import { separationOf } from '../../../src/measures/measured-side.ts'
import { riskOf } from '../../../src/measures/risk.ts'
import {
  averageClassSize,
  columnLoss,
  combinedLoss,
  discernibility,
  entropyLoss,
} from '../../../src/measures/utility.ts'
import { frequencies, WILDCARD } from '../../../src/measures/wildcards.ts'
import { type Adult, adult } from './adult.ts'

const coded = (values: readonly string[]): Int32Array =>
  Int32Array.from(values, (value) => [...new Set(values)].indexOf(value))

/** The classes of a node of the lattice, and by class whether it is kept. */
function nodeOf({ codes, length }: Adult, columns: readonly number[], levels: readonly number[]) {
  return classesOf(
    columns.map((column, i) => codes(column, levels[i]!)),
    length,
  )
}

function outcome(sizes: Int32Array, isKept: (index: number) => boolean) {
  const kept = sizes.filter((_, index) => isKept(index))
  const suppressed = sizes.reduce((sum, size) => sum + size, 0) - kept.reduce((sum, size) => sum + size, 0)
  return {
    suppressed,
    discernibility: discernibility(kept, suppressed),
    averageClassSize: averageClassSize(kept, suppressed),
  }
}

/** Non-uniform entropy of a node over all records, before any is suppressed. */
function entropyOfNode(
  { codes, length }: Adult,
  columns: readonly number[],
  levels: readonly number[],
): number {
  return columns.reduce((sum, column, i) => {
    const inputs = codes(column, 0)
    const pairs = classesOf([inputs, codes(column, levels[i]!)], length)
    const first = pairs.records.map((_, index) => pairs.of.indexOf(index))
    const outputs = codes(column, levels[i]!)
    return (
      sum +
      entropyLoss({
        inputs: first.map((record) => inputs[record]!),
        outputs: first.map((record) => outputs[record]!),
        counts: pairs.records,
      })
    )
  }, 0)
}

describe.runIf(adult !== undefined)('Adult, where ../shared/data/adult is there', () => {
  const all = adult?.names.map((_, column) => column) ?? []
  const occupation = adult?.names.indexOf('occupation') ?? -1
  const withoutOccupation = all.filter((column) => column !== occupation)
  const race = adult?.names.indexOf('race') ?? -1

  it('has the risk that ARX finds in its nine attributes (TestRiskMetrics)', () => {
    const { sizes } = nodeOf(adult!, all, Array(9).fill(0))
    expect(riskOf(sizes, 0.2)).toMatchObject({
      subjects: 30_162,
      classes: 19_502,
      k: 1,
      unique: 0.5142895033485844,
      highest: 1,
      average: 0.6465751607983555,
    })
  })

  it.each([
    [[0, 0, 0, 0, 0, 0, 0, 0], 463_536_157],
    [[0, 0, 1, 0, 3, 2, 0, 0], 110_335_369],
    [[0, 4, 1, 2, 3, 2, 1, 1], 389_594_580],
    [[0, 4, 0, 2, 3, 2, 2, 1], 392_187_826],
    [[0, 0, 1, 0, 3, 0, 0, 0], 175_909_370],
    [[1, 1, 0, 1, 3, 0, 1, 0], 77_668_128],
    [[0, 3, 1, 1, 1, 2, 0, 0], 34_129_719],
    [[1, 0, 0, 2, 2, 2, 1, 0], 47_522_592],
  ])('has the discernibility of ARX at %j, k = 5 (TestUtilityEstimation)', (levels, expected) => {
    const { sizes } = nodeOf(adult!, withoutOccupation, levels)
    expect(outcome(sizes, (index) => sizes[index]! >= 5).discernibility).toBe(expected)
  })

  it.each([
    [[0, 0, 0, 0, 0, 0, 0, 0], 29.113899613899616],
    [[1, 2, 1, 2, 0, 2, 0, 1], 93.96261682242991],
    [[1, 1, 1, 1, 3, 2, 2, 1], 1005.4],
  ])('has the average class size of ARX at %j, k = 5 (TestUtilityEstimation)', (levels, expected) => {
    const { sizes } = nodeOf(adult!, withoutOccupation, levels)
    expect(outcome(sizes, (index) => sizes[index]! >= 5).averageClassSize).toBe(expected)
  })

  it.each([
    ['hierarchical', 5, [1, 4, 1, 0, 3, 2, 2, 1], 312_513_049],
    ['hierarchical', 1, [0, 4, 1, 1, 2, 2, 2, 1], 589_242_303],
    ['hierarchical', 1, [0, 0, 0, 0, 0, 0, 0, 0], 891_711_567],
    ['hierarchical', 5, [1, 4, 0, 2, 3, 2, 2, 1], 681_392_160],
    ['equal', 5, [1, 4, 1, 1, 3, 2, 2, 1], 456_853_172],
  ] as const)(
    'keeps what ARX keeps under %s t-closeness of 0.2, k = %i, at %j (TestUtilityEstimation, TestAnonymizationTCloseness)',
    (kind, k, levels, expected) => {
      const { of, sizes } = nodeOf(adult!, withoutOccupation, levels)
      const histograms = histogramsOf(of, sizes.length, adult!.codes(occupation, 0))
      const t =
        kind === 'equal'
          ? equalCloseness(histograms)
          : hierarchicalCloseness(adult!.levels(occupation))(histograms)
      expect(outcome(sizes, (index) => sizes[index]! >= k && t[index]! <= 0.2).discernibility).toBe(expected)
    },
  )

  it('loses at optima of ARX what ARX says, by the model of loss and by non-uniform entropy', () => {
    const lossAt = (levels: readonly number[]): number => {
      const { of, sizes } = nodeOf(adult!, all, levels)
      const losses = all.map((column) => {
        const shares = adult!.shares(column, levels[column]!)
        const sum = shares.reduce((total, share, record) => total + (sizes[of[record]!]! >= 5 ? share : 1), 0)
        return columnLoss(sum, adult!.length, adult!.domain(column))
      })
      return combinedLoss(losses)
    }
    // TestAnonymizationHeuristic; ARX rounds.
    expect(lossAt([0, 3, 0, 0, 2, 1, 1, 1, 0])).toBeCloseTo(0.22041192847984292, 8)
    expect(lossAt([0, 3, 0, 1, 1, 1, 1, 2, 0])).toBeCloseTo(0.26611081915757495, 8)
    // TestAnonymizationKAnonymity.
    expect(entropyOfNode(adult!, all, [1, 0, 1, 1, 3, 2, 2, 0, 1])).toBeCloseTo(255559.85455731067, 5)
    expect(entropyOfNode(adult!, all, [1, 1, 1, 1, 3, 2, 2, 1, 1])).toBeCloseTo(379417.3460570988, 5)
    expect(entropyOfNode(adult!, all, [1, 2, 1, 1, 3, 2, 2, 1, 1])).toBeCloseTo(407289.5388925293, 5)
  })

  it('is diverse by entropy where ARX finds it so, without a record suppressed (TestAnonymizationLDiversity)', () => {
    const levels = [1, 1, 1, 1, 3, 2, 2, 1]
    const { of, sizes } = nodeOf(adult!, withoutOccupation, levels)
    const histograms = histogramsOf(of, sizes.length, adult!.codes(occupation, 0))
    expect(Math.min(...entropyDiversity(histograms))).toBeGreaterThanOrEqual(5)
    expect(entropyOfNode(adult!, withoutOccupation, levels)).toBeCloseTo(324620.5269918692, 5)
  })

  it('shows at the optimum of loss who is deleted, though risk and drift pass', () => {
    const { of, sizes } = nodeOf(adult!, all, [0, 3, 0, 0, 2, 1, 1, 1, 0])
    const races = adult!.values(race)
    const names = [...new Set(races)]
    const counts = names.map((name) => ({ name, read: 0, published: 0 }))
    races.forEach((name, record) => {
      const group = counts[names.indexOf(name)]!
      group.read++
      if (sizes[of[record]!]! >= 5) group.published++
    })
    const ratios = balanceOf(counts).map(({ name, ratio, isFlagged }) => [name, ratio.toFixed(3), isFlagged])
    expect(ratios).toEqual([
      ['Other', '0.281', true],
      ['Amer-Indian-Eskimo', '0.282', true],
      ['Asian-Pac-Islander', '0.472', true],
      ['Black', '0.846', false],
      ['White', '1.000', false],
    ])
    const shift = jensenShannon(
      counts.map(({ read }) => read),
      counts.map(({ published }) => published),
    )
    expect(shift).toBeCloseTo(0.07, 3)
  })
})

it('tells columns apart as the example of Motwani and Xu (2007)', () => {
  const age = coded(['20', '30', '40', '20', '40'])
  const sex = coded(['female', 'female', 'female', 'male', 'male'])
  const state = coded(['CA', 'CA', 'TX', 'NY', 'CA'])
  const both = classesOf([sex, state], 5).of
  const told = [sex, state, age, both].map((column) => {
    const { distinction, separation } = separationOf(column, 5)
    return [distinction, Number(separation.toFixed(12))]
  })
  expect(told).toEqual([
    [0.4, 0.6],
    [0.6, 0.7],
    [0.6, 0.8],
    [0.8, 0.9],
  ])
})

it('counts a suppressed cell as any value, as sdcMicro does (test_freqCalc)', () => {
  const region = coded(Array(5).fill('A'))
  const status = coded(['single', 'married', 'married', 'single', 'widow'])
  const age = coded(Array(5).fill('5'))
  expect([...frequencies([region, status, age], 5)]).toEqual([2, 2, 2, 2, 1])
  status[4] = WILDCARD
  expect([...frequencies([region, status, age], 5)]).toEqual([3, 3, 3, 3, 5])
})

it('finds the distinct sensitive values that sdcMicro finds (test_ldiversity)', () => {
  const keys = [
    coded(['f', 'f', 'f', 'm', 'm', 'f', 'f']),
    coded(['', '', '', 'teacher', 'teacher', 'nurse', 'nurse']),
  ]
  const { of, sizes } = classesOf(keys, 7)
  const sensitive = Int32Array.from([1, 0, 2, 1, 0, 0, 1])
  expect([...distinctDiversity(histogramsOf(of, sizes.length, sensitive))]).toEqual([3, 2, 2])
})

it('has the interval of Wilson that Anonymeter has (test_confidence)', () => {
  const { low, high } = wilson(23, 100)
  expect((low + high) / 2).toBeCloseTo(0.23998824451588613, 12)
  expect((high - low) / 2).toBeCloseTo(0.08155558571285167, 12)
})
