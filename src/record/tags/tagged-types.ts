/** Which types of a schema hold something that carries a tag: they may be recursive, so that it is found backwards. */
import { NO_RULE, type TagRules } from './tag-rules.ts'
import type { TaggedType } from './tagged-type.ts'

export class TaggedTypes {
  /** Something inside has a rule of its own, or several, and no map is around it. */
  readonly #leading = new Set<TaggedType>()
  /** Something inside carries a tag that counts. */
  readonly #tagged = new Set<TaggedType>()

  constructor(root: TaggedType, rules: TagRules) {
    const around = new Map<TaggedType, TaggedType[]>()
    const found: { readonly of: TaggedType; readonly leads: boolean }[] = []
    const open = [root]
    const enter = (of: TaggedType, type: TaggedType, tags: readonly string[]): void => {
      const outer = around.get(type)
      if (outer === undefined) {
        around.set(type, [of])
        open.push(type)
      } else outer.push(of)
      const own = rules.counted([...tags, ...type.tags])
      if (own.length > 0) found.push({ of, leads: rules.ruleOf(own) !== NO_RULE })
    }
    for (let type = open.pop(); type !== undefined; type = open.pop()) {
      for (const field of type.fields) enter(type, field.type, field.tags)
      for (const branch of type.branches) enter(type, branch, [])
      if (type.item !== undefined) enter(type, type.item, [])
    }
    const spread = (
      from: readonly TaggedType[],
      into: Set<TaggedType>,
      passes: (type: TaggedType) => boolean,
    ) => {
      const next = from.filter(passes)
      for (let type = next.pop(); type !== undefined; type = next.pop()) {
        if (into.has(type)) continue
        into.add(type)
        next.push(...(around.get(type) ?? []).filter(passes))
      }
    }
    spread(
      found.map(({ of }) => of),
      this.#tagged,
      () => true,
    )
    spread(
      found.filter(({ leads }) => leads).map(({ of }) => of),
      this.#leading,
      ({ kind }) => kind !== 'map',
    )
  }

  leads(type: TaggedType): boolean {
    return this.#leading.has(type)
  }

  isTagged(type: TaggedType): boolean {
    return this.#tagged.has(type)
  }
}
