/** Which columns of a Parquet file a plan reads, and how a row is written: the schema joined to the shape of the records. */
import type { Segment } from '../../policy/path.ts'
import { encodeBytes } from '../../record/byte-text.ts'
import { hashName, type Shape } from '../../record/shape.ts'
import type { ShapeNode } from '../../record/shape-node.ts'
import type { ParquetNode } from './parquet-schema.ts'

/**
 * A value of a row. `told`: nothing of it is read but whether it is there, and `text` stands for it: what is dropped, and what
 * is another kind of value than the policy names, which makes its record a dead letter.
 */
export interface Selected {
  readonly node: ParquetNode
  readonly kind: ParquetNode['kind'] | 'told'
  readonly text: string
  readonly children: readonly Selected[]
}

export interface ColumnSelection {
  readonly root: Selected
  /** Paths of what no rule names, and its first column, from 0. */
  readonly unlisted: readonly { readonly path: string; readonly column: number }[]
  /** The leaves that a field takes: names and elements from the record down to each. */
  readonly taken: readonly TakenLeaf[]
}

export interface TakenLeaf {
  readonly segments: readonly Segment[]
  /** Of the plan, from 0. */
  readonly field: number
  readonly node: ParquetNode
}

/** All that is below. */
export const whole = (node: ParquetNode): Selected => ({
  node,
  kind: node.kind,
  text: '',
  children: node.children.map(whole),
})

const told = (node: ParquetNode, text: string): Selected => ({ node, kind: 'told', text, children: [] })

/** What a container is where the policy names something else: enough for the walker to say so. */
const other = (node: ParquetNode): Selected => told(node, node.kind === 'list' ? '[]' : '{}')

/** Joins the schema of a file to the shape of the records that a plan reads. */
export function select(root: ParquetNode, shape: Shape): ColumnSelection {
  const unlisted: { path: string; column: number }[] = []
  const taken: TakenLeaf[] = []

  const memberOf = (at: ShapeNode, name: string): ShapeNode | undefined => {
    const bytes = encodeBytes(name)
    const listed = at.children.get(bytes)
    if (listed !== undefined || at.open === undefined) return listed
    return shape.openNodes!.member(at.open, hashName(bytes), bytes)
  }

  const members = (
    node: ParquetNode,
    at: ShapeNode,
    path: string,
    segments: readonly Segment[],
  ): Selected => {
    const children: Selected[] = []
    for (const child of node.children) {
      const place = path === '' ? child.name : `${path}.${child.name}`
      const member = at.kind === 'map' ? at.item : memberOf(at, child.name)
      if (member === undefined || member.kind === 'unlisted')
        unlisted.push({ path: place, column: child.columns[0] })
      else children.push(value(child, member, place, [...segments, { kind: 'name', name: child.name }]))
    }
    // Whether it is there shows in any of its columns.
    if (children.length === 0 && node !== root) return told(node, '{}')
    return { node, kind: 'struct', text: '', children }
  }

  const value = (node: ParquetNode, at: ShapeNode, path: string, segments: readonly Segment[]): Selected => {
    const { kind } = node
    if (kind === 'leaf' && at.field >= 0) taken.push({ segments, field: at.field, node })
    if (at.kind === 'subtree') return at.isDropped ? told(node, '0') : whole(node)
    if (kind === 'leaf') return whole(node)
    if (kind === 'struct')
      return at.kind === 'object' || at.kind === 'map' || at.kind === 'open'
        ? members(node, at, path, segments)
        : at.kind === 'array' && at.isEither
          ? value(node, at.item!, path, segments)
          : other(node)
    if (kind === 'list') {
      if ((at.kind !== 'array' && at.kind !== 'open') || at.item === undefined) return other(node)
      const item = node.children[0]!
      return {
        node,
        kind: 'list',
        text: '',
        children: [value(item, at.item, `${path}[]`, [...segments, { kind: 'element' }])],
      }
    }
    if (at.kind === 'map') {
      const [key, item] = node.children
      return {
        node,
        kind: 'map',
        text: '',
        children: [whole(key!), value(item!, at.item!, `${path}.*`, [...segments, { kind: 'member' }])],
      }
    }
    // Names of members stand in the rows: the walker tells which of them are listed.
    return at.kind === 'object' || at.kind === 'open' ? whole(node) : other(node)
  }

  return { root: members(root, shape.root, '', []), unlisted, taken }
}

/** Whether a path of names leads to a column; what stands in a map or in a text, its rows tell. */
export function hasPath(root: ParquetNode, names: readonly string[]): boolean {
  let node: ParquetNode = root
  for (const name of names) {
    if (node.kind !== 'struct') return true
    const child = node.children.find((one) => one.name === name)
    if (child === undefined) return false
    node = child
  }
  return true
}

/** The leaves that are read of a value, in order; of what is only told, the first one. */
export function leavesOf(selected: Selected): { readonly leaf: ParquetNode; readonly isTold: boolean }[] {
  if (selected.kind === 'told') return [{ leaf: firstLeaf(selected.node), isTold: true }]
  if (selected.kind === 'leaf') return [{ leaf: selected.node, isTold: false }]
  return selected.children.flatMap(leavesOf)
}

export function firstLeaf(node: ParquetNode): ParquetNode {
  let at = node
  while (at.kind !== 'leaf') at = at.children[0]!
  return at
}

export interface Cell {
  /** Names from the record down to the value. */
  readonly names: readonly string[]
  readonly leaf: ParquetNode
  readonly isTold: boolean
}

/** The values of a row as cells of CSV; undefined where an array, a map or something else stands that is no cell. */
export function cellsOf(root: Selected): readonly Cell[] | undefined {
  const cells: Cell[] = []
  const visit = (selected: Selected, names: readonly string[]): boolean => {
    const { node, kind, children } = selected
    if (kind === 'leaf' || (kind === 'told' && node.kind === 'leaf')) {
      cells.push({ names, leaf: node, isTold: kind === 'told' })
      return true
    }
    return kind === 'struct' && children.every((child) => visit(child, [...names, child.node.name]))
  }
  return visit(root, []) ? cells : undefined
}
