/**
 * Batches whose rows go into a data set. A batch is taken: its dead letters are in their topic, its rows in a file that has no name yet. It is
 * final, and counted, once that file is published. The file of a partition begins where the one before it ends, so that no two processes can
 * publish the same offsets: the name of the second one exists.
 */
import type { DatasetFolder } from '../datasets/dataset-folder.ts'
import type { RangeMade } from '../datasets/range-note.ts'
import { sum } from '../engine/account.ts'
import type { WindowWatch } from '../engine/limit-window.ts'
import type { OutcomeBatch } from '../engine/outcome-batch.ts'
import { LetheError } from '../errors.ts'
import { type BatchWriter, type Emitted, refuse } from '../kafka/batch-outputs.ts'
import type { KeptDriver, Polled, PositionKeeper, Settled } from '../kafka/driver.ts'
import { policyLabel } from '../kafka/letter-writer.ts'
import { PackedRecords } from '../kafka/packed-records.ts'
import type { Dataset } from '../kafka/pipeline-file/pipeline.ts'
import { type Position, partitionKey, type TopicPartition } from '../kafka/record.ts'
import type { Plan } from '../policy/plan.ts'
import { storedTimeOf } from '../policy/published-time.ts'
import { BatchSettler, type BatchTimes, type SettlerOptions } from './batch-settler.ts'
import { OpenRange } from './open-range.ts'
import type { RouteWatch } from './route.ts'
import type { JudgedBatch, RouteSink } from './route-sink.ts'
import { type RowShaper, rowShaper } from './shaped-rows.ts'

/** No reader needs a file without rows. It is published so that its records are not read again at each start. */
const ROWLESS_MS = 600_000
/** For the last commit of offsets, which are for lag alone. */
const COMMIT_MS = 3_000

/** A file that has been published. */
export interface PublishedRange extends Position {
  /** The offset behind its last record; `offset` is the first one. */
  readonly next: number
  readonly rows: number
}

export interface DatasetSinkOptions extends Omit<SettlerOptions, 'driver' | 'settled'> {
  readonly plan: Plan
  readonly folder: DatasetFolder
  /** Check values of the keys that tokens are under, by id. */
  readonly keyChecks: Readonly<Record<string, string>>
  readonly roll: Dataset['roll']
  readonly limit: WindowWatch
  readonly watch: Pick<RouteWatch, 'settled'>
  readonly published: (range: PublishedRange) => void
  /** Another process has published what a file of this one began with. */
  readonly overtaken: () => void
}

export class DatasetSink implements RouteSink, PositionKeeper {
  readonly #options: DatasetSinkOptions
  readonly #shaper: RowShaper
  /** Rows of batches that are being settled. */
  readonly #shaped: WeakMap<OutcomeBatch, Uint8Array> = new WeakMap()
  readonly #policy: string
  readonly #made: Omit<RangeMade, 'judged'>
  #driver!: KeptDriver
  #settler!: BatchSettler
  /** By partition: the end of its last published file. */
  readonly #ends: Map<string, Position> = new Map()
  /** By partition, what the folder said last; undefined: nothing. */
  readonly #found: Map<string, number | undefined> = new Map()
  /** By partition: behind what was taken. */
  readonly #taken: Map<string, Position> = new Map()
  readonly #open: Map<string, OpenRange> = new Map()
  /** Offsets of the group that are behind. */
  readonly #uncommitted: Map<string, Position> = new Map()
  #committing: Promise<void> | undefined
  /** One after the other. */
  #working: Promise<unknown> = Promise.resolve()
  #isBroken = false
  /** In the batch at hand, another process was faster. */
  #wasOvertaken = false

  constructor(options: DatasetSinkOptions) {
    this.#options = options
    const { plan, keyChecks } = options
    this.#policy = policyLabel(plan)
    this.#made = { keyChecks, time: storedTimeOf(plan) }
    this.#shaper = rowShaper(options.folder.place.format, options.plan)
  }

