/** Rows of a row group as text: objects of JSON, or rows of CSV. */
import type { RecordCode } from '../../errors.ts'
import type { ColumnCursor } from './column.ts'
import { damaged } from './parquet-limits.ts'
import type { ParquetNode } from './parquet-schema.ts'
import { type Cell, leavesOf, type Selected } from './selection.ts'
import { TextSink } from './text-sink.ts'

/** Writes the next row, without what ends it; gives why it is none. */
export type WriteRow = (out: TextSink) => RecordCode | undefined

interface Step {
  readonly kind: Selected['kind']
  readonly node: ParquetNode
  readonly text: string
  /** `"name":`, as JSON writes it in UTF-8, of each member. */
  readonly names: readonly Uint8Array[]
  readonly children: readonly Step[]
  /** Of all columns below. */
  readonly cursors: readonly ColumnCursor[]
}

const END: number = -1

/** Takes the row as it is written, and starts it again where it is too long: it is a dead letter then. */
class Row {
  out: TextSink = new TextSink(new Uint8Array(0))
  code: RecordCode | undefined
  #start = 0
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  open(out: TextSink): void {
    this.out = out
    this.code = undefined
    this.#start = out.length
  }

  fail(code: RecordCode): void {
    this.code ??= code
    this.out.length = this.#start
  }

  bound(): void {
    if (this.out.length - this.#start > this.#most) this.fail('record-too-large')
    else if (this.code !== undefined) this.out.length = this.#start
  }
}

function stepOf(selected: Selected, cursors: ReadonlyMap<number, ColumnCursor>): Step {
  const { kind, node, text, children } = selected
  return {
    kind,
    node,
    text,
    names: children.map(
      (child) => new Uint8Array(Buffer.from(`${JSON.stringify(child.node.name)}:`, 'utf8')),
    ),
    children: children.map((child) => stepOf(child, cursors)),
    cursors: [...new Set(leavesOf(selected).map(({ leaf }) => cursors.get(leaf.column)!))],
  }
}

/** Goes past what is null, or has no element, in all its columns. */
function passed(cursors: readonly ColumnCursor[], def: number): void {
  for (const cursor of cursors) {
    if (cursor.def >= def) throw damaged('its columns contradict each other')
    cursor.advance()
  }
}

/** Whether all columns say that one more element follows; they must be of one mind. */
function goesOn(cursors: readonly ColumnCursor[], rep: number): boolean {
  const first = cursors[0]!.rep >= rep
  for (const cursor of cursors)
    if (cursor.rep >= rep !== first) throw damaged('its columns contradict each other')
  return first
}

function write(step: Step, row: Row): void {
  const { kind, node, cursors } = step
  const { out } = row
  const cursor = cursors[0]!
  if (cursor.def === END) throw damaged('a column has fewer rows than its row group')
  if (kind === 'leaf') {
    if (cursor.def < node.def) out.ascii('null')
    else {
      const code = cursor.copy(out)
      if (code !== undefined) row.fail(code)
    }
    cursor.advance()
    row.bound()
  } else if (kind === 'told') tell(step, row)
  else if (cursor.def < node.def) {
    out.ascii('null')
    passed(cursors, node.def)
  } else if (kind === 'struct') members(step, row)
  else if (cursor.def < node.elementDef) {
    out.ascii(kind === 'list' ? '[]' : '{}')
    passed(cursors, node.elementDef)
    row.bound()
  } else elements(step, row)
}

function tell({ node, text, cursors: [cursor] }: Step, row: Row): void {
  row.out.ascii(cursor!.def < node.def ? 'null' : text)
  // Its elements, and those of what is in it.
  const outside = node.kind === 'list' || node.kind === 'map' ? node.rep - 1 : node.rep
  do cursor!.advance()
  while (cursor!.rep > outside)
  row.bound()
}

function members({ names, children }: Step, row: Row): void {
  const { out } = row
  out.ascii('{')
  for (let i = 0; i < children.length; i++) {
    if (i > 0) out.ascii(',')
    const name = names[i]!
    out.copy(name, 0, name.length)
    write(children[i]!, row)
  }
  out.ascii('}')
}

function elements({ kind, node, children, cursors }: Step, row: Row): void {
  const { out } = row
  out.ascii(kind === 'list' ? '[' : '{')
  for (let isFirst = true; isFirst || goesOn(cursors, node.rep); isFirst = false) {
    if (!isFirst) out.ascii(',')
    if (kind === 'list') write(children[0]!, row)
    else member(children as [Step, Step], row)
  }
  out.ascii(kind === 'list' ? ']' : '}')
}

/** A member of a map: its name is text, whatever it is. */
function member([key, value]: readonly [Step, Step], row: Row): void {
  const { out } = row
  const [cursor] = key.cursors
  if (cursor!.def < key.node.def) row.fail('payload-malformed')
  else {
    const from = out.length
    const code = cursor!.copy(out)
    if (code !== undefined) row.fail(code)
    else if (out.bytes[from] !== 0x22) {
      const text = Buffer.from(out.bytes.subarray(from, out.length)).toString('latin1')
      out.length = from
      out.ascii(`"${text}"`)
    }
  }
  cursor!.advance()
  out.ascii(':')
  write(value, row)
}

/** @param most bytes that a row may have */
export function jsonRows(root: Selected, cursors: ReadonlyMap<number, ColumnCursor>, most: number): WriteRow {
  const step = stepOf(root, cursors)
  const row = new Row(most)
  return (out) => {
    row.open(out)
    members(step, row)
    for (const { rep } of step.cursors) if (rep > 0) throw damaged('a column has more values than its row')
    row.bound()
    return row.code
  }
}

/** The same of cells, which hold no arrays. */
export function csvRows(
  cells: readonly Cell[],
  cursors: ReadonlyMap<number, ColumnCursor>,
  delimiter: string,
  most: number,
): WriteRow {
  const row = new Row(most)
  const between = new Uint8Array(Buffer.from(delimiter, 'utf8'))
  const columns = cells.map(({ leaf, isTold }) => ({ cursor: cursors.get(leaf.column)!, leaf, isTold }))
  return (out) => {
    row.open(out)
    const start = out.length
    for (const [at, { cursor, leaf, isTold }] of columns.entries()) {
      if (cursor.def === END) throw damaged('a column has fewer rows than its row group')
      if (at > 0) out.copy(between, 0, between.length)
      if (cursor.def >= leaf.def) {
        const from = out.length
        const code = isTold ? out.ascii('0') : cursor.copy(out)
        if (typeof code === 'string') row.fail(code)
        else out.quote(from, between[0]!)
      }
      cursor.advance()
      row.bound()
    }
    // A line of nothing is no row.
    if (out.length === start && row.code === undefined) out.ascii('""')
    row.bound()
    return row.code
  }
}
