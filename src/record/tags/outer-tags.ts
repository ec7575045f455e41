/**
 * Tags that a registry keeps beside a schema, by patterns of full names of fields: `com.example.Order.email`, `**.email`. As in
 * the data contracts of Confluent Schema Registry, `**` stands for anything, `*` for anything but dots, `?` for one character.
 */

import { type OuterTags, SchemaFault } from '../schema-text.ts'

/** Characters of names times those of patterns that are compared for one schema. */
const MOST_COMPARED = 1 << 26

/** How far a name stands for each pattern: by pattern, 1 where the parts of it before are behind. */
export type OuterState = readonly Uint8Array[]

interface Known {
  /** `**`, `*`, `?`, or a character. */
  readonly parts: readonly string[]
  readonly tags: readonly string[]
}

export class OuterTagsOf {
  readonly #patterns: readonly Known[]
  #compared = 0
  /** Before a name. */
  readonly start: OuterState
  /** Where no name is. */
  readonly nowhere: OuterState

  constructor(outer: OuterTags) {
    this.#patterns = outer.map(([pattern, tags]) => ({ parts: pattern.match(/\*\*+|./gs) ?? [], tags }))
    this.nowhere = this.#patterns.map(({ parts }) => new Uint8Array(parts.length + 1))
    this.start = this.#patterns.map(({ parts }) => {
      const state = new Uint8Array(parts.length + 1)
      state[0] = 1
      return passed(state, parts)
    })
  }

  /** Behind more of a name. @throws SchemaFault where names and patterns are too long to be compared */
  after(state: OuterState, text: string): OuterState {
    return this.#patterns.map(({ parts }, at) => {
      this.#compared += (text.length + 1) * (parts.length + 1)
      if (this.#compared > MOST_COMPARED)
        throw new SchemaFault('schema-too-large', 'its names, and the patterns that tag them, are too long')
      let reached = state[at]!
      for (const character of text) reached = next(reached, parts, character)
      return reached
    })
  }

  /** Where both names are. */
  both(one: OuterState, other: OuterState): OuterState {
    return one.map((state, at) => state.map((reached, part) => reached | other[at]![part]!))
  }

  /** The tags of what has the name so far. */
  tagsAt(state: OuterState): readonly string[] {
    return this.#patterns.flatMap(({ parts, tags }, at) => (state[at]![parts.length] === 1 ? tags : []))
  }

  /** The same for states that are the same. */
  keyOf(state: OuterState): string {
    return state.map((one) => one.join('')).join(' ')
  }

  /** Those of a field or type, by its full name. @throws SchemaFault as `after` */
  of(name: string): readonly string[] {
    return this.#patterns.length === 0 ? [] : this.tagsAt(this.after(this.start, name))
  }
}

/** Stars stand for nothing, too. */
function passed(state: Uint8Array, parts: readonly string[]): Uint8Array {
  for (let at = 0; at < parts.length; at++)
    if (state[at] === 1 && parts[at]!.startsWith('*')) state[at + 1] = 1
  return state
}

function next(state: Uint8Array, parts: readonly string[], character: string): Uint8Array {
  const after = new Uint8Array(state.length)
  for (let at = 0; at < parts.length; at++) {
    if (state[at] !== 1) continue
    const part = parts[at]!
    if (part.startsWith('**') || (part === '*' && character !== '.')) after[at] = 1
    else if (part === '?' || part === character) after[at + 1] = 1
  }
  return passed(after, parts)
}
