/** What the names around a field suggest about its values, where the policy does not state it. */
import { isTooGeneral } from '../identify/categories.ts'
import { categoryOf } from '../identify/category-of.ts'
import type { Suspicion } from '../identify/suspicion.ts'
import type { Path } from './path.ts'
import type { PolicyField } from './policy.ts'

export interface Suspected extends Suspicion {
  /** The text that says so: a path, or the header of a column. */
  readonly by: string
}

/** What the name at the end of `path` speaks of, sure or not. */
export function suspicionOf(path: Path): Suspicion | undefined {
  const names = path.segments.flatMap((segment) =>
    segment.kind === 'name' ? [segment.name] : segment.kind === 'like' ? [segment.pieces.join('_')] : [],
  )
  const last = path.segments.at(-1)?.kind
  return categoryOf(names, last === 'names' ? 'names' : last === 'member' ? 'members' : 'value')
}

const saysCategory = ({ category }: PolicyField): boolean => category !== undefined && !isTooGeneral(category)

/** What names speak of, by input path. */
export interface SuspectedInputs {
  get(input: string): Suspected | undefined
}

/**
 * By input path: what its names speak of, where none of the fields that it feeds says what its values are: by a category
 * that is no mere `user`, or by the very role that the name suggests. The names are those of the input, of its outputs,
 * and of the columns that stand for it (`columns`: header text to input path). A name is looked up when its input is
 * asked for: every start compiles a policy, and most rules leave nothing that a name could speak of.
 */
export function suspectedInputs(
  fields: readonly PolicyField[],
  columns: ReadonlyMap<string, string>,
): SuspectedInputs {
  const asked = new Map<string, Suspected | undefined>()
  const fedBy = new Map<string, PolicyField[]>()
  for (const field of fields) {
    const fed = fedBy.get(field.from.text)
    if (fed === undefined) fedBy.set(field.from.text, [field])
    else fed.push(field)
  }
  return {
    get(input) {
      if (!asked.has(input)) asked.set(input, suspectedOf(input, fedBy.get(input) ?? [], columns))
      return asked.get(input)
    },
  }
}

function suspectedOf(
  input: string,
  fed: readonly PolicyField[],
  columns: ReadonlyMap<string, string>,
): Suspected | undefined {
  if (fed.some(saysCategory)) return undefined
  const names = new Map(fed.flatMap(({ from, path }) => [from, path]).map((path) => [path.text, path]))
  const headers = [...columns].flatMap(([header, path]) => (path === input ? [header] : []))
  const said = [
    ...[...names.values()].map((path) => ({ by: path.text, suspicion: suspicionOf(path) })),
    ...headers.map((header) => ({ by: header, suspicion: categoryOf(header.split('.')) })),
  ]
  for (const { by, suspicion } of said)
    if (suspicion?.certain === true && !fed.some(({ role }) => role === suspicion.role))
      return { ...suspicion, by }
  return undefined
}
