/** Which bytes of which file go into which shard, by sizes alone: balanced, and with few cuts. */
import { Heap } from './heap.ts'

export interface PlannedFile {
  readonly bytes: number
  /** Whether it may be cut at record ends. */
  readonly isCuttable: boolean
}

/** A stretch of a file; it ends where the next one of the file begins, or with the file. */
export interface PlannedSlice {
  /** Position of the file. */
  readonly file: number
  readonly from: number
  readonly shard: number
}

export interface ShardSizes {
  /** At most so many shards; as many as `least` allows unless stated. */
  readonly shards?: number | undefined
  /** Fewest bytes of a shard, unless there is one alone. */
  readonly least: number
}

/** A shard is at most a tenth off at each end, so that a file is not cut for little: the aim leaves room for that. */
const SLACK = 0.1
const AIM = 1.25

/**
 * Files that cannot be cut go, the largest first, each into the shard that has the fewest bytes (Graham, SIAM J. Appl. Math. 17(2),
 * 1969). All others, in their order, fill the shards up to one level.
 * @returns slices by file and offset; shards are numbered from 0, by their first slice
 */
export function planShards(files: readonly PlannedFile[], { shards, least }: ShardSizes): PlannedSlice[] {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const count = Math.max(1, Math.min(shards ?? MOST_SHARDS, MOST_SHARDS, Math.floor(total / (AIM * least))))
  const loads = new Array<number>(count).fill(0)
  const slices: PlannedSlice[] = []
  const emptiest = new Heap<number>((a, b) => loads[a]! < loads[b]! || (loads[a] === loads[b] && a < b))
  for (let shard = 0; shard < count; shard++) emptiest.push(shard)
  const whole = [...files.keys()].filter((file) => !files[file]!.isCuttable)
  for (const file of whole.sort((a, b) => files[b]!.bytes - files[a]!.bytes || a - b)) {
    const shard = emptiest.pop()!
    loads[shard]! += files[file]!.bytes
    slices.push({ file, from: 0, shard })
    emptiest.push(shard)
  }
  slices.push(...filled(files, loads))
  return numbered(withoutSmall(files, slices, least))
}

const MOST_SHARDS = 100_000

/** The level up to which `bytes` fill what is there, as water would. */
function levelOf(loads: readonly number[], bytes: number): number {
  if (bytes === 0) return 0
  const sorted = [...loads].sort((a, b) => a - b)
  let below = 0
  for (const [at, load] of sorted.entries()) {
    // So many would not reach the next one.
    if (load * at - below >= bytes) return (bytes + below) / at
    below += load
  }
  return (bytes + below) / sorted.length
}

function filled(files: readonly PlannedFile[], loads: readonly number[]): PlannedSlice[] {
  const cuttable = [...files.keys()].filter((file) => files[file]!.isCuttable)
  if (cuttable.length === 0) return []
  const bytes = cuttable.reduce((sum, file) => sum + files[file]!.bytes, 0)
  const level = levelOf(loads, bytes)
  const slack = SLACK * level
  const open = [...loads.keys()].filter((shard) => loads[shard]! < level)
  const slices: PlannedSlice[] = []
  /** Where the files, one behind the other, leave the shard at hand. */
  let at = 0
  let edge = open.length === 0 ? Number.POSITIVE_INFINITY : level - loads[open[0]!]!
  let before = 0
  const next = (): void => {
    at++
    edge += at < open.length ? level - loads[open[at]!]! : Number.POSITIVE_INFINITY
  }
  for (const file of cuttable) {
    const size = files[file]!.bytes
    while (at + 1 < open.length && edge - before < slack) next()
    slices.push({ file, from: 0, shard: open[at] ?? 0 })
    while (at + 1 < open.length && before + size - edge > slack) {
      const from = Math.round(edge - before)
      next()
      slices.push({ file, from, shard: open[at]! })
    }
    before += size
  }
  return slices
}

/** Shards that are too small go together. */
function withoutSmall(
  files: readonly PlannedFile[],
  slices: readonly PlannedSlice[],
  least: number,
): PlannedSlice[] {
  const sorted = [...slices].sort((a, b) => a.file - b.file || a.from - b.from)
  const loads = new Map<number, number>()
  for (const [at, { file, from, shard }] of sorted.entries()) {
    const next = sorted[at + 1]
    const to = next?.file === file ? next.from : files[file]!.bytes
    loads.set(shard, (loads.get(shard) ?? 0) + to - from)
  }
  const smallest = new Heap<number>((a, b) => loads.get(a)! < loads.get(b)!)
  for (const shard of loads.keys()) smallest.push(shard)
  const into = new Map<number, number>()
  for (let shard = smallest.pop(); shard !== undefined && loads.get(shard)! < least; shard = smallest.pop()) {
    const other = smallest.pop()
    if (other === undefined) break
    into.set(shard, other)
    loads.set(other, loads.get(other)! + loads.get(shard)!)
    smallest.push(other)
  }
  const lastOf = (shard: number): number => {
    let last = shard
    for (let next = into.get(last); next !== undefined; next = into.get(last)) last = next
    return last
  }
  const merged = sorted.map((slice) => ({ ...slice, shard: lastOf(slice.shard) }))
  // What lies side by side in one shard is not cut.
  return merged.filter(({ file, shard }, at) => {
    const before = merged[at - 1]
    return before?.file !== file || before.shard !== shard
  })
}

function numbered(slices: readonly PlannedSlice[]): PlannedSlice[] {
  const numbers = new Map<number, number>()
  for (const { shard } of slices) if (!numbers.has(shard)) numbers.set(shard, numbers.size)
  return slices.map((slice) => ({ ...slice, shard: numbers.get(slice.shard)! }))
}
