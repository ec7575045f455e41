/**
 * Nodes for what only patterns lead to. A place in a record is the set of steps that patterns have taken to it; each set has
 * one node, made when a record first leads there. Names are matched once: a bounded number of them is remembered.
 */

import { NONE, Patterns, type Places, TIE } from '../policy/patterns.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { latin1 } from './byte-text.ts'
import { isDropped, makeNode, type OpenPlace, type ShapeNode } from './shape-node.ts'

/** So many names and nodes are remembered; what comes later is matched each time. */
const REMEMBERED = 4096

/** The patterns of a plan's fields, with the fields in their order; undefined where there are none. */
export function planPatterns(
  plan: Plan,
  more: readonly PlanField[] = [],
): { readonly patterns: Patterns; readonly fields: readonly PlanField[] } | undefined {
  const fields = [...plan.fields.filter(({ path }) => path.isPattern), ...more]
  if (fields.length === 0) return undefined
  const patterns = new Patterns(fields.map((field) => ({ path: field.from, drops: isDropped(field) })))
  return { patterns, fields }
}

export class OpenNodes {
  readonly patterns: Patterns
  readonly #fields: readonly PlanField[]
  readonly #nodes = new Map<string, ShapeNode>()
  /** A node of the shape without a name, which stands for all of these where one is written. */
  readonly blank: ShapeNode
  #remembered = 0

  constructor(patterns: Patterns, fields: readonly PlanField[], blank: ShapeNode) {
    this.patterns = patterns
    this.#fields = fields
    this.blank = blank
  }

  /** The field that takes the values at these places; undefined where no pattern ends. */
  fieldAt(places: Places): PlanField | undefined {
    return this.#fields[this.patterns.ending(places)]
  }

  /** The place of a node that patterns lead on from; undefined where none does. */
  openAt(places: Places): OpenPlace | undefined {
    const open = this.patterns.open(places)
    return open.length === 0 ? undefined : { places: open, names: new Map() }
  }

  /**
   * Where a member of an open node leads; undefined where no pattern matches its name.
   * @param hash of the name's bytes
   * @param name the name as a byte string
   */
  member(open: OpenPlace, hash: number, name: string): ShapeNode | undefined {
    const known = open.names.get(hash)
    if (known?.name === name) return known.node
    const node = this.#nodeAt(this.patterns.next(open.places, Buffer.from(latin1(name)).toString('utf8')))
    if (known === undefined && this.#remembered < REMEMBERED) {
      this.#remembered++
      open.names.set(hash, { name, node })
    }
    return node
  }

  #nodeAt(places: Places): ShapeNode | undefined {
    if (places.length === 0) return undefined
    const key = places.join()
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const node = makeNode('', '')
    node.id = this.blank.id
    if (this.#nodes.size < REMEMBERED) this.#nodes.set(key, node)
    const ending = this.patterns.ending(places)
    if (ending !== NONE) {
      node.ends = true
      if (ending === TIE) node.isTie = true
      else {
        const field = this.#fields[ending]!
        node.isDropped = isDropped(field)
        node.kind = node.isDropped ? 'subtree' : 'scalar'
        node.field = field.index
      }
      return node
    }
    node.kind = 'open'
    node.emitted = true
    node.open = this.openAt(places)
    node.item = this.#nodeAt(this.patterns.next(places))
    node.ends = node.item?.ends === true && node.item !== node
    return node
  }
}
