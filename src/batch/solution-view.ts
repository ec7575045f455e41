/** What a search found, in the form that is printed. */
import type { Solution, SolvedNode } from '../forms/solution.ts'
import { balanceOf, FOUR_FIFTHS, SMALLEST_JUDGED } from '../measures/balance.ts'
import { NOTHING } from '../measures/value-codes.ts'
import type { Fairness } from '../solve/fairness.ts'
import { Lattice, type Levels } from '../solve/lattice.ts'
import { NodeJudge, type NodeVerdict } from '../solve/node-judge.ts'
import { objectiveOf } from '../solve/objectives.ts'
import { searchLattice } from '../solve/search-lattice.ts'
import { patchOf } from './crowd-patch.ts'
import type { MadeColumn } from './rung-columns.ts'
import type { SolveData } from './solve-data.ts'
import type { SolveOptions } from './solve-options.ts'
import type { Solving } from './solving.ts'

/** So many nodes are looked at unless stated; of many distinct combinations of values fewer, as each takes longer. */
const MOST_CHECKS = 20_000
const LEAST_CHECKS = 1000
/** Combinations of values that are looked at in all: some minutes. */
const MOST_WORK = 2e9

const checksFor = (tuples: number): number =>
  Math.min(MOST_CHECKS, Math.max(LEAST_CHECKS, Math.floor(MOST_WORK / Math.max(1, tuples))))

export async function solutionOf(solving: Solving): Promise<Solution> {
  const { plan, options, asked, ladders, data, summary, records } = solving
  const { criteria, fairness, over, sensitive, by } = asked
  const lattice = new Lattice(data.records.columns)
  const objective = objectiveOf(options.metric, lattice, data.records)
  const loss = options.metric === 'loss' ? objective : objectiveOf('loss', lattice, data.records)
  const judgeOf = (fair: Fairness | undefined): NodeJudge =>
    new NodeJudge(lattice, data.records, objective, criteria, fair)
  const limits = {
    exactNodes: options.exactNodes,
    maxChecks: options.maxChecks ?? checksFor(data.records.count),
  }
  const found = searchLattice(lattice, objective, judgeOf(fairness), limits)
  const free = fairness === undefined ? found : searchLattice(lattice, objective, judgeOf(undefined), limits)
  const lossAt = (levels: Levels): number =>
    loss.shown(new NodeJudge(lattice, data.records, loss, criteria).look(levels).sum)
  const nodeOf = (verdict: NodeVerdict): SolvedNode => ({
    cost: objective.shown(verdict.sum),
    loss: lossAt(verdict.levels),
    k: verdict.k,
    classes: verdict.classes,
    suppressed: verdict.suppressed,
    suppressedShare: verdict.suppressed / (found.leaving || 1),
  })
  const start = judgeOf(undefined).look(lattice.start)
  const best = found.best
  const shown = best ?? judgeOf(undefined).look(lattice.top)
  const balance = balances(data, by, shown, options)
  const patched = best && (await patchOf(solving, best))
  const { name, version, purpose, fingerprint } = plan
  return {
    lethe: 'solution',
    v: 1,
    version: summary.version,
    policy: { name, version, purpose, fingerprint },
    asOf: summary.asOf,
    over: [...over],
    sensitive: [...sensitive],
    counted: plan.subject === undefined ? 'records' : 'subjects',
    options: {
      k: criteria.k,
      ...(criteria.l === undefined ? {} : { l: criteria.l.least }),
      ...(criteria.t === undefined ? {} : { t: criteria.t }),
      maxSuppressed: criteria.maxSuppressed,
      metric: options.metric,
      ...(fairness === undefined ? {} : { fair: fairness.ratio }),
      smallestGroup: options.smallestGroup,
    },
    records: {
      read: records.count,
      leaving: found.leaving,
      unread: records.unread,
      suppressed: summary.records.suppressed,
      deadLettered: summary.records.deadLettered,
    },
    search: {
      nodes: lattice.size,
      checked: found.checked + (free === found ? 0 : free.checked),
      exact: found.isExact && free.isExact,
      ...(found.best !== undefined && !found.isExact ? { least: objective.shown(found.least) } : {}),
    },
    found: best !== undefined,
    present: { ...nodeOf(start), holds: start.holds },
    ...(best === undefined ? { closest: nodeOf(shown) } : { solution: nodeOf(best) }),
    ...(fairness === undefined || free.best === undefined
      ? {}
      : {
          unconstrained: nodeOf(free.best),
          ...(best === undefined
            ? {}
            : {
                price: {
                  cost: objective.shown(best.sum) - objective.shown(free.best.sum),
                  loss: lossAt(best.levels) - lossAt(free.best.levels),
                },
              }),
        }),
    fields: ladders.map(({ path, rungs, note }, at) => {
      const { rungs: kept } = data.made[at]!
      const rung = shown.levels[at]!
      return {
        field: path,
        rung,
        rungs: kept.length,
        present: rungs[0]!.text,
        chosen: rungs[kept[rung]!]!.text,
        ...(noteOf(note, data.made[at]!) ?? {}),
      }
    }),
    ...(balance.length === 0 ? {} : { balance }),
    notes: [...(patched?.notes ?? [])],
    ...(patched === undefined ? {} : { patch: patched.patch }),
  }
}

function noteOf(note: string | undefined, { refused }: MadeColumn): { note: string } | undefined {
  if (refused > 0) return { note: `a coarser rule does not take the values of ${refused} records` }
  return note === undefined ? undefined : { note }
}

function balances(
  { records, names }: SolveData,
  by: readonly string[],
  { published }: NodeVerdict,
  { smallestGroup, fair = FOUR_FIFTHS }: SolveOptions,
): NonNullable<Solution['balance']> {
  return records.groups.map(({ read, subjects }, grouping) => {
    const small = { groups: 0, read: 0, published: 0 }
    const named = []
    for (let group = 0; group < read.length; group++) {
      if (read[group] === 0) continue
      const counts = { read: read[group]!, published: published[grouping]![group]! }
      if (subjects[group]! >= smallestGroup)
        named.push({ name: String(group), subjects: subjects[group]!, ...counts })
      else {
        small.groups++
        small.read += counts.read
        small.published += counts.published
      }
    }
    const subjectsOf = new Map(named.map((one) => [one.name, one.subjects]))
    const groups = balanceOf(named, fair, 1).map(({ name, read: all, published: out, retention }) => ({
      name: group(names[grouping]!, Number(name)),
      read: all,
      published: out,
      retention,
      isJudged: subjectsOf.get(name)! >= SMALLEST_JUDGED,
    }))
    const best = Math.max(0, ...groups.filter(({ isJudged }) => isJudged).map(({ retention }) => retention))
    return {
      by: by[grouping]!,
      groups: groups.map(({ isJudged, ...one }) => {
        const ratio = best === 0 ? 1 : one.retention / best
        return { ...one, ratio, isFlagged: isJudged && ratio < fair - 1e-12 }
      }),
      small,
    }
  })
}

const group = (names: readonly (string | null)[], code: number): string | null =>
  code === NOTHING ? null : names[code]!
