/**
 * The shape of the records that a plan reads: a tree over its input paths, made once per plan. The JSON walker
 * descends it in step with the record; what the tree does not hold is validated and dropped.
 *
 * "Watched" values are those that a gate, a `when:` or a derived field (one with `from:`) needs from elsewhere
 * in the record. They are remembered by scope: the record, or the array element or map member they stand in.
 */
import type { Path, Segment } from '../policy/path.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { encodeBytes, latin1 } from './byte-text.ts'

export const NODE_KINDS = ['unlisted', 'scalar', 'object', 'array', 'map', 'subtree'] as const

export type NodeKind = (typeof NODE_KINDS)[number]

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
  readonly isMember: boolean
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
  /** Where the input may hold it too, and then it is written there. */
  readonly node: ShapeNode | undefined
}

export interface Watch {
  readonly path: Path
  /** How many scopes deep the value stands: 0 in the record itself, 1 in an element of one array … */
  readonly depth: number
}

export interface Shape {
  readonly root: ShapeNode
  readonly nodes: readonly ShapeNode[]
  readonly containers: readonly DerivedContainer[]
  readonly watches: readonly Watch[]
  /** Watch of a path's text, for conditions. */
  readonly watchOf: ReadonlyMap<string, number>
  readonly subject: number
  readonly time: number
}

/** FNV-like hash of a name's bytes; the walker computes it while it scans. */
export function hashName(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  return hash
}

export function memberLiteral(name: string): string {
  return `${encodeBytes(JSON.stringify(name))}:`
}

function makeNode(name: string, literal: string, isMember = false): ShapeNode {
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
  }
}

/** A node for everything that is not listed: validated, never written. */
export const UNLISTED: ShapeNode = makeNode('', '')

/** The same for a member of a listed object, which is counted. */
export const UNLISTED_MEMBER: ShapeNode = makeNode('', '', true)

const depthOf = (segments: readonly Segment[]): number =>
  segments.filter((segment) => segment.kind === 'element' || segment.kind === 'member').length

function childOf(node: ShapeNode, segment: Segment): ShapeNode {
  if (segment.kind === 'names') throw new Error('the names of a map are not a child')
  if (segment.kind === 'name') {
    node.kind = node.kind === 'map' ? 'map' : 'object'
    const name = encodeBytes(segment.name)
    let child = node.children.get(name)
    if (child === undefined) {
      child = makeNode(name, memberLiteral(segment.name))
      child.path = node.path === '' ? segment.name : `${node.path}.${segment.name}`
      node.children.set(name, child)
      // Two names of one hash: the walker compares the bytes, and falls back to `children`.
      const hash = hashName(name)
      if (!node.byHash.has(hash)) node.byHash.set(hash, child)
    }
    return child
  }
  node.kind = segment.kind === 'element' ? 'array' : 'map'
  if (node.item === undefined) {
    node.item = makeNode('', '')
    node.item.path = `${node.path}${segment.kind === 'element' ? '[]' : '.*'}`
  }
  return node.item
}

function reach(root: ShapeNode, segments: readonly Segment[]): ShapeNode {
  return segments.reduce(childOf, root)
}

function isDropped(field: PlanField): boolean {
  return field.rulesByStep[0]!.every((rule) => rule.action.kind === 'drop')
}

function isSubtree(field: PlanField): boolean {
  return field.rulesByStep[0]!.some((rule) => rule.action.kind === 'keep-subtree')
}

/**
 * Builds the tree. The policy room has made sure that no path contradicts another. `beside`: what is rewritten beside the
 * value, whose conditions read the value too. `reads`: paths of scalars that gates read.
 */
