/** The classes of one node of a lattice, and how those of a coarser node are made of them. */
import type { Lattice, Levels } from './lattice.ts'
import type { SolveRecords } from './solve-records.ts'

export interface NodeTable {
  /** By column: the rung; -1: values as they are, which everything follows from. */
  readonly levels: Levels
  /** Classes. */
  readonly count: number
  /** By class: a tuple of it. */
  readonly first: Int32Array
  /** By class: records. */
  readonly records: Int32Array
  /** By class: subjects with one tuple only. */
  readonly single: Int32Array
  /** By tuple: its class. Empty where nothing asks for it. */
  readonly of: Int32Array
  /** By sensitive column. */
  readonly cells: readonly ClassCells[]
}

/** How many subjects with one tuple have a sensitive value in a class: each pair once. */
export interface ClassCells {
  readonly classes: Int32Array
  readonly values: Int32Array
  readonly counts: Int32Array
}

/** Keys of classes are put together of as many columns as fit. */
const MOST_KEY = 2 ** 31 - 1

const NONE = new Int32Array(0)

/** Where the search begins: each tuple is a class. */
export function baseTable({ columns, count, records, single, sensitive }: SolveRecords): NodeTable {
  const tuples = Int32Array.from({ length: count }, (_, tuple) => tuple)
  return {
    levels: new Int16Array(columns.length).fill(-1),
    count,
    first: tuples,
    records,
    single,
    of: tuples,
    cells: sensitive.map((cells) => ({ classes: cells.tuples, values: cells.values, counts: cells.counts })),
  }
}

/** Makes tables of nodes; its memory is used again for each. */
export class Roller {
  readonly #lattice: Lattice
  readonly #records: SolveRecords
  readonly #needsTuples: boolean
  #slots = new Int32Array(1024)
  #words: Int32Array[] = []
  #first = new Int32Array(0)

  /** `needsTuples`: whether tables say of each tuple in which class it is. */
  constructor(lattice: Lattice, records: SolveRecords, needsTuples: boolean) {
    this.#lattice = lattice
    this.#records = records
    this.#needsTuples = needsTuples
  }

  /** The table of `levels`, which follows from `source`. */
  roll(source: NodeTable, levels: Levels): NodeTable {
    const classOf = new Int32Array(source.count)
    const count = this.#number(source, levels, classOf)
    const first = new Int32Array(count)
    for (let index = 0; index < count; index++) first[index] = source.first[this.#first[index]!]!
    const records = new Int32Array(count)
    for (let index = 0; index < source.count; index++) records[classOf[index]!]! += source.records[index]!
    let single = records
    if (source.single !== source.records) {
      single = new Int32Array(count)
      for (let index = 0; index < source.count; index++) single[classOf[index]!]! += source.single[index]!
    }
    const of = this.#needsTuples ? this.#classesOf(source, classOf) : NONE
    const cells = source.cells.map((one, at) =>
      this.#cellsOf(one, this.#records.sensitive[at]!.domain, classOf, count),
    )
    return { levels: levels.slice(), count, first, records, single, of, cells }
  }

  #classesOf({ of: before, levels }: NodeTable, classOf: Int32Array): Int32Array {
    if (levels[0] === -1) return classOf
    const of = new Int32Array(before.length)
    for (let tuple = 0; tuple < of.length; tuple++) of[tuple] = classOf[before[tuple]!]!
    return of
  }

  /** Numbers the classes in order of appearance, with the first of the source in `#first`. @returns how many there are */
  #number(source: NodeTable, levels: Levels, classOf: Int32Array): number {
    const { strides, words, most } = this.#stridesOf(levels)
    const keys = this.#keysOf(source, levels, strides, words)
    if (this.#first.length < source.count) this.#first = new Int32Array(source.count)
    if (words.length === 1 && most <= 4 * source.count + 64)
      return this.#direct(keys[0]!, most, source.count, classOf)
    return this.#hashed(keys, source.count, classOf)
  }

  /** Which columns share a word of the key, and by what each is multiplied. */
  #stridesOf(levels: Levels): { strides: number[]; words: number[][]; most: number } {
    const strides: number[] = []
    const words: number[][] = [[]]
    let product = 1
    for (let column = 0; column < levels.length; column++) {
      const count = Math.max(1, this.#lattice.counts[column]![levels[column]!]!)
      if (product * count > MOST_KEY) {
        words.push([])
        product = 1
      }
      strides.push(product)
      words.at(-1)!.push(column)
      product *= count
    }
    return { strides, words, most: product }
  }

