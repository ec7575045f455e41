/** Texts of a record that hold JSON, opened: what is below them then has its path, as the policy names it. */
import { type Path, printSegments } from '../policy/path.ts'
import type { Plan, PlanCarrier } from '../policy/plan.ts'
import { type Json, printJson, readJson } from './json-tree.ts'

/** Which texts hold JSON, and in place of which arrays one value may stand. */
export type RecordForms = Pick<Plan, 'carriers' | 'either'>

type Change = (value: Json, carrier: PlanCarrier) => Json

const inValue = (carriers: readonly PlanCarrier[]): PlanCarrier[] =>
  carriers.filter(({ path }) => path.envelope === undefined)

/** The tree with what its texts hold in place of them; what holds no JSON stays as it is. */
export function openTexts(tree: Json, forms: RecordForms): Json {
  return changed(tree, forms, (value, { read }) => {
    if (typeof value !== 'string') return value
    const text = read === undefined ? value : read(value)
    // What leaves has nothing around it.
    return readJson(typeof text === 'string' ? text : value) ?? value
  })
}

/** The tree with texts in place of the objects and arrays that stand where texts hold them. */
export const closeTexts = (tree: Json, forms: RecordForms): Json =>
  changed(tree, forms, (value) => (value instanceof Map || Array.isArray(value) ? printJson(value) : value))

function changed(tree: Json, { carriers, either }: RecordForms, change: Change): Json {
  const arrays = new Set(either.map(({ text }) => text))
  return inValue(carriers).reduce(
    (value, carrier) => at(value, carrier.path, 0, arrays, (one) => change(one, carrier)),
    tree,
  )
}

/** `either`: paths of arrays in whose place one value may stand. */
function at(
  value: Json,
  path: Path,
  depth: number,
  either: ReadonlySet<string>,
  change: (value: Json) => Json,
): Json {
  const segment = path.segments[depth]
  if (segment === undefined) return change(value)
  const below = (one: Json): Json => at(one, path, depth + 1, either, change)
  if (segment.kind === 'element') {
    if (Array.isArray(value)) return value.map(below)
    return either.has(printSegments(path.segments.slice(0, depth))) ? below(value) : value
  }
  if (!(value instanceof Map)) return value
  return new Map(
    [...(value as ReadonlyMap<string, Json>)].map(([name, member]) => [
      name,
      segment.kind === 'member' || (segment.kind === 'name' && segment.name === name)
        ? below(member)
        : member,
    ]),
  )
}
