/** The types of columns in Parquet: elements of a schema to types, and back. */
import type { SchemaElement } from 'hyparquet'
import type { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import type { Segment } from '../../policy/path.ts'
import type {
  ColumnNode,
  ColumnType,
  GroupColumn,
  LeafColumn,
  TimeUnit,
} from '../../record/columns/column-tree.ts'
import type { ParquetNode } from './parquet-schema.ts'

/** The type of a leaf that was read. Its texts are those of `texts.ts`. */
export function typeOfElement(element: SchemaElement): ColumnType {
  const { type, converted_type: converted, logical_type: logical } = element
  const length = type === 'FIXED_LEN_BYTE_ARRAY' ? (element.type_length ?? 0) : 0
  if (type === 'BOOLEAN') return { as: 'boolean' }
  if (type === 'INT96') return { as: 'int96' }
  if (type === 'FLOAT') return { as: 'float' }
  if (type === 'DOUBLE') return { as: 'double' }
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0
    const precision = (logical?.type === 'DECIMAL' ? logical.precision : element.precision) ?? 0
    const isWhole = type === 'INT32' || type === 'INT64'
    return { as: 'decimal', precision, scale, length: isWhole ? (type === 'INT32' ? 4 : 8) : length, isWhole }
  }
  if (type === 'INT32' || type === 'INT64') {
    const isLong = type === 'INT64'
    if (!isLong && (converted === 'DATE' || logical?.type === 'DATE')) return { as: 'date' }
    const timed = timeOf(element)
    if (timed !== undefined) return timed
    const isSigned = logical?.type === 'INTEGER' ? logical.isSigned : converted?.startsWith('UINT_') !== true
    const stated = logical?.type === 'INTEGER' ? logical.bitWidth : Number(converted?.split('_')[1] ?? 0)
    const bits = isLong ? 64 : stated === 8 || stated === 16 ? stated : 32
    return { as: 'integer', bits, isSigned }
  }
  if (logical?.type === 'UUID' && length === 16) return { as: 'uuid' }
  if (logical?.type === 'FLOAT16' && length === 2) return { as: 'float16' }
  if (logical?.type === 'JSON' || converted === 'JSON') return { as: 'text', logical: 'JSON' }
  if (logical?.type === 'ENUM' || converted === 'ENUM') return { as: 'text', logical: 'ENUM' }
  if (logical?.type === 'STRING' || converted === 'UTF8') return { as: 'text', logical: 'STRING' }
  const isInterval = converted === 'INTERVAL' && length === 12
  const isBson = (converted === 'BSON' || logical?.type === 'BSON') && length === 0
  return { as: 'bytes', length, logical: isInterval ? 'INTERVAL' : isBson ? 'BSON' : undefined }
}

function timeOf({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): ColumnType | undefined {
  const isLong = type === 'INT64'
  if (logical?.type === 'TIMESTAMP' && isLong)
    return { as: 'timestamp', unit: logical.unit, isUtc: logical.isAdjustedToUTC }
  if (logical?.type === 'TIME' && (logical.unit === 'MILLIS') !== isLong)
    return { as: 'time', unit: logical.unit, isUtc: logical.isAdjustedToUTC }
  if (isLong && converted === 'TIMESTAMP_MILLIS') return { as: 'timestamp', unit: 'MILLIS', isUtc: true }
  if (isLong && converted === 'TIMESTAMP_MICROS') return { as: 'timestamp', unit: 'MICROS', isUtc: true }
  if (isLong && converted === 'TIME_MICROS') return { as: 'time', unit: 'MICROS', isUtc: true }
  if (!isLong && converted === 'TIME_MILLIS') return { as: 'time', unit: 'MILLIS', isUtc: true }
  return undefined
}

/** What a footer says, as the library writes it. */
export type WrittenFooter = Parameters<typeof writeMetadata>[1]
export type WrittenGroup = WrittenFooter['row_groups'][number]
export type WrittenChunk = WrittenGroup['columns'][number]

/** An element of a schema as the library writes it. */
export type WrittenElement = WrittenFooter['schema'][number]

type Part = Pick<
  WrittenElement,
  'type' | 'type_length' | 'converted_type' | 'logical_type' | 'scale' | 'precision'
>

/** How a type stands in a schema; old readers know it by its converted type. */
export function elementOfType(type: ColumnType): Part {
  switch (type.as) {
    case 'text':
      return {
        type: 'BYTE_ARRAY',
        converted_type: type.logical === 'STRING' ? 'UTF8' : type.logical,
        logical_type: { type: type.logical },
      }
    case 'json':
      return { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } }
    case 'boolean':
      return { type: 'BOOLEAN' }
    case 'float':
      return { type: 'FLOAT' }
    case 'double':
      return { type: 'DOUBLE' }
    case 'float16':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } }
    case 'int96':
      return { type: 'INT96' }
    case 'uuid':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } }
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'integer': {
      const { bits, isSigned } = type
      const part: Part = { type: bits === 64 ? 'INT64' : 'INT32' }
      if (isSigned && bits >= 32) return part
      // The library would write the width of the logical type as a number that readers refuse.
      return { ...part, converted_type: `${isSigned ? 'INT' : 'UINT'}_${bits}` }
    }
    case 'decimal': {
      const { precision, scale, length, isWhole } = type
      const physical = isWhole
        ? { type: length === 4 ? ('INT32' as const) : ('INT64' as const) }
        : length > 0
          ? { type: 'FIXED_LEN_BYTE_ARRAY' as const, type_length: length }
          : { type: 'BYTE_ARRAY' as const }
      return {
        ...physical,
        converted_type: 'DECIMAL',
        scale,
        precision,
        logical_type: { type: 'DECIMAL', precision, scale },
      }
    }
    case 'time':
    case 'timestamp':
      return timeElement(type.as, type.unit, type.isUtc)
    case 'bytes': {
      const { length, logical } = type
      const physical: Part =
        length > 0 ? { type: 'FIXED_LEN_BYTE_ARRAY', type_length: length } : { type: 'BYTE_ARRAY' }
      if (logical === undefined) return physical
      return logical === 'BSON'
        ? { ...physical, converted_type: 'BSON', logical_type: { type: 'BSON' } }
        : { ...physical, converted_type: 'INTERVAL' }
    }
  }
}

