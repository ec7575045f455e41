/** Record keys have rules by path alone: what their schema tags is looked at, so that none of it is kept unsaid. */
import type { Path, Segment } from '../../policy/path.ts'
import type { Plan } from '../../policy/plan.ts'
import { SchemaFault, type SchemaText } from '../schema-text.ts'
import { TagRules } from './tag-rules.ts'
import { type TaggedType, tagInWords, UNREADABLE_TAG } from './tagged-type.ts'

/** @throws SchemaFault where the plan keeps of a key what its schema tags */
export function checkKeyTags(plan: Plan, type: TaggedType): void {
  check(plan, ({ segments }) => {
    const tags = new Set<string>()
    gather(type, segments, type.tags, tags)
    return tags
  })
}

/**
 * The same for keys of which it is not known where their schema has which tags: each part may carry all.
 * @throws SchemaFault
 */
export function checkTagsOfKey(plan: Plan, tags: ReadonlySet<string>): void {
  check(plan, () => tags)
}

function check(plan: Plan, tagsAt: (path: Path) => ReadonlySet<string>): void {
  if (plan.tags === undefined) return
  const rules = new TagRules(plan, plan.tags)
  for (const field of plan.envelope) {
    if (field.path.envelope !== 'key') continue
    const unsaid = rules.unsaid(field, rules.counted([...tagsAt(field.path)]))
    if (unsaid.length > 0)
      throw new SchemaFault(
        'tagged-without-rule',
        `\`${field.path.text}\` is kept, and carries the tag ${unsaid.map(tagInWords).join(', ')}`,
      )
  }
}

/** All tags (`confluent:tags`) anywhere in a schema that is JSON, or beside it; of another schema one that no policy has a rule for. */
export function tagsIn({ text, references, tags = [] }: SchemaText): ReadonlySet<string> {
  const found = new Set<string>(tags.flatMap(([, beside]) => beside))
  const note = (tag: unknown): void => void found.add(typeof tag === 'string' ? tag : UNREADABLE_TAG)
  for (const part of [text, ...references])
    try {
      JSON.parse(part, (name: string, value: unknown) => {
        if (name === 'confluent:tags') for (const tag of Array.isArray(value) ? value : [value]) note(tag)
        return value
      })
    } catch {
      // Of a schema that is no JSON it is not known here what it tags.
      found.add(UNREADABLE_TAG)
    }
  return found
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
