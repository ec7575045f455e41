/** A place of the tree that records are scanned by, and what is derived there. */
import type { RecordCode } from '../errors.ts'
import type { Places } from '../policy/patterns.ts'
import type { PlanCarrier, PlanField } from '../policy/plan.ts'

export const NODE_KINDS = ['unlisted', 'scalar', 'object', 'array', 'map', 'subtree'] as const

/**
 * `open`: only patterns or tags lead here, and on from here: object, array or neither. `forms`: what it is depends on what stands
 * there. The kernel knows no such nodes.
 */
export type NodeKind = (typeof NODE_KINDS)[number] | 'open' | 'forms'

export interface ShapeNode {
  /** Position in `Shape.nodes`. */
  id: number
  kind: NodeKind
  /** Members by name (byte strings). */
  readonly children: Map<string, ShapeNode>
  /** The same by hash of the name's bytes, for the walker. */
  readonly byHash: Map<number, ShapeNode>
  /** Element of an array, or member of a map. */
  item: ShapeNode | undefined
  /** Path of this place, for people. */
  path: string
  /** Name as a byte string, and `"name":` as it is written. */
  readonly name: string
  readonly literal: string
  /** Field whose result stands here in the output; -1: none, the value is only read. */
  field: number
  /** Field that rules the names of this map; -1 where this is no map. */
  namesField: number
  /** Fields written elsewhere that take this value. */
  readonly derived: number[]
  /** Watches that remember this value. */
  readonly watches: number[]
  /** Whether this container stands in the output. */
  emitted: boolean
  /** Derived fields to write when this container ends. */
  tree: DerivedTree | undefined
  /** The walker's: the last object in which this member was met, to see duplicates. */
  lastSeen: number
  /** Whether it is a member of a listed object: unlisted ones of those are counted. */
  isMember: boolean
  /** Where patterns go on from this container; undefined where none does. */
  open: OpenPlace | undefined
  /** Of what only patterns lead to: a pattern ends here, or at the elements of an array here. */
  ends: boolean
  /** Patterns that nothing ranks end here. */
  isTie: boolean
  /** Of a container that stands as JSON in a text: how that is read. */
  carrier: PlanCarrier | undefined
  /** Of an array: one element may stand in its place. */
  isEither: boolean
  /** Of a subtree: nothing of it is written, whatever stands there. */
  isDropped: boolean
  /** Where what stands there decides: the node of each. */
  forms: NodeForms | undefined
}

export interface NodeForms {
  readonly scalar: ShapeNode
  readonly object: ShapeNode
  readonly array: ShapeNode
}

/** Output members that have no counterpart in the input, written after those that have. */
export interface DerivedTree {
  readonly leaves: { readonly name: Uint8Array; readonly field: number }[]
  readonly containers: DerivedContainer[]
}

export interface DerivedContainer {
  /** Position in `Shape.containers`. */
  readonly id: number
  /** `\"name\":` */
  readonly literal: string
  readonly name: Uint8Array
  readonly tree: DerivedTree
  /** Where the input may hold it too, and then it is written there; its name, as a byte string. */
  readonly node: ShapeNode | undefined
  readonly child: string
  /** Path of the carrier that it is: it is written as JSON in a text. */
  readonly text: string | undefined
}

interface Remembered {
  /** A byte string. */
  readonly name: string
  readonly node: ShapeNode | undefined
}

export interface OpenPlace {
  /** Where patterns go on from. */
  readonly places: Places
  /** Names that were matched here, by their hash. */
  readonly names: Map<number, Remembered>
  /**
   * Where the tags of a schema count beside patterns: where a member leads, by the hash and bytes of its name; or why the record
   * cannot leave.
   */
  readonly byTags?: ((hash: number, name: string) => ShapeNode | RecordCode | undefined) | undefined
}

export function makeNode(name: string, literal: string, isMember = false): ShapeNode {
  return {
    id: -1,
    path: '',
    kind: 'unlisted',
    children: new Map(),
    byHash: new Map(),
    item: undefined,
    name,
    literal,
    field: -1,
    namesField: -1,
    derived: [],
    watches: [],
    emitted: false,
    tree: undefined,
    lastSeen: 0,
    isMember,
    open: undefined,
    ends: false,
    isTie: false,
    carrier: undefined,
    isEither: false,
    isDropped: false,
    forms: undefined,
  }
}

/** Whether the field takes containers too, since all its values are dropped from the first on. */
export function isDropped(field: PlanField): boolean {
  return field.rulesByStep[0]!.every((rule) => rule.action.kind === 'drop')
}