  /** Before anything else. `driver`: keeps its positions here. */
  attach(driver: KeptDriver): void {
    this.#driver = driver
    this.#settler = new BatchSettler({
      ...this.#options,
      driver,
      writer: this.#shapes(this.#options.writer),
      settled: (batch, emitted, times) => this.#guarded(() => this.#take(batch, emitted, times)),
    })
  }

  /** Shapes a batch before its dead letters are written: what has no place in a row becomes one. */
  #shapes(writer: BatchWriter): BatchWriter {
    return {
      write: (batch, oldest) => {
        const misfits: number[] = []
        this.#shaped.set(
          batch.outcomes,
          this.#shaper.shape(batch.outcomes, (index) => misfits.push(index)),
        )
        for (const index of misfits) refuse(batch, index, 'output-unwritable')
        return writer.write(batch, oldest)
      },
      frameKeys: (id) => writer.frameKeys(id),
      letter: (batch, index) => writer.letter(batch, index),
    }
  }

  // What the driver asks

  async begun(
    partitions: readonly TopicPartition[],
    groupHasRead: boolean,
  ): Promise<readonly (number | undefined)[] | undefined> {
    const { folder } = this.#options
    if (await folder.hasBegun()) return await folder.positions(partitions)
    if (groupHasRead)
      throw new LetheError(
        'dataset-mismatch',
        `the group of the route ${this.#options.name} has committed offsets, and the folder ${folder.place.folder} holds nothing of a data set`,
        'is it mounted, and the right one? For another data set of the same topics, name another group too',
      )
    return undefined
  }

  begin(starts: readonly Position[]): Promise<void> {
    return this.#options.folder.begin(starts)
  }

  positions(partitions: readonly TopicPartition[]): Promise<readonly (number | undefined)[]> {
    const { folder } = this.#options
    return this.#serially(async () => {
      for (const partition of partitions) {
        // There is none, unless the client gives a partition that it has not taken away.
        await this.#open.get(partitionKey(partition))?.file.discard()
        this.#open.delete(partitionKey(partition))
      }
      const found = await folder.positions(partitions)
      for (const [at, partition] of partitions.entries()) {
        this.#found.set(partitionKey(partition), found[at])
        await folder.dropParts(partition, found[at])
      }
      return found
    })
  }

  assigned(positions: readonly Position[]): void {
    for (const position of positions) {
      const key = partitionKey(position)
      // What is read may begin behind the end of the last file, where nothing stands between: the next file covers that, too.
      this.#ends.set(key, { ...position, offset: this.#found.get(key) ?? position.offset })
      this.#taken.set(key, position)
      this.#uncommitted.set(key, position)
    }
  }

  /** What is taken of them is published as it is: if another process owns them by now, one of the two is first. */
  async release(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#serially(async () => {
      if (this.#isBroken) return
      for (const partition of partitions) {
        const key = partitionKey(partition)
        const range = this.#open.get(key)
        if (range !== undefined) await this.#guarded(() => this.#publish(key, range))
        this.#ends.delete(key)
        this.#taken.delete(key)
        this.#uncommitted.delete(key)
      }
    })
  }

  // What the loop asks

  /** One partition each: what is counted of a batch is final at once. */
  parts(polled: Polled): readonly Polled[] {
    const { epoch, records, next } = polled
    const runs = new Map<string, number[]>()
    for (let index = 0; index < records.length; index++) {
      const key = partitionKey(records.position(index))
      const run = runs.get(key)
      if (run === undefined) runs.set(key, [index])
      else run.push(index)
    }
    if (runs.size <= 1 && next.length <= 1) return [polled]
    return next.map((position) => {
      const indices = runs.get(partitionKey(position)) ?? []
      const isAll = indices.length === records.length
      return { epoch, records: isAll ? records : partOf(records, indices), next: [position] }
    })
  }

  async settle(batch: JudgedBatch, rewriteMs: number): Promise<Settled> {
    return await this.#serially(async () => {
      this.#wasOvertaken = false
      const settled = await this.#settler.settle(batch, rewriteMs)
      return this.#wasOvertaken ? 'discarded' : settled
    })
  }

  /** The driver has settled its dead letters, and reads on behind it. */
  async #take(batch: JudgedBatch, emitted: Emitted, times: BatchTimes): Promise<void> {
    const { folder, plan, limit, roll } = this.#options
    const [next] = batch.next
    if (next === undefined) return
    const key = partitionKey(next)
    const end = this.#ends.get(key)
    if (end === undefined) throw new Error('a batch was settled of a partition that is not owned')
    limit.add(batch.records.length, sum(batch.account.deadLettered))
    let range = this.#open.get(key)
    if (range === undefined && batch.records.length > 0) {
      const start = { topic: next.topic, partition: next.partition, first: end.offset }
      range = new OpenRange(start, folder.range(start, this.#shaper.columns), plan)
      this.#open.set(key, range)
    }
    if (range !== undefined) {
      const rows = this.#shaped.get(batch.outcomes)
      if (rows === undefined) throw new Error('a batch was settled whose rows were not made')
      if (rows.length > 0) await range.file.add(rows)
      range.count(batch, emitted, times)
      range.bytes += rows.length
      range.next = next.offset
    }
    this.#taken.set(key, next)
    // Offsets that hold no record are in no file until one covers them, and need not be read again.
    if (range === undefined) this.#uncommitted.set(key, next)
    if (range !== undefined && range.bytes >= roll.bytes) await this.#publish(key, range)
  }

  async turn(): Promise<void> {
    const isDue = (range: OpenRange): boolean =>
      range.age >= Math.max(this.#options.roll.time, range.account.published === 0 ? ROWLESS_MS : 0)
    if ([...this.#open.values()].some(isDue))
      await this.#serially(async () => {
        for (const [key, range] of this.#open)
          if (isDue(range)) await this.#guarded(() => this.#publish(key, range))
      })
    void this.#commit()
  }

  finalPositions(): readonly Position[] {
    return [...this.#ends].map(([key, end]) => (this.#open.has(key) ? end : this.#taken.get(key)!))
  }

  async finish(): Promise<void> {
    await this.#serially(async () => {
      if (this.#isBroken) return
      for (const [key, range] of this.#open) await this.#guarded(() => this.#publish(key, range))
    })
    const late = new Promise<void>((resolve) => setTimeout(resolve, COMMIT_MS).unref())
    // One may be on its way that knows less.
    const committed = (this.#committing ?? Promise.resolve()).then(() => this.#commit())
    await Promise.race([committed, late])
  }

  discard(): void {
    for (const range of this.#open.values()) void range.file.discard()
    this.#open.clear()
  }

  /** Gives the file of a partition its name, and counts what is in it. The one point at which records become final. */
  async #publish(key: string, range: OpenRange): Promise<void> {
    const { folder, watch, published } = this.#options
    this.#open.delete(key)
    const note = range.note(folder.place.owner, this.#policy, this.#made)
    if ((await range.file.publish(note)) === 'taken') {
      await this.#overtaken(key, range)
      return
    }
    const { topic, partition, first } = range.start
    const end = { topic, partition, offset: range.next }
    this.#ends.set(key, end)
    this.#uncommitted.set(key, end)
    const { account, emitted, tables, rewriteMs, settleMs } = range
    watch.settled({ account, groups: range.groups(), emitted, tables, rewriteMs, settleMs })
    published({ topic, partition, offset: first, next: range.next, rows: note.rows })
  }

  /** This process had lost the partition for a while, or another one has not heard of it: the files say where it stands. */
  async #overtaken(key: string, range: OpenRange): Promise<void> {
    const { folder, overtaken } = this.#options
    this.#wasOvertaken = true
    overtaken()
    const { topic, partition } = range.start
    const [offset] = await folder.positions([{ topic, partition }])
    const position = { topic, partition, offset: offset ?? range.start.first }
    this.#ends.set(key, position)
    this.#taken.set(key, position)
    await this.#driver.move(position)
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#working.then(work)
    this.#working = done.catch(() => {})
    return done
  }

  /** Where a file cannot be written, nothing more is: what is taken and not published is read again by the next start. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#isBroken) throw new Error('a data set is written to after it failed')
    try {
      await work()
    } catch (error) {
      this.#isBroken = true
      this.discard()
      throw error
    }
  }

  #commit(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined
    })
    return this.#committing
  }

  async #commitOnce(): Promise<void> {
    const positions = [...this.#uncommitted.values()]
    if (positions.length === 0) return
    try {
      await this.#driver.commit(positions)
    } catch {
      // It is for lag alone, and is tried again at the next turn; the next owner does it, too.
      return
    }
    for (const position of positions) {
      const key = partitionKey(position)
      if (this.#uncommitted.get(key) === position) this.#uncommitted.delete(key)
    }
  }
}

function partOf(records: PackedRecords, indices: readonly number[]): PackedRecords {
  const part = new PackedRecords()
  for (const index of indices) part.add(records.at(index)!)
  return part
}
