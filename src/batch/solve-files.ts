/** Finds the coarser options of a policy that hold k, l and t over files at the least loss, and the patch that says them. */
import type { Input } from '../files/input.ts'
import type { Solution } from '../forms/solution.ts'
import { GroupCodes } from '../measures/group-codes.ts'
import { MeasuredRecords } from '../measures/measured-records.ts'
import { observerOf } from '../measures/records-observer.ts'
import { TextBudget } from '../measures/value-codes.ts'
import type { Compiled } from '../policy/compile.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import { policyFileOf, readPolicyFile } from '../policy/policy-file.ts'
import type { Summary } from '../run/account/account-view.ts'
import { preparePool } from '../run/chunk-pool.ts'
import { RunFiles } from '../run/run-files.ts'
import { type BatchHears, type BatchKeys, batchFiles, compileBatch } from './batch-files.ts'
import { laddersOf } from './field-rungs.ts'
import { ladderedPlan } from './laddered-plan.ts'
import { fieldAt, pathText } from './measuring.ts'
import { solutionOf } from './solution-view.ts'
import { solveDataOf } from './solve-data.ts'
import { askedOf, type SolveOptions } from './solve-options.ts'

/** Characters of distinct values that are held: some 512 MiB. */
const MOST_CHARACTERS = 1 << 28

/**
 * @returns what was found; no value but names of groups with `smallestGroup` subjects or more
 * @throws LetheError as `batchFiles` does; where what is asked for cannot be judged
 */
export async function solveFiles(
  inputs: readonly Input[],
  options: SolveOptions,
  keys: BatchKeys,
  hears: Pick<BatchHears, 'progress'>,
): Promise<Solution> {
  const files = new RunFiles()
  const policy = readPolicyFile(options.policy, 'the policy', files.read)
  const plan = await compileBatch(policy, keys.keyring, options)
  const asked = askedOf(plan, options)
  const compile = (text: string): Promise<Compiled> =>
    compilePolicyFile(policyFileOf(policy.file, text, files.read), { keys: keys.keyring })
  const ladders = await laddersOf(
    asked.over.map((path) => fieldAt(plan, path)),
    {
      policy,
      plan,
      compile,
      read: files.read,
      fixed: new Set(options.fixed?.map(pathText)),
      hierarchies: new Map([...options.hierarchies].map(([path, file]) => [pathText(path), file])),
    },
  )
  const laddered = ladderedPlan(plan, ladders)
  const columns = [
    ...laddered.fields.flat().filter((field) => field !== undefined),
    ...asked.sensitive.map((path) => fieldAt(laddered.plan, path)),
    ...asked.by.map((path) => fieldAt(laddered.plan, path)),
  ]
  const groupings = asked.by.map((path) => new GroupCodes(path, 'value'))
  const budget = new TextBudget(MOST_CHARACTERS)
  const records = new MeasuredRecords(columns.length, groupings, budget, options.maxRecords)
  const firstGroup = columns.length - groupings.length
  const observed = {
    fields: columns,
    groupings: groupings.map((_, at) => firstGroup + at),
    emptied: undefined,
  }
  const prepared = preparePool(inputs, 1)
  let summary: Summary
  try {
    summary = await batchFiles(
      inputs,
      {
        ...options,
        dryRun: true,
        planned: () => laddered.plan,
        observe: observerOf(laddered.plan, observed, records),
      },
      keys,
      prepared,
      files,
      { ...hears, account: () => {} },
    )
  } finally {
    await prepared.close()
  }
  const data = solveDataOf(plan, records, columns.slice(0, firstGroup), ladders, laddered, asked.sensitive)
  return await solutionOf({ policy, plan, options, asked, ladders, records, data, summary, compile })
}
