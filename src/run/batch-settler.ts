/** Settles batches by a driver. Where a broker refuses a record of one, finds that record and settles around it. */
import { LetheError } from '../errors.ts'
import { type BatchWriter, type Emitted, refuse } from '../kafka/batch-outputs.ts'
import { type Driver, Refused, type Settled } from '../kafka/driver.ts'
import type { Position } from '../kafka/record.ts'
import type { RoutedBatch } from '../kafka/routed-batch.ts'
import type { BatchRewriter } from './batch-rewriter.ts'
import type { JudgedBatch } from './route-sink.ts'

export interface SettlerOptions {
  /** Of the route. */
  readonly name: string
  readonly driver: Driver
  readonly rewriter: BatchRewriter
  readonly writer: BatchWriter
  /** Adds the sealed originals of dead letters; undefined: none are sealed. */
  readonly seal?: ((batch: RoutedBatch) => Promise<RoutedBatch>) | undefined
  /** How old the timestamp of an output may be until its topic deletes it, in milliseconds. */
  readonly keptFor: number
  /** ms since the epoch. */
  readonly now: () => number
  /** Called for each batch that the driver has settled, a part of one that was given among them. */
  readonly settled: (batch: JudgedBatch, emitted: Emitted, times: BatchTimes) => Promise<void> | void
}

export interface BatchTimes {
  readonly rewriteMs: number
  readonly settleMs: number
}

export class BatchSettler {
  readonly #options: SettlerOptions

  constructor(options: SettlerOptions) {
    this.#options = options
  }

  settle(batch: JudgedBatch, rewriteMs: number): Promise<Settled> {
    return this.#settle(batch, rewriteMs, performance.now())
  }

  async #settle(unsealed: JudgedBatch, rewriteMs: number, began: number): Promise<Settled> {
    const { driver, writer, now, keptFor, seal } = this.#options
    const batch: JudgedBatch = seal === undefined ? unsealed : { ...unsealed, ...(await seal(unsealed)) }
    const outputs = writer.write(batch, now() - keptFor)
    try {
      const settled = await driver.settle(batch.epoch, outputs, batch.next)
      const settleMs = performance.now() - began
      if (settled === 'settled') await this.#options.settled(batch, outputs.counts, { rewriteMs, settleMs })
      return settled
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const at = error.output === undefined ? undefined : outputs.inputOf(error.output)
      if (at !== undefined) return await this.#settle(this.#refuse(batch, at, error), rewriteMs, began)
      const only = outputs.onlyInput
      if (only !== undefined) return await this.#settle(this.#refuse(batch, only, error), rewriteMs, began)
      return await this.#halve(batch, rewriteMs, began)
    }
  }

  async #halve(batch: JudgedBatch, rewriteMs: number, began: number): Promise<Settled> {
    const { rewriter, now } = this.#options
    const middle = batch.records.length >> 1
    const part = async (from: number, to: number, next?: readonly Position[]): Promise<JudgedBatch> => {
      const records = batch.records.slice(from, to)
      const { outcomes, account, groups, tables, judgedAt } = await rewriter.rewrite(records, now())
      return {
        epoch: batch.epoch,
        records,
        outcomes,
        account,
        groups,
        tables,
        judgedAt,
        next: next ?? records.behind(),
      }
    }
    const settled = await this.#settle(await part(0, middle), rewriteMs, began)
    if (settled === 'discarded') return settled
    const rest = await part(middle, batch.records.length, batch.next)
    return await this.#settle(rest, 0, performance.now())
  }

  /** A dead letter goes without its original, before its topic is taken to refuse it. */
  #refuse(batch: JudgedBatch, index: number, { code }: Refused): JudgedBatch {
    if (batch.outcomes.kind(index) === 'dead-letter') {
      if (batch.sealed?.get(index) !== undefined) {
        batch.sealed.set(index, undefined)
        return batch
      }
      throw new LetheError(
        'dead-letter-refused',
        `route ${this.#options.name}: the dead-letter topic refuses a dead letter (${code})`,
        'check its max.message.bytes and its rights',
      )
    }
    refuse(batch, index, code)
    return batch
  }
}
