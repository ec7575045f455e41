/** The change of a policy that a search found, as a patch. */
import { basename, relative } from 'node:path'
import { LetheError } from '../errors.ts'
import { applyEdits, editPolicy, type RuleChange, type WordChange } from '../policy/edit-policy.ts'
import type { Plan } from '../policy/plan.ts'
import { unifiedDiff } from '../policy/unified-diff.ts'
import type { NodeVerdict } from '../solve/node-judge.ts'
import type { SolveOptions, SolveRequest } from './solve-options.ts'
import type { Solving } from './solving.ts'

/** The change, and what it does not say. */
export interface CrowdPatch {
  /** A unified diff; empty where nothing changes. */
  readonly patch: string
  readonly notes: readonly string[]
}

/** @throws LetheError where a policy with these rules would have errors */
export async function patchOf(
  { policy, plan, ladders, data, asked, options, compile }: Solving,
  best: NodeVerdict,
): Promise<CrowdPatch> {
  const rules = ladders.flatMap(({ rungs }, at): RuleChange[] => {
    const { change } = rungs[data.made[at]!.rungs[best.levels[at]!]!]!
    return change === undefined ? [] : [change]
  })
  const words = crowdWords(plan, asked, options)
  const notes: string[] = []
  for (const said of [words, []]) {
    const edits = editPolicy(policy.text, rules, said)
    if (edits === undefined) break
    const { plan: made, problems } = await compile(applyEdits(policy.text, edits))
    if (made !== undefined) return { patch: unifiedDiff(shownName(policy.file), policy.text, edits), notes }
    // A stable token beside classes, say: whether that is accepted is for people to write.
    notes.push(
      `the patch leaves out ${words.map(({ word, values }) => `${word}: ${JSON.stringify(values)}`).join(', ')}, without which no class is judged: ` +
        `with it the policy has errors (${[...new Set(problems.map(({ code }) => code))].join(', ')}); add it by hand`,
    )
  }
  throw new LetheError(
    'patch-refused',
    `the policy ${policy.file} cannot be changed by a patch as it is written, or would have errors then; nothing was written`,
    'write `fields:` as a mapping with a line for each field',
  )
}

/** In relation to where the command runs, if the policy stands below. */
function shownName(file: string): string {
  const name = relative(process.cwd(), file).replaceAll('\\', '/')
  return name.startsWith('..') ? basename(file) : name
}

/** What the policy has to say for the classes to hold in a run. */
function crowdWords(
  { crowd }: Plan,
  { criteria, over, sensitive }: SolveRequest,
  options: SolveOptions,
): WordChange[] {
  const percent = `${Number((criteria.maxSuppressed * 100).toFixed(6))}%`
  const suppresses = criteria.maxSuppressed > 0
  const values: Record<string, unknown> = { k: criteria.k }
  if (criteria.l !== undefined) values['l'] = criteria.l.least
  if (criteria.t !== undefined) values['t'] = criteria.t
  if (options.over !== undefined) values['over'] = [...over]
  if (options.sensitive !== undefined && sensitive.length > 0) values['sensitive'] = [...sensitive]
  if (suppresses) {
    values['maxSuppressed'] = percent
    values['onFail'] = 'suppress'
  } else if (crowd?.onFail === 'suppress') values['maxSuppressed'] = percent
  return [{ word: 'crowd', values }]
}
