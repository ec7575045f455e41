/** Texts of a record that hold JSON, opened: what is below them then has its path, as the policy names it. */
import type { Path } from '../policy/path.ts'
import type { PlanCarrier } from '../policy/plan.ts'
import { type Json, printJson, readJson } from './json-tree.ts'

type Change = (value: Json, carrier: PlanCarrier) => Json

const inValue = (carriers: readonly PlanCarrier[]): PlanCarrier[] =>
  carriers.filter(({ path }) => path.envelope === undefined)

/** The tree with what its texts hold in place of them; what holds no JSON stays as it is. */
export function openTexts(tree: Json, carriers: readonly PlanCarrier[]): Json {
  return changed(tree, inValue(carriers), (value, { read }) => {
    if (typeof value !== 'string') return value
    const text = read === undefined ? value : read(value)
    // What leaves has nothing around it.
    return readJson(typeof text === 'string' ? text : value) ?? value
  })
}

/** The tree with texts in place of the objects and arrays that stand where texts hold them. */
export const closeTexts = (tree: Json, carriers: readonly PlanCarrier[]): Json =>
  changed(tree, inValue(carriers), (value) =>
    value instanceof Map || Array.isArray(value) ? printJson(value) : value,
  )

const changed = (tree: Json, carriers: readonly PlanCarrier[], change: Change): Json =>
  carriers.reduce((value, carrier) => at(value, carrier.path, 0, (one) => change(one, carrier)), tree)

function at(value: Json, path: Path, depth: number, change: (value: Json) => Json): Json {
  const segment = path.segments[depth]
  if (segment === undefined) return change(value)
  const below = (one: Json): Json => at(one, path, depth + 1, change)
  if (segment.kind === 'element') return Array.isArray(value) ? value.map(below) : value
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
