/** Adds the summaries of all shards of a manifest to one, as a single run over the files would have written it. */
import { LetheError } from '../errors.ts'
import type { Manifest } from '../forms/manifest.ts'
import type { AccountView, OutputView, Summary } from '../run/account/account-view.ts'
import { listsWithoutMatch } from '../run/account/lists-view.ts'
import { suspectWarning } from '../run/account/suspect-warnings.ts'

type Counts = Readonly<Record<string, number>>
type RuleView = AccountView['rules'][number]

const total = (numbers: readonly (number | undefined)[]): number =>
  numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0)

function addCounts(all: readonly (Counts | undefined)[]): Record<string, number> {
  const sum: Record<string, number> = Object.create(null)
  for (const counts of all)
    for (const [name, count] of Object.entries(counts ?? {})) sum[name] = (sum[name] ?? 0) + count
  return Object.fromEntries(Object.entries(sum).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * The sum. `summaries`: one of each shard, in order, all by one policy, key and manifest.
 * @throws LetheError where they went by different lists or tables
 */
export function addSummaries(manifest: Manifest, sha256: string, summaries: readonly Summary[]): Summary {
  const [first] = summaries as [Summary]
  const {
    groups: _,
    shard: _s,
    deadLetterFile: _d,
    originals: _o,
    approvals: _a,
    crowd: _c,
    ...common
  } = first
  const rules = addRules(summaries)
  const records = {
    in: total(summaries.map((one) => one.records.in)),
    published: total(summaries.map((one) => one.records.published)),
    suppressed: addCounts(summaries.map((one) => one.records.suppressed)),
    deadLettered: addCounts(summaries.map((one) => one.records.deadLettered)),
    blank: total(summaries.map((one) => one.records.blank)),
  }
  const lists = addLists(summaries)
  return {
    ...common,
    shards: { manifest: sha256, of: summaries.length },
    ...approvalsOf(summaries),
    inputs: inputsOf(manifest, summaries),
    outputs: outputsOf(summaries),
    ...originalsOf(summaries),
    ...lists,
    records,
    unlisted: total(summaries.map(({ unlisted }) => unlisted)),
    rules,
    warnings: warningsOf(summaries, { ...first, ...lists, rules, records }),
  }
}

/** The approvals that counted in every shard. */
function approvalsOf(summaries: readonly Summary[]): Pick<Summary, 'approvals'> {
  const [first, ...others] = summaries.map(({ approvals = [] }) => approvals)
  const inAll = first!.filter(({ key }) => others.every((one) => one.some((other) => other.key === key)))
  return inAll.length === 0 ? {} : { approvals: inAll }
}

function inputsOf({ files }: Manifest, summaries: readonly Summary[]): Summary['inputs'] {
  const records = new Array<number>(files.length).fill(0)
  for (const { inputs } of summaries)
    for (const { input, records: count } of inputs) records[input - 1]! += count
  return files.map(({ format, bytes, sha256 }, at) => ({
    input: at + 1,
    format,
    bytes,
    sha256,
    records: records[at]!,
  }))
}

/** In the order of files and slices, as their names sort. */
function outputsOf(summaries: readonly Summary[]): OutputView[] {
  return summaries
    .flatMap(({ outputs, inputs }) =>
      outputs.map((output, at) => ({ output, slice: inputs[at]!.slice ?? 1, file: inputs[at]!.input })),
    )
    .sort((a, b) => a.file - b.file || a.slice - b.slice)
    .map(({ output }, at) => ({ ...output, output: at + 1 }))
}

function originalsOf(summaries: readonly Summary[]): Pick<Summary, 'originals'> {
  const found = summaries.map(({ originals }) => originals)
  if (found.every((one) => one === undefined)) return {}
  return {
    originals: {
      sealed: total(found.map((one) => one?.sealed)),
      unsealed: total(found.map((one) => one?.unsealed)),
    },
  }
}

function addLists(summaries: readonly Summary[]): Pick<Summary, 'lists' | 'tables'> {
  const [first] = summaries as [Summary]
  const same = (what: string, of: (summary: Summary) => unknown): void => {
    const text = JSON.stringify(of(first))
    const other = summaries.findIndex((summary) => JSON.stringify(of(summary)) !== text)
    if (other >= 0)
      throw new LetheError(
        'shards-differ',
        `shard ${other} went by ${what} of other bytes than shard 0`,
        'give all shards the same ones, and run them into a new folder',
      )
  }
  same('lists', ({ lists }) => lists?.map(({ suppressed: _, ...list }) => list))
  same('consent tables', ({ tables }) => tables)
  return {
    ...(first.lists === undefined
      ? {}
      : {
          lists: first.lists.map((list, at) => ({
            ...list,
            suppressed: total(summaries.map(({ lists }) => lists![at]!.suppressed)),
          })),
        }),
    ...(first.tables === undefined ? {} : { tables: first.tables }),
  }
}

function addRules(summaries: readonly Summary[]): RuleView[] {
  const [first] = summaries as [Summary]
  return first.rules.map((rule, at) => {
    const all = summaries.map(({ rules }) => rules[at])
    if (all.some((one) => one?.rule !== rule.rule))
      throw new LetheError(
        'shards-differ',
        `shards tell of different rules`,
        'run all by one version of Lethe',
      )
    const count = (of: (rule: RuleView) => number | undefined): number => total(all.map((one) => of(one!)))
    const { failures: _, met: _m, looked: _l, suspects: _s, ...others } = rule
    const failed = count((one) => one.failed)
    const met = count((one) => one.met)
    const suspects = addCounts(all.map((one) => one!.suspects))
    return {
      ...others,
      applied: count((one) => one.applied),
      absent: count((one) => one.absent),
      null: count((one) => one.null),
      failed,
      ...(failed === 0 ? {} : { failures: addCounts(all.map((one) => one!.failures)) }),
      ...(met === 0 ? {} : { met }),
      ...(rule.looked === undefined ? {} : { looked: count((one) => one.looked) }),
      ...(Object.keys(suspects).length === 0 ? {} : { suspects }),
    }
  })
}

/**
 * What is said of one input holds of all. That a rule or a list met nothing holds where every shard says so, of those that say
 * anything: one that published nothing says nothing. Figures are said again, of the sum.
 */
function warningsOf(
  summaries: readonly Summary[],
  sum: Pick<Summary, 'rules' | 'records' | 'lists' | 'policy'>,
): string[] {
  const suspects = suspectWarningsOf(sum)
  const figures = new Set(summaries.flatMap((summary) => suspectWarningsOf(summary)))
  const unmatched = listsWithoutMatch(sum, { records: sum.records.in })
  const telling = summaries.filter(({ records }) => records.published > 0)
  const all = new Set(summaries.flatMap(({ warnings }) => warnings))
  const kept = [...all].filter(
    (warning) =>
      !figures.has(warning) &&
      !unmatched.includes(warning) &&
      (isOfOne(warning) || telling.every(({ warnings }) => warnings.includes(warning))),
  )
  const groups = summaries.some((summary) => summary.groups !== undefined)
    ? [
        'who stands alone by quasi-identifiers is not added up over shards: a subject may be in several; measure it with one `lethe batch` over all files',
      ]
    : []
  return [...unmatched, ...kept, ...suspects, ...groups]
}

const isOfOne = (warning: string): boolean => /^(?:input \d|version-not-raised)/.test(warning)

function suspectWarningsOf({ rules, records }: Pick<Summary, 'rules' | 'records'>): string[] {
  return rules.flatMap(({ rule, use, looked = 0, suspects = {} }) => {
    // A label is the field and what is done.
    const field = rule.slice(0, rule.lastIndexOf(` ${use}`))
    return Object.entries(suspects).map(([kind, count]) =>
      suspectWarning({
        field,
        kind,
        count,
        looked,
        left: records.deadLettered['suspect-value'] === undefined,
      }),
    )
  })
}
