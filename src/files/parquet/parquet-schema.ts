/** The schema of a Parquet file as a tree of what JSON knows: objects, arrays, maps and scalars. */
import type { SchemaElement } from 'hyparquet'
import { damaged, MOST_DEPTH, MOST_ELEMENTS, tooLarge } from './parquet-limits.ts'

export interface ParquetNode {
  readonly name: string
  readonly kind: 'leaf' | 'struct' | 'list' | 'map'
  /** Definition level from which on the value is there; below it is null. */
  readonly def: number
  /** Repetition level of what is in it, but of elements of lists in it. */
  readonly rep: number
  /** Of a list or map: definition level from which on it has an element. */
  readonly elementDef: number
  /** Of a struct its members, of a list its element, of a map key and value. */
  readonly children: readonly ParquetNode[]
  /** Of a leaf: its column, from 0, and its element of the schema. */
  readonly column: number
  readonly element: SchemaElement
  /** The columns, from 0, that it spans: `[first, last]`. */
  readonly columns: readonly [number, number]
}

interface Raw {
  readonly element: SchemaElement
  readonly children: readonly Raw[]
  readonly column: number
}

/** Builds the tree. @throws ParquetFault where the elements are none */
export function readSchema(elements: readonly SchemaElement[]): ParquetNode {
  if (elements.length > MOST_ELEMENTS)
    throw tooLarge(`its schema has ${elements.length} elements, and ${MOST_ELEMENTS} are read at most`)
  let next = 0
  let columns = 0
  const raw = (depth: number): Raw => {
    const element = elements[next++]
    if (element === undefined) throw damaged('its schema ends early')
    if (depth > MOST_DEPTH) throw tooLarge(`its schema nests more than ${MOST_DEPTH} deep`)
    const count = element.num_children ?? 0
    if (element.type !== undefined && count > 0) throw damaged('a column of its schema has members')
    if (count < 0 || count > elements.length)
      throw damaged('its schema says how many members it has, and lies')
    if (element.type === undefined && depth > 0 && count === 0)
      throw damaged('a group of its schema has no members')
    const column = element.type === undefined ? -1 : columns++
    const children: Raw[] = []
    for (let at = 0; at < count; at++) children.push(raw(depth + 1))
    return { element, children, column }
  }
  const root = raw(0)
  if (next !== elements.length) throw damaged('its schema has more elements than its tree')
  const members = root.children.map((child) => nodeOf(child, 0, 0))
  refuseTwins(members)
  return make('struct', root, '', 0, 0, 0, members)
}

function make(
  kind: ParquetNode['kind'],
  { element, column }: Raw,
  name: string,
  def: number,
  rep: number,
  elementDef: number,
  children: readonly ParquetNode[],
): ParquetNode {
  const columns: readonly [number, number] =
    kind === 'leaf' ? [column, column] : [children[0]?.columns[0] ?? 0, children.at(-1)?.columns[1] ?? -1]
  return { name, kind, def, rep, elementDef, children, column, element, columns }
}

/** Two members of one name are one member to JSON. */
function refuseTwins(members: readonly ParquetNode[]): void {
  if (new Set(members.map(({ name }) => name)).size < members.length)
    throw damaged('a group of its schema has two members of one name')
}

function nodeOf(raw: Raw, outerDef: number, outerRep: number): ParquetNode {
  const { element } = raw
  if (element.repetition_type !== 'REPEATED')
    return valueNode(raw, element.repetition_type === 'OPTIONAL' ? outerDef + 1 : outerDef, outerRep)
  // A field that is repeated, and stands in no list: an array that is never null.
  const item = valueNode(raw, outerDef + 1, outerRep + 1)
  return make('list', raw, element.name, outerDef, outerRep + 1, outerDef + 1, [item])
}

const isRepeated = ({ element }: Raw): boolean => element.repetition_type === 'REPEATED'

/** The value of an element, whatever its repetition. */
function valueNode(raw: Raw, def: number, rep: number): ParquetNode {
  const { element, children } = raw
  const { name, converted_type: converted, logical_type: logical } = element
  if (element.type !== undefined) return make('leaf', raw, name, def, rep, def, [])
  const [only] = children
  if (only !== undefined && children.length === 1 && isRepeated(only)) {
    if (converted === 'LIST' || logical?.type === 'LIST')
      return make('list', raw, name, def, rep + 1, def + 1, [elementOf(only, name, def + 1, rep + 1)])
    const isMap = converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.type === 'MAP'
    const [key, value] = only.children
    if (isMap && only.children.length === 2 && key!.element.type !== undefined && !isRepeated(key!)) {
      const pair = [nodeOf(key!, def + 1, rep + 1), nodeOf(value!, def + 1, rep + 1)]
      return make('map', raw, name, def, rep + 1, def + 1, pair)
    }
  }
  const members = children.map((child) => nodeOf(child, def, rep))
  refuseTwins(members)
  return make('struct', raw, name, def, rep, def, members)
}

/** The element of a list, by the rules for old forms too (LogicalTypes.md of the format, "Lists"). */
function elementOf(repeated: Raw, list: string, def: number, rep: number): ParquetNode {
  const { element, children } = repeated
  const [only] = children
  const isElement =
    children.length !== 1 || isRepeated(only!) || element.name === 'array' || element.name === `${list}_tuple`
  return isElement ? valueNode(repeated, def, rep) : nodeOf(only!, def, rep)
}