  #keysOf(
    source: NodeTable,
    levels: Levels,
    strides: readonly number[],
    words: readonly (readonly number[])[],
  ): Int32Array[] {
    const { first, count } = source
    return words.map((columns, word) => {
      let keys = this.#words[word]
      if (keys === undefined || keys.length < count) {
        keys = new Int32Array(count)
        this.#words[word] = keys
      }
      keys.fill(0, 0, count)
      for (const column of columns) {
        if (this.#lattice.counts[column]![levels[column]!] === 1) continue
        const add = this.#addsOf(column, levels[column]!, strides[column]!)
        const values = this.#records.tuples[column]!
        for (let index = 0; index < count; index++) keys[index]! += add[values[first[index]!]!]!
      }
      return keys
    })
  }

  /** By value: what its code adds to a key. */
  #addsOf(column: number, level: number, stride: number): Int32Array {
    const codes = this.#lattice.columns[column]!.codes[level]!
    return stride === 1 ? codes : codes.map((code) => code * stride)
  }

  #direct(keys: Int32Array, most: number, length: number, classOf: Int32Array): number {
    const slots = this.#cleared(most)
    let count = 0
    for (let index = 0; index < length; index++) {
      const key = keys[index]!
      let found = slots[key]!
      if (found === 0) {
        this.#first[count] = index
        found = ++count
        slots[key] = found
      }
      classOf[index] = found - 1
    }
    return count
  }

  #hashed(keys: readonly Int32Array[], length: number, classOf: Int32Array): number {
    let size = 1024
    while (size < 2 * length) size *= 2
    const slots = this.#cleared(size)
    const mask = size - 1
    const first = this.#first
    const [key0] = keys as [Int32Array]
    let count = 0
    for (let index = 0; index < length; index++) {
      let hash = Math.imul(key0[index]!, 0x9e3779b1)
      for (let word = 1; word < keys.length; word++)
        hash = Math.imul((hash ^ (hash >>> 15)) + keys[word]![index]!, 0x85ebca6b)
      let slot = (hash ^ (hash >>> 15)) & mask
      for (;;) {
        const found = slots[slot]!
        if (found === 0) {
          first[count] = index
          slots[slot] = ++count
          classOf[index] = count - 1
          break
        }
        if (equal(keys, first[found - 1]!, index)) {
          classOf[index] = found - 1
          break
        }
        slot = (slot + 1) & mask
      }
    }
    return count
  }

  #cleared(size: number): Int32Array {
    if (this.#slots.length < size) this.#slots = new Int32Array(size)
    else this.#slots.fill(0, 0, size)
    return this.#slots
  }

  /** Joins the cells of classes that are one now. */
  #cellsOf(cells: ClassCells, domain: number, classOf: Int32Array, count: number): ClassCells {
    const length = cells.classes.length
    const into = new Int32Array(length)
    let cellCount: number
    const keys = new Int32Array(length)
    if (this.#first.length < length) this.#first = new Int32Array(length)
    if (count * domain <= MOST_KEY) {
      for (let cell = 0; cell < length; cell++)
        keys[cell] = classOf[cells.classes[cell]!]! * domain + cells.values[cell]!
      cellCount =
        count * domain <= 4 * length + 64
          ? this.#direct(keys, count * domain, length, into)
          : this.#hashed([keys], length, into)
    } else {
      for (let cell = 0; cell < length; cell++) keys[cell] = classOf[cells.classes[cell]!]!
      cellCount = this.#hashed([keys, cells.values as Int32Array], length, into)
    }
    const joined = {
      classes: new Int32Array(cellCount),
      values: new Int32Array(cellCount),
      counts: new Int32Array(cellCount),
    }
    for (let cell = 0; cell < length; cell++) {
      const to = into[cell]!
      joined.classes[to] = classOf[cells.classes[cell]!]!
      joined.values[to] = cells.values[cell]!
      joined.counts[to]! += cells.counts[cell]!
    }
    return joined
  }
}

function equal(keys: readonly Int32Array[], one: number, other: number): boolean {
  for (const words of keys) if (words[one] !== words[other]) return false
  return true
}
