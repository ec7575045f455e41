/**
 * The shape of the records that a plan reads: a tree over its input paths, made once per plan. The JSON walker
 * descends it in step with the record; what the tree does not hold is validated and dropped.
 *
 * "Watched" values are those that a gate, a `when:` or a derived field (one with `from:`) needs from elsewhere
 * in the record. They are remembered by scope: the record, or the array element or map member they stand in.
 */
import { type Path, printSegments, type Segment } from '../policy/path.ts'
import type { Patterns, Places } from '../policy/patterns.ts'
import type { Plan, PlanField } from '../policy/plan.ts'
import { encodeBytes, latin1 } from './byte-text.ts'
import { OpenNodes, planPatterns } from './open-nodes.ts'
import { type DerivedContainer, type DerivedTree, isDropped, makeNode, type ShapeNode } from './shape-node.ts'

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
  /** What only patterns lead to; undefined where there are none. */
  readonly openNodes: OpenNodes | undefined
  /** Stands, without a name, for nodes that patterns or tags make; undefined where there are none. */
  readonly blank: ShapeNode | undefined
  /** Whether a container may stand as JSON in a text, or one value in place of an array: the kernel knows neither. */
  readonly hasForms: boolean
}

/** FNV-like hash of a name's bytes; the walker computes it while it scans. */
export function hashName(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  return hash
}

function memberLiteral(name: string): string {
  return `${encodeBytes(JSON.stringify(name))}:`
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
    if (field.path.isPattern || field.path.tag !== undefined) continue
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
    if (isDropped(field)) {
      node.isDropped = node.kind === 'unlisted' || node === root
      if (node.isDropped) node.kind = 'subtree'
    } else {
      node.kind = isSubtree(field) ? 'subtree' : 'scalar'
      node.isDropped = false
    }
    if (field.from.text === field.path.text) {
      node.field = field.index
      markEmitted(root, field.path.segments)
    } else node.derived.push(field.index)
  }
  const derived = plan.fields.filter((field) => field.from.text !== field.path.text)
  // First all scopes, so that each derived field sees which containers stand in the output.
  for (const { path } of derived) scopeOf(root, path.segments)
  for (const field of [...plan.fields, ...beside])
    for (const rules of field.rulesByStep)
      for (const rule of rules) for (const condition of rule.when) watch(condition.path)
  const subject = plan.subject === undefined ? -1 : watch(plan.subject)
  const time = plan.time === undefined ? -1 : watch(plan.time.path)
  for (const path of reads) watch(path)
  const carriers = plan.carriers.filter(({ path }) => path.envelope === undefined)
  for (const carrier of carriers) {
    const node = nodeAt(root, carrier.path.segments)
    if (node !== undefined) node.carrier = carrier
  }
  for (const { segments } of plan.either) {
    const node = nodeAt(root, segments)
    if (node !== undefined) node.isEither = true
  }
  const openNodes = openedBy(plan, root, derived)
  // What tags lead to is written there too, and a container only once.
  if (plan.tags !== undefined) for (const { path } of derived) emitAlong(root, path.segments)
  const containers: DerivedContainer[] = []
  const texts = new Set(carriers.map(({ path }) => path.text))
  for (const { path, index } of derived) addDerived(root, path.segments, index, containers, texts)
  const nodes = numbered(root)
  const blank = openNodes?.blank ?? (plan.tags && makeNode('', ''))
  if (blank !== undefined) blank.id = nodes.push(blank) - 1
  const hasForms = carriers.length > 0 || plan.either.length > 0
  return { root, nodes, containers, watches, watchOf, subject, time, openNodes, blank, hasForms }
}

/** The shape of objects of which one member is wanted, whatever it holds, and which hold nothing else than `ignored`. */
export function shapeOfMember(name: string, ignored: readonly string[]): Shape {
  const root = makeNode('', '')
  const member = reach(root, [{ kind: 'name', name }])
  member.kind = 'subtree'
  member.field = 0
  for (const other of ignored) reach(root, [{ kind: 'name', name: other }])
  const none = {
    containers: [],
    watches: [],
    watchOf: new Map(),
    openNodes: undefined,
    blank: undefined,
    hasForms: false,
  }
  return { root, nodes: numbered(root), subject: -1, time: -1, ...none }
}

/** The node of a container that listed paths lead through; undefined where none does. */
export function nodeAt(root: ShapeNode, segments: readonly Segment[]): ShapeNode | undefined {
  let node: ShapeNode | undefined = root
  for (const segment of segments) {
    if (segment.kind === 'name') node = node?.children.get(encodeBytes(segment.name))
    else node = node?.kind === (segment.kind === 'element' ? 'array' : 'map') ? node.item : undefined
  }
  return node
}

/** Lets the patterns into the tree: they lead through its containers, and take scalars that are only read. */
function openedBy(plan: Plan, root: ShapeNode, derived: readonly PlanField[]): OpenNodes | undefined {
  const own = planPatterns(plan)
  if (own === undefined) return undefined
  const nodes = new OpenNodes(own.patterns, own.fields, makeNode('', ''))
  // A derived field claims its path: else a pattern could write a member of that name beside it.
  const claimed = new Set(derived.map(({ path }) => claim(root, path.segments, own.patterns)))
  const visit = (node: ShapeNode, places: Places): void => {
    if (node.kind === 'scalar' && node.field < 0 && !claimed.has(node)) {
      node.field = nodes.fieldAt(places)?.index ?? -1
      return
    }
    if (node.kind !== 'object' && node.kind !== 'array') return
    node.open = nodes.openAt(places)
    if (node.open !== undefined) node.emitted = true
    for (const child of node.children.values())
      visit(child, own.patterns.next(places, Buffer.from(latin1(child.name)).toString('utf8')))
    if (node.item !== undefined) visit(node.item, own.patterns.next(places))
  }
  visit(root, own.patterns.start)
  return nodes
}

/** The node of an output path where patterns could write the same; undefined where none leads there. */
function claim(root: ShapeNode, segments: readonly Segment[], patterns: Patterns): ShapeNode | undefined {
  if (patterns.along(segments).length === 0) return undefined
  const leaf = reach(root, segments)
  if (leaf.kind === 'unlisted') leaf.isMember = true
  return leaf
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

/** The listed containers around a derived field are written, as far as there are any. */
function emitAlong(root: ShapeNode, segments: readonly Segment[]): void {
  let node: ShapeNode | undefined = root
  for (const segment of segments) {
    if (node === undefined || !['object', 'array', 'map'].includes(node.kind)) return
    node.emitted = true
    node = segment.kind === 'name' ? node.children.get(encodeBytes(segment.name)) : node.item
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
  texts: ReadonlySet<string>,
): void {
  let node: ShapeNode | undefined = scopeOf(root, segments)
  let tree = treeOf(node)
  const outside = scopeLength(segments)
  const names = segments.slice(outside) as { readonly kind: 'name'; readonly name: string }[]
  for (const [index, segment] of names.entries()) {
    const literal = memberLiteral(segment.name)
    const name = latin1(literal)
    if (index === names.length - 1) tree.leaves.push({ name, field })
    else {
      const child: ShapeNode | undefined = node?.children.get(encodeBytes(segment.name))
      node = child?.emitted ? child : undefined
      let entry = tree.containers.find((container) => container.literal === literal)
      if (entry === undefined) {
        const path = printSegments(segments.slice(0, outside + index + 1))
        entry = {
          id: containers.length,
          literal,
          name,
          tree: node === undefined ? { leaves: [], containers: [] } : treeOf(node),
          node,
          child: encodeBytes(segment.name),
          text: texts.has(path) ? path : undefined,
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
