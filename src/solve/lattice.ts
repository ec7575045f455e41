/**
 * The lattice of a policy's options: one rung for each field that may move. Node `levels` says for each column which rung
 * is taken, 0 being what the policy says now.
 */

/** One quasi-identifier: what each of its values becomes at each rung. */
export interface LatticeColumn {
  /** By rung, from the finest, by value: the code of what it becomes; codes from 0 on, without a gap. */
  readonly codes: readonly Int32Array[]
  /** By rung, by value: the share of the domain that it stands for, from 0 to 1; 0 where the record has nothing to lose. */
  readonly shares: readonly Float64Array[]
  /** By value: 1 where the record has a value to lose. */
  readonly loses: Uint8Array
  /** How many values there may be. */
  readonly domain: number
  /** By rung: what is lost in bits over all records, before any is suppressed (non-uniform entropy). */
  readonly bits: readonly number[]
  /** Records with a value here that leave at no node. */
  readonly withheld: number
}

export class Lattice {
  readonly columns: readonly LatticeColumn[]
  /** By column: how many rungs it has. */
  readonly heights: readonly number[]
  /** Nodes in all; infinite only where a double cannot hold it. */
  readonly size: number
  /** By column, by rung: how many codes there are. */
  readonly counts: readonly (readonly number[])[]
  /** By column, by rung: the finest rung that it follows from. */
  readonly #starts: readonly Int32Array[]

  constructor(columns: readonly LatticeColumn[]) {
    this.columns = columns
    this.heights = columns.map(({ codes }) => codes.length)
    this.size = this.heights.reduce((product, height) => product * height, 1)
    this.counts = columns.map(({ codes }) =>
      codes.map((rung) => rung.reduce((most, code) => Math.max(most, code + 1), 0)),
    )
    this.#starts = columns.map(({ codes }) => {
      const starts = new Int32Array(codes.length)
      for (let rung = 1; rung < codes.length; rung++)
        starts[rung] = followsFrom(codes[rung]!, codes[rung - 1]!) ? starts[rung - 1]! : rung
      return starts
    })
  }

  /** The finest rung that this one follows from. */
  runStart(column: number, rung: number): number {
    return this.#starts[column]![rung]!
  }

  /** The coarsest rung that follows from this one. */
  runEnd(column: number, rung: number): number {
    const starts = this.#starts[column]!
    let end = rung
    while (end + 1 < starts.length && starts[end + 1] === starts[rung]) end++
    return end
  }

  /** Whether the classes of `coarse` are unions of classes of `fine`. */
  follows(fine: Levels, coarse: Levels): boolean {
    for (let column = 0; column < coarse.length; column++) {
      const [from, to] = [fine[column]!, coarse[column]!]
      if (from > to || this.#starts[column]![from] !== this.#starts[column]![to]) return false
    }
    return true
  }

  /** What the policy says now. */
  get start(): Levels {
    return new Int16Array(this.columns.length)
  }

  /** Every field at its coarsest. */
  get top(): Levels {
    return Int16Array.from(this.heights, (height) => height - 1)
  }
}

/** By column: the rung. */
export type Levels = Int16Array

function followsFrom(coarse: Int32Array, fine: Int32Array): boolean {
  const known = new Map<number, number>()
  for (let value = 0; value < fine.length; value++) {
    const before = known.get(fine[value]!)
    if (before !== undefined && before !== coarse[value]) return false
    known.set(fine[value]!, coarse[value]!)
  }
  return true
}
