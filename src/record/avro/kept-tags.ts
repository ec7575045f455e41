/** Fields that a registry tags, and that a policy lets leave as they are. */
import type { Segment } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'
import type { AvroType } from './avro-schema.ts'

export interface KeptTag {
  /** The path of the policy that keeps it. */
  readonly path: string
  readonly tags: readonly string[]
}

/** By path of the policy, the tags (`confluent:tags`) of what a rule of it keeps, as it is or as part of a subtree. */
export function keptTags({ fields }: Plan, type: AvroType): readonly KeptTag[] {
  return fields.flatMap(({ from, path, rulesByStep }) => {
    const actions = rulesByStep.flat().map(({ action }) => action.kind)
    const isKept = actions.some((kind) => kind === 'keep' || kind === 'keep-subtree')
    if (path.isPattern || path.tag !== undefined || !isKept) return []
    const tags = new Set<string>()
    for (const found of fieldsAt(type, from.segments, type.tags)) {
      for (const tag of found.tags) tags.add(tag)
      if (actions.includes('keep-subtree')) gather(found.type, tags, new Set())
    }
    return tags.size === 0 ? [] : [{ path: path.text, tags: [...tags].sort() }]
  })
}

interface Found {
  readonly type: AvroType
  /** Of the field and of the types that it has. */
  readonly tags: readonly string[]
}

function fieldsAt(type: AvroType, segments: readonly Segment[], tags: readonly string[]): readonly Found[] {
  if (type.kind === 'union')
    return type.branches.flatMap((branch) => fieldsAt(branch, segments, [...tags, ...branch.tags]))
  const [segment, ...rest] = segments
  if (segment === undefined) return [{ type, tags }]
  if (segment.kind === 'names' || segment.kind === 'tag') return []
  const ofItem = (): readonly Found[] => fieldsAt(type.item!, rest, [...tags, ...type.item!.tags])
  if (segment.kind === 'element') return type.kind === 'array' ? ofItem() : []
  if (type.kind === 'map') return ofItem()
  return type.fields
    .filter(({ name }) => segment.kind !== 'name' || segment.name === name)
    .flatMap((one) => fieldsAt(one.type, rest, [...one.tags, ...one.type.tags]))
}

/** Adds the tags of all that is below a type, which may be recursive. */
function gather(type: AvroType, tags: Set<string>, seen: Set<AvroType>): void {
  if (seen.has(type)) return
  seen.add(type)
  const enter = (below: AvroType, own: readonly string[]): void => {
    for (const tag of [...own, ...below.tags]) tags.add(tag)
    gather(below, tags, seen)
  }
  for (const branch of type.branches) enter(branch, [])
  if (type.item !== undefined) enter(type.item, [])
  for (const field of type.fields) enter(field.type, field.tags)
}
