/** Record keys have rules by path alone: what their schema tags is looked at, so that none of it is kept unsaid. */
import type { Segment } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'
import { SchemaFault } from '../schema-text.ts'
import { TagRules } from './tag-rules.ts'
import { type TaggedType, tagInWords } from './tagged-type.ts'

/** @throws SchemaFault where the plan keeps of a key what its schema tags */
export function checkKeyTags(plan: Plan, type: TaggedType): void {
  if (plan.tags === undefined) return
  const rules = new TagRules(plan, plan.tags)
  for (const field of plan.envelope) {
    if (field.path.envelope !== 'key') continue
    const tags = new Set<string>()
    gather(type, field.path.segments, type.tags, tags)
    const unsaid = rules.unsaid(field, rules.counted([...tags]))
    if (unsaid.length > 0)
      throw new SchemaFault(
        'tagged-without-rule',
        `\`${field.path.text}\` is kept, and carries the tag ${unsaid.map(tagInWords).join(', ')}`,
      )
  }
}

/** Adds the tags around, at and below a path; a path leads through maps and unions. */
function gather(
  type: TaggedType,
  segments: readonly Segment[],
  around: readonly string[],
  into: Set<string>,
): void {
  const seen = new Map<TaggedType, Set<number>>()
  const visit = (at: TaggedType, depth: number, tags: readonly string[]): void => {
    const depths = seen.get(at) ?? new Set()
    seen.set(at, depths)
    if (depth === segments.length) for (const tag of tags) into.add(tag)
    if (depths.has(depth)) return
    depths.add(depth)
    const segment = segments[depth]
    const next = Math.min(segments.length, depth + 1)
    for (const branch of at.branches) visit(branch, depth, [...tags, ...branch.tags])
    if (at.item !== undefined) visit(at.item, next, [...tags, ...at.item.tags])
    for (const field of at.fields)
      if (segment === undefined || (segment.kind === 'name' && segment.name === field.name))
        visit(field.type, next, [...tags, ...field.tags, ...field.type.tags])
  }
  visit(type, 0, around)
}
