/** What a schema of Protobuf says of paths: the types that stand there, as JSON, and the tags of what a policy keeps. */
import type { Segment } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'
import type { KeptTag } from '../avro/kept-tags.ts'
import { ANY_TYPE, JsonType, NUMBERS } from '../json/json-types.ts'
import { Leaf } from './proto-leaf.ts'
import type { ProtoField, ProtoType } from './proto-type.ts'

interface Found {
  readonly type: ProtoType
  /** The field whose value, or part of whose value, it is. */
  readonly field: ProtoField | undefined
}

/** What stands at a path of a message. */
function foundAt(found: Found, segments: readonly Segment[]): readonly Found[] {
  const [segment, ...rest] = segments
  const { type, field } = found
  if (segment === undefined || segment.kind === 'names') return [found]
  const below = (item: ProtoType | undefined): readonly Found[] =>
    item === undefined ? [] : foundAt({ type: item, field }, rest)
  switch (type.kind) {
    case 'record':
      return type.fields
        .filter(({ name }) => (segment.kind === 'name' ? segment.name === name : segment.kind !== 'element'))
        .flatMap((one) => foundAt({ type: one.type, field: one }, rest))
    case 'array':
      return segment.kind === 'element' ? below(type.item) : []
    case 'map':
      return segment.kind === 'element' ? [] : below(type.item)
    case 'union':
      return below(type)
    default:
      return []
  }
}

/** The types of the values at a path. */
export const typesAt = (type: ProtoType, segments: readonly Segment[]): readonly ProtoType[] =>
  foundAt({ type, field: undefined }, segments).map((found) => found.type)

export const hasPath = (type: ProtoType, segments: readonly Segment[]): boolean =>
  foundAt({ type, field: undefined }, segments).length > 0

/** Of the values at a path: bits of `JsonType`. */
export const protoJsonTypes = (type: ProtoType, segments: readonly Segment[]): number =>
  segments.at(-1)?.kind === 'names'
    ? JsonType.string
    : foundAt({ type, field: undefined }, segments).reduce((types, one) => types | jsonTypesOf(one.type), 0)

function jsonTypesOf({ kind, leaf, wrapped }: ProtoType): number {
  if (kind === 'union') return ANY_TYPE
  if (kind === 'array') return JsonType.array
  if (kind === 'record' || kind === 'map') return JsonType.object
  if (wrapped !== undefined) return jsonTypesOf(wrapped)
  switch (leaf) {
    case Leaf.double:
    case Leaf.float:
      return NUMBERS
    case Leaf.bool:
      return JsonType.boolean
    case Leaf.null:
      return JsonType.null
    case Leaf.enum:
      // A number that has no name is itself.
      return JsonType.string | JsonType.integer
    case Leaf.string:
    case Leaf.bytes:
    case Leaf.timestamp:
    case Leaf.duration:
      return JsonType.string
    default:
      return JsonType.integer
  }
}

/** By path of the policy, the tags (`confluent.field_meta`) of what a rule of it keeps, as it is or as part of a subtree. */
export const keptProtoTags = ({ fields }: Plan, types: readonly ProtoType[]): readonly KeptTag[] =>
  fields.flatMap(({ from, path, rulesByStep }) => {
    const actions = rulesByStep.flat().map(({ action }) => action.kind)
    if (path.isPattern || !actions.some((kind) => kind === 'keep' || kind === 'keep-subtree')) return []
    const tags = new Set<string>()
    for (const type of types)
      for (const found of foundAt({ type, field: undefined }, from.segments)) {
        for (const tag of found.field?.tags ?? []) tags.add(tag)
        if (actions.includes('keep-subtree')) gather(found.type, tags, new Set())
      }
    return tags.size === 0 ? [] : [{ path: path.text, tags: [...tags].sort() }]
  })

/** Adds the tags of all that is below a type, which may be recursive. */
function gather(type: ProtoType, tags: Set<string>, seen: Set<ProtoType>): void {
  if (seen.has(type)) return
  seen.add(type)
  if (type.item !== undefined) gather(type.item, tags, seen)
  for (const field of type.fields) {
    for (const tag of field.tags) tags.add(tag)
    gather(field.type, tags, seen)
  }
}
