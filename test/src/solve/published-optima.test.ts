/** Searches against the optima that ARX (3.9) publishes in its tests for the census records known as Adult. */
import { describe, expect, it } from 'vitest'
import { balanceOf } from '../../../src/measures/balance.ts'
import type { Criteria } from '../../../src/solve/criteria.ts'
import { searchExactly } from '../../../src/solve/exact-search.ts'
import { Lattice } from '../../../src/solve/lattice.ts'
import { NodeJudge } from '../../../src/solve/node-judge.ts'
import { type Metric, objectiveOf } from '../../../src/solve/objectives.ts'
import type { SolveRecords } from '../../../src/solve/solve-records.ts'
import { adult } from '../measures/adult.ts'
import { adultRecords, closenessOf } from './adult-records.ts'

function solve(records: SolveRecords, metric: Metric, criteria: Criteria) {
  const lattice = new Lattice(records.columns)
  const objective = objectiveOf(metric, lattice, records)
  const judge = new NodeJudge(lattice, records, objective, criteria)
  const { best, isExact } = searchExactly(lattice, objective, judge, lattice.size)
  expect(isExact).toBe(true)
  return {
    nodes: lattice.size,
    levels: best && [...best.levels],
    cost: best && objective.shown(best.sum),
    best,
  }
}

describe.runIf(adult !== undefined)('Adult, where ../shared/data/adult is there', () => {
  const all = adult?.names.map((_, column) => column) ?? []
  const at = (name: string): number => adult?.names.indexOf(name) ?? -1
  const withoutOccupation = all.filter((column) => column !== at('occupation'))
  const nine = adult && adultRecords(adult, all, { by: at('race') })
  const eight = adult && adultRecords(adult, withoutOccupation, { sensitive: at('occupation') })

  // ARX rounds the shares of its loss. TestAnonymizationKAnonymity, TestAnonymizationHeuristic.
  it.each<[Metric, Criteria, number[], number, number]>([
    [
      'entropy-before-suppression',
      { k: 5, maxSuppressed: 0.04 },
      [1, 0, 1, 1, 3, 2, 2, 0, 1],
      255559.85455731067,
      5,
    ],
    [
      'entropy-before-suppression',
      { k: 100, maxSuppressed: 0.04 },
      [1, 1, 1, 1, 3, 2, 2, 1, 1],
      379417.3460570988,
      5,
    ],
    ['loss', { k: 5, maxSuppressed: 1 }, [0, 3, 0, 0, 2, 1, 1, 1, 0], 0.22041192847984292, 8],
    ['loss', { k: 5, maxSuppressed: 0.04 }, [0, 3, 0, 1, 1, 1, 1, 2, 0], 0.26611081915757495, 8],
  ])('has the optimum of ARX by %s under %j', (metric, criteria, levels, cost, digits) => {
    const found = solve(nine!, metric, criteria)
    expect([found.nodes, found.levels]).toEqual([12_960, levels])
    expect(found.cost).toBeCloseTo(cost, digits)
    expect(found.best!.k).toBeGreaterThanOrEqual(criteria.k)
  })

  // TestAnonymizationLDiversity, TestAnonymizationTCloseness.
  const diverse = { least: 5, by: 'entropy' } as const
  const hierarchical = adult && [closenessOf(adult, at('occupation'))]
  it.each<[string, Metric, Criteria, number[], number]>([
    [
      'entropy-l',
      'entropy',
      { k: 1, l: diverse, maxSuppressed: 0.04 },
      [1, 0, 1, 1, 2, 2, 2, 1],
      228878.2039109517,
    ],
    [
      'entropy-l',
      'entropy',
      { k: 1, l: diverse, maxSuppressed: 0 },
      [1, 1, 1, 1, 3, 2, 2, 1],
      324620.5269918692,
    ],
    ['equal t', 'class-squares', { k: 5, t: 0.2, maxSuppressed: 0.04 }, [1, 4, 1, 0, 3, 2, 2, 1], 311880088],
    ['equal t', 'class-squares', { k: 5, t: 0.2, maxSuppressed: 0 }, [1, 4, 1, 1, 3, 2, 2, 1], 456853172],
    [
      'hierarchical t',
      'entropy-before-suppression',
      { k: 5, t: 0.2, closeness: hierarchical, maxSuppressed: 0.04 },
      [1, 4, 0, 0, 3, 2, 2, 1],
      377622.78458729305,
    ],
    [
      'hierarchical t',
      'entropy-before-suppression',
      { k: 5, t: 0.2, closeness: hierarchical, maxSuppressed: 0 },
      [0, 4, 1, 1, 3, 2, 2, 1],
      398400.0741806447,
    ],
  ])('has the optimum of ARX under %s, by %s', (_, metric, criteria, levels, cost) => {
    const found = solve(eight!, metric, criteria)
    expect([found.nodes, found.levels]).toEqual([4320, levels])
    expect(found.cost).toBeCloseTo(cost, 5)
  })

  it('finds at the optimum of loss who is deleted', () => {
    const { groups } = nine!
    const races = adult!.values(at('race'))
    const codes = adult!.codes(at('race'), 0)
    const ratios = (published: ArrayLike<number>) =>
      balanceOf(
        Array.from(groups[0]!.read, (read, group) => ({
          name: races[codes.indexOf(group)]!,
          read,
          published: published[group]!,
        })),
      ).map(({ name, ratio }) => [name, ratio.toFixed(3)])
    const cheapest = solve(nine!, 'loss', { k: 5, maxSuppressed: 1 }).best!
    expect(ratios(cheapest.published[0]!)).toEqual([
      ['Other', '0.281'],
      ['Amer-Indian-Eskimo', '0.282'],
      ['Asian-Pac-Islander', '0.472'],
      ['Black', '0.846'],
      ['White', '1.000'],
    ])
  })
})
