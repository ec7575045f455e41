/** The policy of a command that makes no token. */
import { LetheError } from '../errors.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import type { Plan } from '../policy/plan.ts'
import { formatProblems } from '../policy/problems.ts'

/** The policy without keys. @throws LetheError (usage) where it has errors, which are printed */
export async function planOf(file: string): Promise<Plan> {
  const { plan, problems } = await compilePolicyFile(file)
  if (plan !== undefined) return plan
  process.stderr.write(formatProblems(problems, 'text'))
  throw new LetheError('policy-invalid', `the policy ${file} has errors; nothing was done`, 'correct them')
}
