/** What leaves, field by field: from the policy in plain words, or from what the summaries say of its rules. */
import { transforms } from '../../transforms/index.ts'
import type { ExplainedField } from '../explain/explanation.ts'
import type { ReportField, ReportRule } from '../forms/report-form.ts'
import { shorten } from '../terminal.ts'
import type { KnownPolicy } from './policy-source.ts'
import type { OneAccount, OneRun } from './report-runs.ts'

type AccountRule = OneAccount['rules'][number]

/** A list of categories may be of any length. */
const MOST_TEXT = 300
const MOST_VALUES = 3

/** What a rule did in all runs, by its label. */
type Did = Pick<ReportRule, 'applied' | 'failed' | 'suspects'>

const NOTHING: Did = { applied: 0, failed: 0, suspects: {} }

function addRules(runs: readonly OneRun[]): ReadonlyMap<string, Did> {
  const all = new Map<string, Did>()
  for (const { rule, applied, failed, suspects = {} } of runs.flatMap(({ account }) => account.rules)) {
    const before = all.get(rule) ?? NOTHING
    const found = new Map(Object.entries(before.suspects))
    for (const [kind, count] of Object.entries(suspects)) found.set(kind, (found.get(kind) ?? 0) + count)
    all.set(rule, {
      applied: before.applied + applied,
      failed: before.failed + failed,
      suspects: Object.fromEntries(found),
    })
  }
  return all
}

/** By the policy where it is known. */
export function fieldsOfReport(
  known: KnownPolicy | undefined,
  runs: readonly OneRun[],
): readonly ReportField[] {
  const did = addRules(runs)
  if (known === undefined) return ofSummaries(runs, did)
  return known.explained.map((field, at) => ofPolicy(field, known.labels[at]!, did))
}

const cut = (text: string): string => shorten(text, MOST_TEXT)
const optional = <Name extends string>(name: Name, text: string | undefined): { [one in Name]?: string } =>
  (text === undefined ? {} : { [name]: cut(text) }) as { [one in Name]?: string }

function ofPolicy(
  { path, from, category, role, rules, before, after }: ExplainedField,
  labels: readonly string[],
  did: ReadonlyMap<string, Did>,
): ReportField {
  const values = (all: readonly string[]): string[] =>
    all.slice(0, MOST_VALUES).map((one) => shorten(one, 60))
  return {
    field: path,
    ...(from === path ? {} : { from }),
    ...optional('category', category),
    role,
    rules: rules.map((rule, at) => ({
      use: rule.use,
      done: cut(rule.done),
      leaves: cut(rule.leaves),
      ...optional('when', rule.when),
      ...optional('after', rule.after),
      ...optional('onFailure', rule.onFailure),
      ...optional('doesNotStop', rule.doesNotStop),
      weaknesses: rule.weaknesses.map(cut),
      ...(did.get(labels[at] ?? '') ?? NOTHING),
    })),
    before: values(before),
    after: values(after),
  }
}

/** Rules by the path that their labels begin with. */
function ofSummaries(runs: readonly OneRun[], did: ReadonlyMap<string, Did>): readonly ReportField[] {
  const kept = new Map(runs.flatMap(({ account }) => account.kept).map((one) => [one.field, one]))
  const fields = new Map<string, ReportRule[]>()
  const seen = new Set<string>()
  for (const rule of runs.flatMap(({ account }) => account.rules)) {
    if (seen.has(rule.rule)) continue
    seen.add(rule.rule)
    const path = pathOf(rule)
    const rules = fields.get(path) ?? []
    fields.set(path, rules)
    rules.push({ ...inWords(rule), ...(did.get(rule.rule) ?? NOTHING) })
  }
  return [...fields].map(([field, rules]) => {
    const one = kept.get(field)
    return {
      field,
      ...optional('from', one?.from),
      ...optional('category', one?.category),
      role: one?.role ?? 'not told',
      rules,
      before: [],
      after: [],
    }
  })
}

/** A label is a path, a blank, the name of the rule, and in brackets which of several. */
function pathOf({ rule, use }: AccountRule): string {
  const at = rule.lastIndexOf(` ${use}`)
  return at < 0 ? rule : rule.slice(0, at)
}

function inWords({ use }: AccountRule): Pick<ReportRule, 'use' | 'done' | 'doesNotStop' | 'weaknesses'> {
  if (use === 'drop') return { use, done: 'left out', weaknesses: [] }
  if (use === 'keep' || use === 'keep.subtree')
    return {
      use,
      done: use === 'keep' ? 'kept as it is' : 'kept as it is, with whatever is below it',
      doesNotStop: 'Anything: a reader of the output reads the value.',
      weaknesses: [],
    }
  const transform = transforms.find(({ name }) => name === use)
  if (transform === undefined) return { use, done: `${use}: a transform of the policy's own`, weaknesses: [] }
  return { use, done: `${use}: ${transform.summary}`, doesNotStop: transform.doesNotStop, weaknesses: [] }
}
