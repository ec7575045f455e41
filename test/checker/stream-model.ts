/**
 * A consumer group of stream processors in memory, which crash, abort and rebalance as they are told. It keeps the
 * contract of delivery, unless it is given a defect.
 */
import type { LogRecord } from '../integration/checker/records.ts'
import { type Defect, eventOf, writesOf } from './events.ts'
import { beginTransaction, endTransaction, Log, type Transaction } from './logs.ts'

export interface Batch {
  /** The generation of the group that it was polled in. */
  epoch: number
  readonly writes: { readonly isDeadLetter: boolean; readonly record: LogRecord }[]
  readonly next: ReadonlyMap<number, number>
}

interface Worker {
  salt: string
  /** Partitions owned, and where each is read next. */
  owned: Map<number, number>
  batch: Batch | undefined
  transaction: Transaction | undefined
}

export interface ModelOptions {
  readonly draw: (below: number) => number
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly defect?: Defect
  readonly records: number
  readonly workers: number
}

export const ACTIONS = ['poll', 'write', 'commit', 'fail', 'crash', 'rebalance'] as const
export type Action = (typeof ACTIONS)[number]

const PARTITIONS = 3

export class StreamModel {
  readonly inputs: readonly Log[] = logs('in')
  readonly outputs: readonly Log[] = logs('out')
  readonly deadLetters: readonly Log[] = logs('dead')
  readonly #options: ModelOptions
  readonly #workers: Worker[]
  /** The committed records of each input partition. */
  readonly #readable: readonly (readonly LogRecord[])[]
  readonly #committed = new Map<number, number>()
  #epoch = 0
  #salts = 0

  constructor(options: ModelOptions) {
    this.#options = options
    const { draw, records, workers } = options
    for (let n = 0; n < records; n++) {
      // Some producers abort: their records are nobody's input, and leave gaps.
      const log = this.inputs[draw(PARTITIONS)]!
      const transaction = draw(5) === 0 ? beginTransaction() : undefined
      log.append(eventOf(n, draw), transaction)
      if (transaction !== undefined) endTransaction(transaction, draw(2) === 0 ? 'aborted' : 'committed')
    }
    this.#readable = this.inputs.map((log) => log.read())
    this.#workers = Array.from({ length: workers }, () => this.#newWorker())
    this.#rebalance()
  }

  #newWorker(): Worker {
    return { salt: `salt ${this.#salts++}`, owned: new Map(), batch: undefined, transaction: undefined }
  }

  act(action: Action, who: number): void {
    const worker = this.#workers[who % this.#workers.length]!
    if (action === 'poll') this.#poll(worker)
    else if (action === 'write') this.#write(worker)
    else if (action === 'commit') this.#commit(worker)
    else if (action === 'fail') this.#abort(worker)
    else if (action === 'rebalance') this.#rebalance()
    else this.#crash(worker)
  }

  /** Lets everything that is left happen, without another fault. */
  drain(): void {
    for (let rest = 2; rest > 0; ) {
      const moved = this.#workers.filter((worker) => {
        this.#poll(worker)
        const hasBatch = worker.batch !== undefined
        while (worker.batch !== undefined && worker.batch.writes.length > 0) this.#write(worker)
        this.#commit(worker)
        return hasBatch
      })
      rest = moved.length > 0 ? 2 : rest - 1
    }
    for (const worker of this.#workers) this.#end(worker, 'aborted')
  }

  #poll(worker: Worker): void {
    if (worker.batch !== undefined) return
    const { draw, defect } = this.#options
    const records: LogRecord[] = []
    const next = new Map<number, number>()
    for (const [partition, position] of worker.owned) {
      const at = this.#readable[partition]!.findIndex(({ offset }) => offset >= position)
      const some = at < 0 ? [] : this.#readable[partition]!.slice(at, at + 1 + draw(4))
      if (some.length === 0) continue
      records.push(...some)
      next.set(partition, some.at(-1)!.offset + 1)
    }
    for (const [partition, position] of next) {
      worker.owned.set(partition, position)
      if (defect === 'offset committed early') this.#committed.set(partition, position)
    }
    if (records.length === 0) return
    const writes = records.flatMap((record) => writesOf(record, defect, worker.salt))
    worker.batch = { epoch: this.#epoch, writes: writes as Batch['writes'], next }
  }

  /** Writes the next record of the batch. */
  #write(worker: Worker): void {
    const write = worker.batch?.writes.shift()
    if (write === undefined) return
    if (this.#options.delivery === 'exactly-once') worker.transaction ??= beginTransaction()
    const { isDeadLetter, record } = write
    const to = isDeadLetter ? this.deadLetters : this.outputs
    const hash = record.key === null ? 0 : record.key.reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7)
    to[hash % PARTITIONS]!.append(record, worker.transaction)
  }

  #commit(worker: Worker): void {
    const { batch } = worker
    if (batch === undefined || batch.writes.length > 0) return
    // The coordinator takes offsets from a member of this generation only.
    if (batch.epoch !== this.#epoch) {
      this.#abort(worker)
      return
    }
    this.#end(worker, 'committed')
    for (const [partition, position] of batch.next) this.#committed.set(partition, position)
    worker.batch = undefined
  }

  /** Something failed: nothing of the batch may count, and it is read again. */
  #abort(worker: Worker): void {
    const { defect } = this.#options
    if (worker.batch === undefined) return
    worker.batch = undefined
    if (defect !== 'abort skipped') this.#end(worker, 'aborted')
    if (defect !== 'no seek after abort') this.#seek(worker)
  }

  /** The process dies and another takes its place; the coordinator aborts its transaction. */
  #crash(worker: Worker): void {
    this.#end(worker, 'aborted')
    Object.assign(worker, this.#newWorker())
    this.#rebalance()
  }

  #end(worker: Worker, state: 'committed' | 'aborted'): void {
    if (worker.transaction !== undefined) endTransaction(worker.transaction, state)
    worker.transaction = undefined
  }

  #rebalance(): void {
    const { draw, defect } = this.#options
    this.#epoch++
    for (const worker of this.#workers) {
      worker.owned = new Map()
      // The group's metadata is read when offsets are sent: the newer generation hides how old the batch is.
      if (
        defect === 'a batch of a revoked partition committed in a newer epoch' &&
        worker.batch !== undefined
      )
        worker.batch.epoch = this.#epoch
    }
    for (let partition = 0; partition < PARTITIONS; partition++)
      this.#workers[draw(this.#workers.length)]!.owned.set(partition, 0)
    for (const worker of this.#workers) this.#seek(worker)
  }

  /** Reads on from the committed offsets. */
  #seek({ owned }: Worker): void {
    const isLatest = this.#options.defect === 'start at latest without a committed offset'
    for (const partition of owned.keys())
      owned.set(partition, this.#committed.get(partition) ?? (isLatest ? this.inputs[partition]!.end : 0))
  }
}

const logs = (topic: string): readonly Log[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => new Log(topic, partition))
