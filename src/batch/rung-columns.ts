/** From the records of a run to the columns of a lattice: what each value becomes at each rung, and what that loses. */
import type { Column } from '../measures/classes.ts'
import type { MeasuredRecords } from '../measures/measured-records.ts'
import { TupleTable } from '../measures/tuple-table.ts'
import { entropyLoss } from '../measures/utility.ts'
import { NOTHING, type ValueCodes } from '../measures/value-codes.ts'
import type { LatticeColumn } from '../solve/lattice.ts'

export interface RungRecords {
  readonly records: MeasuredRecords
  /** All records that were read. */
  readonly all: Int32Array
  /** By record: 1 where it leaves. */
  readonly leaves: Uint8Array
}

/** One rung of a field. */
export interface RungSource {
  /** Column of the records; undefined where nothing leaves. */
  readonly column: number | undefined
  /** What its rule makes of each value that it takes, where files say that. */
  readonly domain: ReadonlyMap<string, string> | undefined
}

export interface MadeColumn {
  readonly column: LatticeColumn
  /** By record: its value; of records that do not leave, none that counts. */
  readonly values: Int32Array
  /** By rung of the lattice: which of the sources it is. */
  readonly rungs: readonly number[]
  /** Records whose value the first rung that is left out refuses; 0 where none does. */
  readonly refused: number
}

/** @param refusedText what stands where a rung refuses a value: it and coarser rungs are left out */
export function madeColumn(
  from: RungRecords,
  sources: readonly RungSource[],
  refusedText: string,
): MadeColumn {
  const { records, all, leaves } = from
  const inputs = records.inputs(sources[0]!.column!, all)
  const outputs: Column[] = []
  let refused = 0
  for (const { column } of sources) {
    const codes =
      column === undefined ? new Int32Array(all.length).fill(NOTHING) : records.outputs(column, all)
    if (column !== undefined)
      refused = countOf(codes, leaves, codesWith(records.columns[column]!.outputs, refusedText))
    // Where nothing leaves, nothing is refused.
    if (refused > 0 && column !== undefined) break
    outputs.push(codes)
  }
  const table = new TupleTable(outputs.length + 1)
  const tuple = new Int32Array(outputs.length + 1)
  const values = new Int32Array(all.length)
  let withheld = 0
  for (let record = 0; record < all.length; record++) {
    const has = inputs[record] === NOTHING ? 0 : 1
    if (leaves[record] === 0) {
      withheld += has
      continue
    }
    tuple[0] = has
    for (let rung = 0; rung < outputs.length; rung++) tuple[rung + 1] = outputs[rung]![record]!
    values[record] = table.put(tuple)
  }
  const loses = Uint8Array.from({ length: table.count }, (_, value) => table.at(value, 0))
  const domain = new Domain(records.columns[sources[0]!.column!]!.inputs, inputs, sources)
  const made = outputs.map((codes, rung) => {
    const source = sources[rung]!
    const shares = domain.shares(
      inputs,
      codes,
      leaves,
      source,
      source.column === undefined ? undefined : records.columns[source.column]!.outputs,
    )
    const ofValue = Int32Array.from({ length: table.count }, (_, value) => table.at(value, rung + 1))
    return {
      codes: compacted(ofValue),
      shares: Float64Array.from(ofValue, (code, value) => (loses[value] === 1 ? (shares.get(code) ?? 1) : 0)),
      bits: bitsOf(inputs, codes, leaves),
    }
  })
  const kept = distinctRungs(made)
  return {
    column: {
      codes: kept.map((rung) => made[rung]!.codes),
      shares: kept.map((rung) => made[rung]!.shares),
      bits: kept.map((rung) => made[rung]!.bits),
      loses,
      domain: domain.size,
      withheld,
    },
    values,
    rungs: kept,
    refused,
  }
}

