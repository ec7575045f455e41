/** `lethe test --update`: what cases expect becomes what was published. Whether a record is published never changes. */
import { LetheError } from '../../errors.ts'
import { restate } from '../../explain/compare-record.ts'
import { printJson, readJson, valuesAt } from '../../explain/json-tree.ts'
import { type CaseResult, type CasesRun, tell } from '../../explain/run-cases.ts'
import { inWords } from '../../explain/run-record.ts'
import { writeWhole } from '../../files/whole-file.ts'
import { type CasesFile, type PolicyCase, readCases } from '../../policy/cases.ts'
import { type CaseUpdate, updateCases } from '../../policy/update-cases.ts'
import { ReadFiles } from '../../run/read-files.ts'

export interface Updated {
  /** Names of the cases whose expectation was written. */
  readonly names: readonly string[]
  /** Why others cannot be; then nothing is written. */
  readonly refused: readonly string[]
}

/** Writes the file, with what came of its cases. `text` is that of `cases`. Throws `LetheError` where it cannot be written. */
export async function update(
  policy: string,
  cases: CasesFile,
  text: string,
  run: CasesRun,
): Promise<Updated> {
  const updates: CaseUpdate[] = []
  const names: string[] = []
  const refused: string[] = []
  for (const [index, result] of run.results.entries()) {
    if (result.failure === undefined) continue
    const next = updateOf(result)
    if (typeof next === 'string') refused.push(`${result.case.name}: ${next}`)
    else {
      updates.push({ index, ...next })
      names.push(result.case.name)
    }
  }
  if (refused.length > 0 || updates.length === 0) return { names: [], refused }
  const written = updateCases(text, updates)
  checkSame(cases, written)
  const reads = new ReadFiles()
  reads.add('the policy', policy)
  reads.refuse(cases.file)
  await writeWhole(cases.file, written)
  return { names, refused }
}

/** What a case is to expect from now on, or why it cannot be written. */
function updateOf({ case: one, run, isForbidden, failure }: CaseResult): Omit<CaseUpdate, 'index'> | string {
  if (run === undefined) return failure!
  const { outcome, after, published, forms, notLookedAt } = run
  if (outcome.kind !== 'suppress' && notLookedAt.length > 0)
    return `nothing says what ${notLookedAt.map(inWords).join(' and ')} would say of it; state \`lists:\` and \`tables:\` first`
  const { expected, format } = one
  if (isForbidden) return `${failure}; correct the policy`
  if (expected === undefined ? outcome.kind === 'dead-letter' : expected.kind !== outcome.kind)
    return `${failure}; correct the policy, or write the outcome by hand`
  if (outcome.kind === 'suppress') return { key: 'outcome', json: '"suppress"' }
  if (outcome.kind === 'dead-letter')
    return `it was ${tell(outcome)}; correct the policy, or write the outcome by hand`
  if (expected?.kind === 'publish' && expected.how === 'part') {
    if (
      expected.absent.some((path) =>
        valuesAt(after!, path, forms.either).some((value) => format === 'json' || value !== ''),
      )
    )
      return 'something stands where `absent` says that nothing does; correct the policy or the case'
    return { key: 'part', json: printJson(restate(readJson(expected.json)!, after!)) }
  }
  if (format === 'csv' && !(expected?.kind === 'publish' && expected.how === 'whole'))
    return { key: 'expectCsv', json: JSON.stringify(`${published!}\n`) }
  return { key: 'expect', json: printJson(after!) }
}

/** A file is replaced only by one that says the same of all else. */
function checkSame(cases: CasesFile, written: string): void {
  const again = readCases(cases.file, written)
  const rest = ({ name, text, parquet, asOf, mustNotContain, stated }: PolicyCase) => ({
    name,
    text,
    parquet,
    asOf,
    mustNotContain,
    lists: [...stated.lists],
    tables: [...stated.tables],
  })
  const isSame =
    again.problems.length === 0 &&
    JSON.stringify(again.cases.map(rest)) === JSON.stringify(cases.cases.map(rest))
  if (!isSame)
    throw new LetheError(
      'file-malformed',
      `${cases.file} cannot be written without a change of what its cases hold`,
      'write the expectations by hand',
    )
}
