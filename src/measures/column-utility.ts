/** What one column lost on its way out. */
import type { Column } from './classes.ts'
import { jensenShannon, type Mass, wasserstein } from './distances.ts'
import type { MeasuredColumn } from './measured-records.ts'
import { TupleTable } from './tuple-table.ts'
import { columnLoss, entropyLoss, entropyOf, type Joint } from './utility.ts'
import { NOTHING } from './value-codes.ts'

/** A column of the records that were read and have a value in it, on both sides. */
export interface ColumnRecords {
  readonly values: MeasuredColumn
  readonly inputs: Column
  readonly outputs: Column
  /** By record: 1 where it was published. */
  readonly published: Uint8Array
  /** What a rule makes of each value that it takes, where files say that. */
  readonly domain: ReadonlyMap<string, string> | undefined
}

export interface ColumnUtility {
  /** Values that there may be: of the file of the hierarchy, or those that were read. */
  readonly domain: { readonly of: 'hierarchy' | 'records'; readonly values: number }
  /** From 0 to 1: how much of the domain a value stands for, withheld and suppressed ones for all of it. */
  readonly loss: number
  /** Share of what the values said that is lost, in bits. */
  readonly entropyLost: number
  /**
   * How far the published values are from all that were read, from 0 to 1: of numbers the Wasserstein distance in relation to
   * their range, of others the Jensen-Shannon distance. A generalized value is spread evenly over what it stands for.
   */
  readonly distance: { readonly measure: 'wasserstein' | 'jensen-shannon'; readonly value: number }
}

/** The code of what does not leave, whatever the reason. */
const WITHHELD = -1

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

export interface MeasuredColumnUtility {
  readonly figures: ColumnUtility
  /** Which share of the domain the output with this code stands for. */
  readonly shareOf: (output: number) => number
}

export function utilityOf(column: ColumnRecords): MeasuredColumnUtility {
  const joint = jointOf(column)
  const leaves = new Leaves(column, joint)
  const read = joint.counts.reduce((sum, count) => sum + count, 0)
  let shares = 0
  const shareOf = (output: number): number => leaves.under(output).length / leaves.count
  for (let i = 0; i < joint.counts.length; i++) shares += joint.counts[i]! * shareOf(joint.outputs[i]!)
  const entropy = entropyOf(joint)
  return {
    figures: {
      domain: { of: column.domain === undefined ? 'records' : 'hierarchy', values: leaves.count },
      loss: columnLoss(shares, read, leaves.count),
      entropyLost: entropy === 0 ? 0 : entropyLoss(joint) / entropy,
      distance: distanceOf(joint, leaves),
    },
    shareOf: (output) => shareOf(output === NOTHING ? WITHHELD : output),
  }
}

/** Which outputs were made of which inputs. Records that have no value in the column can lose none. */
function jointOf({ inputs, outputs, published }: ColumnRecords): Joint {
  const table = new TupleTable(2)
  const pair = new Int32Array(2)
  const counts: number[] = []
  for (let record = 0; record < inputs.length; record++) {
    if (inputs[record] === NOTHING) continue
    pair[0] = inputs[record]!
    pair[1] = published[record] === 0 || outputs[record] === NOTHING ? WITHHELD : outputs[record]!
    const at = table.put(pair)
    counts[at] = (counts[at] ?? 0) + 1
  }
  return {
    inputs: Int32Array.from(counts, (_, at) => table.at(at, 0)),
    outputs: Int32Array.from(counts, (_, at) => table.at(at, 1)),
    counts: Int32Array.from(counts),
  }
}

/** The values that there may be, and which of them each output stands for. */
class Leaves {
  /** By leaf: its text. */
  readonly texts: string[] = []
  readonly #ofInput = new Map<number, number>()
  readonly #under = new Map<number, Set<number>>()
  readonly #all: readonly number[]
  readonly #lists = new Map<number, readonly number[]>()

  constructor({ values, domain = new Map() }: ColumnRecords, joint: Joint) {
    const seen = new Set(joint.inputs)
    const byText = new Map<string, number>()
    for (const [text, code] of values.inputs.entries()) {
      if (!seen.has(code)) continue
      byText.set(text, this.texts.length)
      this.#ofInput.set(code, this.texts.length)
      this.texts.push(text)
    }
    for (let i = 0; i < joint.counts.length; i++) this.#add(joint.outputs[i]!, this.leafOf(joint.inputs[i]!))
    const outputs = new Map(values.outputs.entries())
    for (const [text, result] of domain) {
      let leaf = byText.get(text)
      if (leaf === undefined) {
        leaf = this.texts.length
        this.texts.push(text)
      }
      const output = outputs.get(result)
      if (output !== undefined) this.#add(output, leaf)
    }
    this.#all = [...this.texts.keys()]
  }

  get count(): number {
    return this.texts.length
  }

  leafOf(input: number): number {
    return this.#ofInput.get(input)!
  }

  /** What does not leave may have been any. */
  under(output: number): readonly number[] {
    if (output === WITHHELD) return this.#all
    let list = this.#lists.get(output)
    if (list === undefined) {
      list = [...this.#under.get(output)!]
      this.#lists.set(output, list)
    }
    return list
  }

  #add(output: number, leaf: number): void {
    const under = this.#under.get(output)
    if (under === undefined) this.#under.set(output, new Set([leaf]))
    else under.add(leaf)
  }
}

function distanceOf({ inputs, outputs, counts }: Joint, leaves: Leaves): ColumnUtility['distance'] {
  const before = new Float64Array(leaves.count)
  const perOutput = new Map<number, number>()
  for (let i = 0; i < counts.length; i++) {
    before[leaves.leafOf(inputs[i]!)]! += counts[i]!
    if (outputs[i] !== WITHHELD) perOutput.set(outputs[i]!, (perOutput.get(outputs[i]!) ?? 0) + counts[i]!)
  }
  const after = new Float64Array(leaves.count)
  for (const [output, count] of perOutput) {
    const under = leaves.under(output)
    for (const leaf of under) after[leaf]! += count / under.length
  }
  const measure = leaves.texts.every((text) => NUMBER.test(text)) ? 'wasserstein' : 'jensen-shannon'
  // Where nothing was read or nothing leaves, there is nothing to compare.
  if (perOutput.size === 0) return { measure, value: counts.length === 0 ? 0 : 1 }
  if (measure === 'jensen-shannon') return { measure, value: jensenShannon(before, after) }
  const numbers = leaves.texts.map(Number)
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const number of numbers) {
    min = Math.min(min, number)
    max = Math.max(max, number)
  }
  const masses = (weights: Float64Array): Mass[] => numbers.map((at, i) => ({ at, weight: weights[i]! }))
  return { measure, value: max === min ? 0 : wasserstein(masses(before), masses(after)) / (max - min) }
}
