/** Columns of typed values: a tree of groups, lists and maps as Parquet has them, with the type of each leaf. Plain data: threads get it. */

export type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS'

/** What a column holds; the texts of its values are those of docs/parquet.md, and each has one way back. */
export type ColumnType =
  /** The text of a value. */
  | { readonly as: 'text'; readonly logical: 'STRING' | 'ENUM' | 'JSON' }
  /** A value as JSON writes it, whatever it is. */
  | { readonly as: 'json' }
  | { readonly as: 'boolean' | 'float' | 'double' | 'float16' | 'date' | 'int96' | 'uuid' }
  | { readonly as: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly isSigned: boolean }
  /** `length`: bytes of each value; 0 where they may differ; 4 and 8 of whole numbers where `isWhole`. */
  | {
      readonly as: 'decimal'
      readonly precision: number
      readonly scale: number
      readonly length: number
      readonly isWhole: boolean
    }
  | { readonly as: 'time' | 'timestamp'; readonly unit: TimeUnit; readonly isUtc: boolean }
  /** Text is base64. `length`: bytes of each value; 0 where they may differ. */
  | { readonly as: 'bytes'; readonly length: number; readonly logical?: 'BSON' | 'INTERVAL' | undefined }

export interface LeafColumn {
  readonly kind: 'leaf'
  readonly name: string
  readonly type: ColumnType
  /** Whether the least and the largest values may stand beside the data. */
  readonly statistics: boolean
}

export interface GroupColumn {
  readonly kind: 'struct'
  readonly name: string
  readonly members: readonly ColumnNode[]
}

export type ColumnNode =
  | LeafColumn
  | GroupColumn
  | { readonly kind: 'list'; readonly name: string; readonly item: ColumnNode }
  | { readonly kind: 'map'; readonly name: string; readonly key: LeafColumn; readonly value: ColumnNode }

export const TEXT: ColumnType = { as: 'text', logical: 'STRING' }
export const LONG: ColumnType = { as: 'integer', bits: 64, isSigned: true }
export const DOUBLE: ColumnType = { as: 'double' }
export const BOOLEAN: ColumnType = { as: 'boolean' }
export const JSON_TEXT: ColumnType = { as: 'json' }

/** A leaf with the levels of its values (Dremel: Melnik et al., 2010): a value is there at `def`. */
export interface LeafLevels {
  readonly leaf: LeafColumn
  /** Names from the root, with those of the groups that lists and maps are made of. */
  readonly path: readonly string[]
  readonly def: number
  readonly rep: number
  /** Whether it is always there where what is around it is: the key of a map. */
  readonly isRequired: boolean
}

/** The leaves of a tree, in order. */
export function leavesOfTree(root: GroupColumn): readonly LeafLevels[] {
  const leaves: LeafLevels[] = []
  const visit = (
    node: ColumnNode,
    name: string,
    path: readonly string[],
    def: number,
    rep: number,
    isRequired = false,
  ): void => {
    const own = isRequired ? def : def + 1
    const here = [...path, name]
    if (node.kind === 'leaf') leaves.push({ leaf: node, path: here, def: own, rep, isRequired })
    else if (node.kind === 'struct')
      for (const member of node.members) visit(member, member.name, here, own, rep)
    else if (node.kind === 'list') visit(node.item, 'element', [...here, 'list'], own + 1, rep + 1)
    else {
      visit(node.key, 'key', [...here, 'key_value'], own + 1, rep + 1, true)
      visit(node.value, 'value', [...here, 'key_value'], own + 1, rep + 1)
    }
  }
  for (const member of root.members) visit(member, member.name, [], 0, 0)
  return leaves
}

/** Bytes of each stored value; 0 where each has a length of its own, 1 of booleans, of which files hold bits. */
export function widthOfType(type: ColumnType): number {
  switch (type.as) {
    case 'boolean':
      return 1
    case 'float':
    case 'date':
      return 4
    case 'double':
    case 'timestamp':
      return 8
    case 'time':
      return type.unit === 'MILLIS' ? 4 : 8
    case 'integer':
      return type.bits === 64 ? 8 : 4
    case 'float16':
      return 2
    case 'int96':
      return 12
    case 'uuid':
      return 16
    case 'decimal':
    case 'bytes':
      return type.length
    default:
      return 0
  }
}
