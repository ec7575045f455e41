/** What the names around a field say of its values, where the policy itself does not say it. */
import { isTooGeneral } from '../identify/categories.ts'
import { categoryOf, type Suspicion } from '../identify/category-of.ts'
import type { Path } from './path.ts'
import type { PolicyField } from './policy.ts'

export interface Suspected extends Suspicion {
  /** The text that says so: a path, or the header of a column. */
  readonly by: string
}

/** What the name at the end of `path` speaks of, sure or not. */
export function suspicionOf(path: Path): Suspicion | undefined {
  const names = path.segments.flatMap((segment) => (segment.kind === 'name' ? [segment.name] : []))
  const last = path.segments.at(-1)?.kind
  return categoryOf(names, last === 'names' ? 'names' : last === 'member' ? 'members' : 'value')
}

/** Whether a field says what its values are: by a category that is no mere `user`, or by the very role that its name suggests. */
function decides({ category, role }: PolicyField, suspicion: Suspicion): boolean {
  return (category !== undefined && !isTooGeneral(category)) || role === suspicion.role
}

/**
 * By input path: what its names speak of, where none of the fields that it feeds decides. The names are those of the
 * input, of its outputs, and of the columns that stand for it (`columns`: header text to input path).
 */
export function suspectedInputs(
  fields: readonly PolicyField[],
  columns: ReadonlyMap<string, string>,
): ReadonlyMap<string, Suspected> {
  const suspected = new Map<string, Suspected>()
  const fedBy = new Map<string, PolicyField[]>()
  for (const field of fields) fedBy.set(field.from.text, [...(fedBy.get(field.from.text) ?? []), field])
  for (const [input, fed] of fedBy) {
    const names = [
      ...new Map(fed.flatMap(({ from, path }) => [from, path]).map((path) => [path.text, path])).values(),
    ]
    const headers = [...columns].flatMap(([header, path]) => (path === input ? [header] : []))
    const said = [
      ...names.map((path) => ({ by: path.text, suspicion: suspicionOf(path) })),
      ...headers.map((header) => ({ by: header, suspicion: categoryOf(header.split('.')) })),
    ]
    for (const { by, suspicion } of said) {
      if (suspicion?.certain !== true || fed.some((field) => decides(field, suspicion))) continue
      suspected.set(input, { ...suspicion, by })
      break
    }
  }
  return suspected
}