export function shapeOf(plan: Plan, beside: readonly PlanField[] = [], reads: readonly Path[] = []): Shape {
  const root = makeNode('', '')
  root.kind = 'object'
  root.emitted = true
  const watches: Watch[] = []
  const watchOf = new Map<string, number>()

  const watch = (path: Path): number => {
    const known = watchOf.get(path.text)
    if (known !== undefined) return known
    const index = watches.length
    watches.push({ path, depth: depthOf(path.segments) })
    watchOf.set(path.text, index)
    const node = reach(root, path.segments)
    node.kind = 'scalar'
    node.watches.push(index)
    return index
  }

  for (const field of plan.fields) {
    const last = field.from.segments.at(-1)
    if (last?.kind === 'names') {
      const map = reach(root, field.from.segments.slice(0, -1))
      map.kind = 'map'
      map.namesField = field.index
      continue
    }
    const node = reach(root, field.from.segments)
    // A dropped value may be a container too, unless another field or a condition reads it as a scalar.
    // The root is a field of its own only where the record is a key.
    if (isDropped(field)) node.kind = node.kind === 'unlisted' || node === root ? 'subtree' : node.kind
    else node.kind = isSubtree(field) ? 'subtree' : 'scalar'
    if (field.from.text === field.path.text) {
      node.field = field.index
      markEmitted(root, field.path.segments)
    } else node.derived.push(field.index)
  }
  const derived = plan.fields.filter((field) => field.from.text !== field.path.text)
  // First all scopes, so that each derived field sees which containers stand in the output.
  for (const { path } of derived) scopeOf(root, path.segments)
  const containers: DerivedContainer[] = []
  for (const { path, index } of derived) addDerived(root, path.segments, index, containers)
  for (const field of [...plan.fields, ...beside])
    for (const rules of field.rulesByStep)
      for (const rule of rules) for (const condition of rule.when) watch(condition.path)
  const subject = plan.subject === undefined ? -1 : watch(plan.subject)
  const time = plan.time === undefined ? -1 : watch(plan.time.path)
  for (const path of reads) watch(path)
  return { root, nodes: numbered(root), containers, watches, watchOf, subject, time }
}

function numbered(root: ShapeNode): ShapeNode[] {
  const nodes: ShapeNode[] = []
  const visit = (node: ShapeNode): void => {
    node.id = nodes.push(node) - 1
    for (const child of node.children.values()) visit(child)
    if (node.item !== undefined) visit(node.item)
  }
  visit(root)
  return nodes
}

function markEmitted(root: ShapeNode, segments: readonly Segment[]): void {
  let node = root
  for (const segment of segments) {
    node.emitted = true
    node = childOf(node, segment)
  }
}

const scopeLength = (segments: readonly Segment[]): number =>
  segments.findLastIndex((segment) => segment.kind !== 'name') + 1

/** The innermost element, member or record that a derived field stands in; it and what is around it are written. */
function scopeOf(root: ShapeNode, segments: readonly Segment[]): ShapeNode {
  let node = root
  for (const segment of segments.slice(0, scopeLength(segments))) {
    node.emitted = true
    node = childOf(node, segment)
  }
  node.emitted = true
  if (node.kind === 'unlisted') node.kind = 'object'
  return node
}

/** Hangs a derived field under its innermost scope, along the containers that its path names. */
function addDerived(
  root: ShapeNode,
  segments: readonly Segment[],
  field: number,
  containers: DerivedContainer[],
): void {
  let node: ShapeNode | undefined = scopeOf(root, segments)
  let tree = treeOf(node)
  const names = segments.slice(scopeLength(segments)) as { readonly kind: 'name'; readonly name: string }[]
  for (const [index, segment] of names.entries()) {
    const literal = memberLiteral(segment.name)
    const name = latin1(literal)
    if (index === names.length - 1) tree.leaves.push({ name, field })
    else {
      const child: ShapeNode | undefined = node?.children.get(encodeBytes(segment.name))
      node = child?.emitted ? child : undefined
      let entry = tree.containers.find((container) => container.literal === literal)
      if (entry === undefined) {
        entry = {
          id: containers.length,
          literal,
          name,
          tree: node === undefined ? { leaves: [], containers: [] } : treeOf(node),
          node,
        }
        tree.containers.push(entry)
        containers.push(entry)
      }
      tree = entry.tree
    }
  }
}

function treeOf(node: ShapeNode): DerivedTree {
  node.tree ??= { leaves: [], containers: [] }
  return node.tree
}
