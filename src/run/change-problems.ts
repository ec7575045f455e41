/** `lethe lint --change debezium`: whether policies go with change events, as `lethe batch` reads them. */
import type { Problem } from '../errors.ts'
import type { Compiled } from '../policy/compile.ts'
import { quote, type TextPosition } from '../policy/problems.ts'

/** What keeps a policy from being run over change events; nothing where it has errors of its own. */
export function changeProblems(file: string, { plan, policy }: Compiled): Problem[] {
  if (plan === undefined || policy === undefined) return []
  const bad = (at: TextPosition, message: string, suggestion: string): Problem => ({
    file,
    ...at,
    code: 'bad-change',
    severity: 'error',
    message,
    suggestion,
  })
  const beside = policy.fields.filter(
    ({ path, rules }) => path.envelope !== undefined && rules.some(({ when }) => when.length > 0),
  )
  return [
    ...(policy.tags === undefined
      ? []
      : [
          bad(
            policy.tags.at,
            'rules of tags are not read of change events',
            'name the fields by their paths, in a policy without `tags:`',
          ),
        ]),
    ...beside.map(({ path, at }) =>
      bad(
        at,
        `a rule with \`when\` stands at ${quote(path.text)}: a change event may hold two rows, and it does not say which is asked`,
        'write one rule without `when`',
      ),
    ),
  ]
}
