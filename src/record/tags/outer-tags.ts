/**
 * Tags that a registry keeps beside a schema, by patterns of full names of fields: `com.example.Order.email`, `**.email`. As in
 * the data contracts of Confluent Schema Registry, `**` stands for anything, `*` for anything but dots, `?` for one character.
 */

import { type OuterTags, SchemaFault } from '../schema-text.ts'

/** Characters of names times those of patterns that are compared for one schema. */
const MOST_COMPARED = 1 << 26

export class OuterTagsOf {
  readonly #patterns: readonly {
    readonly matches: (name: string) => boolean
    readonly length: number
    readonly tags: readonly string[]
  }[]
  #compared = 0

  constructor(outer: OuterTags) {
    this.#patterns = outer.map(([pattern, tags]) => ({
      matches: (name) => isLike(name, pattern),
      length: pattern.length,
      tags,
    }))
  }

  /** Those of a field or type, by its full name. @throws SchemaFault where names and patterns are too long to be compared */
  of(name: string): readonly string[] {
    return this.#patterns.flatMap(({ matches, length, tags }) => {
      this.#compared += (name.length + 1) * (length + 1)
      if (this.#compared > MOST_COMPARED)
        throw new SchemaFault('schema-too-large', 'its names, and the patterns that tag them, are too long')
      return matches(name) ? tags : []
    })
  }
}

/** Whether a name is one that the pattern stands for; the time is bounded by the product of their lengths. */
export function isLike(name: string, pattern: string): boolean {
  const tokens = pattern.match(/\*\*+|./gs) ?? []
  // By how much of the name is behind: whether the tokens so far stand for it.
  let reached = new Uint8Array(name.length + 1)
  reached[0] = 1
  for (const token of tokens) {
    const next = new Uint8Array(name.length + 1)
    for (let at = 0; at <= name.length; at++) {
      const before = at > 0 && next[at - 1] === 1
      if (token.startsWith('**')) next[at] = reached[at] === 1 || before ? 1 : 0
      else if (token === '*') next[at] = reached[at] === 1 || (before && name[at - 1] !== '.') ? 1 : 0
      else if (at > 0 && reached[at - 1] === 1) next[at] = token === '?' || token === name[at - 1] ? 1 : 0
    }
    reached = next
  }
  return reached[name.length] === 1
}
