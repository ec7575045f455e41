/** Files of YAML that people write for a report: strict, with every problem at its place. */
import type { z } from 'zod'
import type { Problem } from '../errors.ts'
import { LetheError } from '../errors.ts'
import { checkShape } from '../policy/check-form.ts'
import { checkNumbers, readDocument, type TreeNode } from '../policy/document.ts'
import { readFromDisk, textOfPolicy } from '../policy/policy-file.ts'
import { type DocumentCode, Findings } from '../policy/problems.ts'

/** What can be wrong with a file of findings or limits. */
export const REPORT_FILE_CODES = {
  'unknown-key': 'a key is none of the file',
  'missing-key': 'a key is missing',
  'wrong-type': 'a value is of the wrong type or form',
  'repeated-id': 'two findings have one id',
  'outcome-missing': 'a finding is no longer open, and the file does not say what became of it',
  'personal-value': 'a text looks as if it held personal data',
} as const

export type ReportFileCode = DocumentCode | keyof typeof REPORT_FILE_CODES

/** A file of findings or limits has errors: `problems` has all of them. */
export class ReportFileProblems extends LetheError {
  readonly problems: readonly Problem[]
  constructor(file: string, is: string, problems: readonly Problem[]) {
    super('findings-invalid', `${is} ${file} have errors`, 'correct them')
    this.problems = problems
  }
}

const MOST_BYTES = 1 << 20

/**
 * `check` looks at what the form cannot say.
 * @throws ReportFileProblems where the file has errors, LetheError where it cannot be read
 */
export function readYaml<T>(
  file: string,
  is: 'the findings' | 'the limits',
  form: z.ZodType<T>,
  check: (value: T, tree: TreeNode, findings: Findings<ReportFileCode>) => void = () => {},
): T {
  const text = textOfPolicy(readFromDisk(file, 'the file', MOST_BYTES), `${is} ${file}`)
  const findings = new Findings<ReportFileCode>(file)
  const tree = readDocument(text.replace(/^\ufeff/, ''), findings)
  const shapes = { unknown: 'unknown-key', missing: 'missing-key', wrong: 'wrong-type' } as const
  if (tree !== undefined) checkNumbers(tree, new Set(), findings)
  const value = tree === undefined ? undefined : checkShape<T, ReportFileCode>(form, tree, shapes, findings)
  if (value !== undefined && tree !== undefined) check(value, tree, findings)
  if (value === undefined || findings.count > 0) throw new ReportFileProblems(file, is, findings.sorted())
  return value
}