function timeElement(as: 'time' | 'timestamp', unit: TimeUnit, isUtc: boolean): Part {
  const isTime = as === 'time'
  const name = isTime ? 'TIME' : 'TIMESTAMP'
  // Converted types are of UTC, and know no nanoseconds.
  const converted = isUtc && unit !== 'NANOS' ? ({ converted_type: `${name}_${unit}` } as const) : {}
  return {
    type: isTime && unit === 'MILLIS' ? 'INT32' : 'INT64',
    ...converted,
    logical_type: { type: name, isAdjustedToUTC: isUtc, unit },
  }
}

/** The elements of the schema of a tree of columns: all may be null, and lists and maps are groups of three levels. */
export function schemaElements(root: GroupColumn): WrittenElement[] {
  const elements: WrittenElement[] = [{ name: root.name, num_children: root.members.length }]
  const visit = (node: ColumnNode, name: string, repetition: 'REQUIRED' | 'OPTIONAL' = 'OPTIONAL'): void => {
    const own = { name, repetition_type: repetition }
    if (node.kind === 'leaf') elements.push({ ...own, ...elementOfType(node.type) })
    else if (node.kind === 'struct') {
      elements.push({ ...own, num_children: node.members.length })
      for (const member of node.members) visit(member, member.name)
    } else if (node.kind === 'list') {
      elements.push({ ...own, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } })
      elements.push({ name: 'list', repetition_type: 'REPEATED', num_children: 1 })
      visit(node.item, 'element')
    } else {
      elements.push({ ...own, num_children: 1, converted_type: 'MAP', logical_type: { type: 'MAP' } })
      elements.push({ name: 'key_value', repetition_type: 'REPEATED', num_children: 2 })
      visit(node.key, 'key', 'REQUIRED')
      visit(node.value, 'value')
    }
  }
  for (const member of root.members) visit(member, member.name)
  return elements
}

/** The columns of a file as a tree: what is written by it has its schema. `hasBounds`: of a column, from 0. */
export function treeOfFile(root: ParquetNode, hasBounds: (column: number) => boolean): GroupColumn {
  const leafOf = (node: ParquetNode, name: string): LeafColumn => ({
    kind: 'leaf',
    name,
    type: typeOfElement(node.element),
    statistics: hasBounds(node.column),
  })
  const visit = (node: ParquetNode, name: string): ColumnNode => {
    const [first, second] = node.children
    switch (node.kind) {
      case 'leaf':
        return leafOf(node, name)
      case 'struct':
        return { kind: 'struct', name, members: node.children.map((child) => visit(child, child.name)) }
      case 'list':
        return { kind: 'list', name, item: visit(first!, 'element') }
      case 'map':
        return { kind: 'map', name, key: leafOf(first!, 'key'), value: visit(second!, 'value') }
    }
  }
  return {
    kind: 'struct',
    name: root.element.name,
    members: root.children.map((child) => visit(child, child.name)),
  }
}

/** The type that a file states for the values at a path; undefined where they are of no one type, `missing` where it has none. */
export function typeAt(root: ParquetNode, segments: readonly Segment[]): ColumnType | 'missing' | undefined {
  let node: ParquetNode = root
  for (const segment of segments) {
    if (node.kind === 'leaf') return segment.kind === 'element' ? typeOfElement(node.element) : undefined
    if (segment.kind === 'names') return undefined
    if (node.kind === 'list') {
      node = node.children[0]!
      if (segment.kind === 'element') continue
      if (node.kind !== 'struct') return undefined
    }
    if (node.kind === 'map') node = node.children[1]!
    else if (segment.kind === 'name') {
      const member: ParquetNode | undefined = node.children.find(({ name }) => name === segment.name)
      if (member === undefined) return 'missing'
      node = member
    } else if (segment.kind === 'element') continue
    else return undefined
  }
  return node.kind === 'leaf' ? typeOfElement(node.element) : undefined
}
