/** Columns that a policy names and a file lacks: a renamed column would be dropped without a word. */
import { LetheError } from '../../errors.ts'
import { type Path, parsePath } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'
import { leadsThrough } from '../../policy/read-forms.ts'

/**
 * Input paths that a column of a file can be, that the plan does something with, and that no column is; in the plan's order.
 * @param watched the paths that conditions, gates, subject and event time read
 * @param taken the paths that columns are
 */
export function missingPaths(
  plan: Plan,
  watched: Iterable<string>,
  taken: { has(path: string): boolean },
): string[] {
  const ofFields = plan.fields
    .filter(
      ({ from, rulesByStep }) =>
        (from.segments.every((segment) => segment.kind === 'name') ||
          plan.carriers.some(({ path }) => isColumn(path) && leadsThrough(from, path))) &&
        rulesByStep.some((rules) => rules.some((rule) => rule.action.kind !== 'drop')),
    )
    .map(({ from }) => from.text)
  const columnOf = (path: string): string =>
    plan.carriers.find((carrier) => leadsThrough(parsePath(path), carrier.path))?.path.text ?? path
  return [...new Set([...ofFields, ...watched].map(columnOf))].filter(
    (path) => !plan.optional.has(path) && !taken.has(path),
  )
}

const isColumn = ({ segments }: Path): boolean => segments.every((segment) => segment.kind === 'name')

/** As names are compared that differ in writing alone: `E-Mail`, `e_mail` and `email` are one. */
const folded = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/**
 * @throws LetheError that names what is missing. Of the header only names are shown that a path of the policy already
 * tells.
 */
export function refuseMissing(
  plan: Plan,
  header: readonly string[],
  { missing, unlisted }: { readonly missing: readonly string[]; readonly unlisted: readonly number[] },
  input: string,
): void {
  if (missing.length === 0) return
  const headerOf = new Map([...plan.columns].map(([name, path]) => [path, name]))
  const written = new Map(unlisted.map((index) => [folded(header[index]!), index]))
  const said = missing.map((path) => {
    const name = headerOf.get(path)
    const index = written.get(folded(name ?? path))
    const like = index === undefined ? '' : ` (did you mean column ${index + 1}, "${header[index]}"?)`
    return `${path}${name === undefined ? '' : ` (column "${name}")`}${like}`
  })
  throw new LetheError(
    'columns-mismatch',
    `${input}: the header lacks ${missing.length === 1 ? 'a column' : `${missing.length} columns`} that the policy names: ${said.join(', ')}`,
    `where a column has another name, say so in \`columns:\` of the policy; where files may lack it, in \`optional: [${missing.join(', ')}]\``,
  )
}
