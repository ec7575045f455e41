/**
 * The structure of a block's output, as the walker writes it down and the writer reads it: what the writer does, in
 * order. Each operation is two numbers: `code | a << 4`, then `b`.
 */
import { doubled } from '../block.ts'

export const Op = {
  openObject: 0,
  openArray: 1,
  closeObject: 2,
  closeArray: 3,
  /** `"name":` of node a, with a container to follow. */
  name: 4,
  /** Member: name of node a, value of slot b. */
  member: 5,
  /** Element or map value: slot b. */
  value: 6,
  /** Name of a map's member, from slot b; if it is dropped, go on `a` operations further. */
  mapName: 7,
  /** `{` and `}` of a map: its names must stay different. */
  openMap: 8,
  closeMap: 9,
  /** Derived leaves of node a, seen from scope b. */
  derived: 10,
  /** Derived container a, seen from scope b: the record holds none of its own. */
  derivedContainer: 11,
  /** The record holds null for container a: its derived members, seen from scope b, if there are any; else null. */
  nullContainer: 12,
  /** A member that a pattern let through: its name is the chunk's bytes from b on, `a` of them. */
  inputName: 13,
  /** The same for a name that had escapes: text b. */
  textName: 14,
} as const

/** An operation that the kernel does not know: one of `Form`, in the lowest bits of a; the rest of a is a node, or a container. */
export const FORM_OP = 15

/** What JSON in a text, and one value in place of an array, ask of the writer. */
export const Form = {
  /** A text begins that is the value of the node. */
  openText: 0,
  closeText: 1,
  /** In a text of null: the derived members of the node, seen from scope b, if there are any; else null. */
  nullInText: 2,
  /** The value of slot b is no container: the derived members of the node as a text, if there are any; else that value. */
  noText: 3,
  /** `"name":` of the node, with one value to follow in place of an array. */
  single: 4,
  /** Nothing stands in a cell: the derived members of the node, seen from scope b, if there are any. */
  inCell: 5,
  /** The members of a derived container, seen from scope b, if there are any: the cell holds none of its own. */
  derivedInCell: 6,
} as const

const FORM_BITS = 3
export const formOf = (a: number): number => a & ((1 << FORM_BITS) - 1)
export const formNode = (a: number): number => a >> FORM_BITS

export class JsonOps {
  /** Two numbers each. */
  words: Int32Array<ArrayBuffer> = new Int32Array(1 << 13)
  count = 0
  /** Names as JSON writes them, for `textName`. */
  readonly texts: string[] = []

  add(code: number, a: number, b: number): void {
    const at = this.count++ << 1
    if (at === this.words.length) this.words = doubled(this.words)
    this.words[at] = code | (a << 4)
    this.words[at + 1] = b
  }

  addForm(form: number, node: number, b: number): void {
    this.add(FORM_OP, form | (node << FORM_BITS), b)
  }

  /** Adds operations that another walk wrote down. */
  append(words: Int32Array): void {
    const at = this.count << 1
    if (at + words.length > this.words.length) this.words = doubled(this.words, (at + words.length) * 2)
    this.words.set(words, at)
    this.count += words.length >> 1
  }

  /** Marks the operation noted last as the end of the member of the `mapName` at `index`. */
  endMember(index: number): void {
    this.words[index << 1] = Op.mapName | ((this.count - index) << 4)
  }
}