/** Those that make something else of the values than the one before, up to the first that makes one of all. */
function distinctRungs(made: readonly Pick<MadeRung, 'codes' | 'shares'>[]): number[] {
  const kept = [0]
  for (let rung = 1; rung < made.length; rung++) {
    const [before, here] = [made[kept.at(-1)!]!, made[rung]!]
    if (
      before.codes.every((code) => code === 0) &&
      before.shares.every((share) => share === 0 || share === 1)
    )
      break
    const isSame =
      before.codes.every((code, value) => code === here.codes[value]) &&
      before.shares.every((share, value) => share === here.shares[value])
    if (!isSame) kept.push(rung)
  }
  return kept
}

interface MadeRung {
  readonly codes: Int32Array
  readonly shares: Float64Array
  readonly bits: number
}

/** The values that there may be: of the files of the rungs, and those that were read. */
class Domain {
  readonly size: number
  /** By code of an input that was read, and by text of one that a file lists: its number. */
  readonly #leafOf = new Map<number, number>()
  readonly #byText = new Map<string, number>()

  constructor(codes: ValueCodes, inputs: Column, sources: readonly RungSource[]) {
    const read = new Set(inputs)
    let leaves = 0
    for (const [text, code] of codes.entries()) {
      if (!read.has(code)) continue
      this.#leafOf.set(code, leaves)
      this.#byText.set(text, leaves++)
    }
    for (const { domain } of sources)
      for (const text of domain?.keys() ?? []) if (!this.#byText.has(text)) this.#byText.set(text, leaves++)
    this.size = leaves
  }

  /** By code of an output: the share of the domain that it stands for. What is not there may have been any value. */
  shares(
    inputs: Column,
    outputs: Column,
    leaves: Uint8Array,
    { domain }: RungSource,
    codes: ValueCodes | undefined,
  ): ReadonlyMap<number, number> {
    const under = new Map<number, Set<number>>()
    const add = (output: number, leaf: number): void => {
      const known = under.get(output)
      if (known === undefined) under.set(output, new Set([leaf]))
      else known.add(leaf)
    }
    for (let record = 0; record < inputs.length; record++)
      if (leaves[record] === 1 && inputs[record] !== NOTHING && outputs[record] !== NOTHING)
        add(outputs[record]!, this.#leafOf.get(inputs[record]!)!)
    if (domain !== undefined && codes !== undefined) {
      const byText = new Map(codes.entries())
      for (const [text, label] of domain) {
        const output = byText.get(label)
        if (output !== undefined) add(output, this.#byText.get(text)!)
      }
    }
    return new Map([...under].map(([output, set]) => [output, set.size / this.size]))
  }
}

function bitsOf(inputs: Column, outputs: Column, leaves: Uint8Array): number {
  const table = new TupleTable(2)
  const pair = new Int32Array(2)
  const counts: number[] = []
  for (let record = 0; record < inputs.length; record++) {
    if (leaves[record] === 0 || inputs[record] === NOTHING) continue
    pair[0] = inputs[record]!
    pair[1] = outputs[record]!
    const at = table.put(pair)
    counts[at] = (counts[at] ?? 0) + 1
  }
  return entropyLoss({
    inputs: Int32Array.from(counts, (_, at) => table.at(at, 0)),
    outputs: Int32Array.from(counts, (_, at) => table.at(at, 1)),
    counts: Int32Array.from(counts),
  })
}

/** Codes without gaps, in order of appearance. */
function compacted(codes: Int32Array): Int32Array {
  const known = new Map<number, number>()
  return codes.map((code) => {
    const number = known.get(code) ?? known.size
    known.set(code, number)
    return number
  })
}

/** Codes of texts that hold this one: a field may have several values. */
function codesWith(codes: ValueCodes, text: string): ReadonlySet<number> {
  const found = new Set<number>()
  for (const [known, code] of codes.entries()) if (known.includes(text)) found.add(code)
  return found
}

function countOf(codes: Column, leaves: Uint8Array, counted: ReadonlySet<number>): number {
  if (counted.size === 0) return 0
  let count = 0
  for (let record = 0; record < codes.length; record++)
    if (leaves[record] === 1 && counted.has(codes[record]!)) count++
  return count
}
