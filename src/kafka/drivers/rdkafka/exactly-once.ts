/** Settling exactly once: the outputs of a batch and the offsets behind it, where it has any, in one transaction. */
import { LetheError } from '../../../errors.ts'
import { Refused, type Settled } from '../../driver.ts'
import type { Outputs, Position } from '../../record.ts'
import { call } from './client.ts'
import { asClientError, type ClientError, CODE, classify, codeName, isRefusal } from './client-errors.ts'
import type { Publisher } from './publisher.ts'
import { plain } from './rdkafka-offsets.ts'
import { type Session, TRANSACTION_CALL_MS } from './session.ts'

/** The most attempts at a transaction whose sequence had a gap. */
const MOST_TRIES = 3

export class ExactlyOnce {
  readonly #session: Session
  readonly #publisher: Publisher
  /** Behind records that the broker refused, the producer's sequence has a gap, and one more abort closes it. */
  #hasGap = false

  constructor(session: Session, publisher: Publisher) {
    this.#session = session
    this.#publisher = publisher
  }

  async settle(epoch: number, outputs: Outputs, next: readonly Position[]): Promise<Settled> {
    try {
      return await this.#settle(epoch, outputs, next, 1)
    } finally {
      this.#session.begunAt = undefined
    }
  }

  async #settle(epoch: number, outputs: Outputs, next: readonly Position[], tries: number): Promise<Settled> {
    this.#publisher.refusal = undefined
    this.#session.begunAt = performance.now()
    const producer = this.#session.producer
    try {
      await this.#session.insist(() => call((done) => producer.beginTransaction(done)))
      await this.#publisher.produce(outputs)
      if (epoch !== this.#session.owned.epoch) {
        await this.#arrive()
        return await this.#abort('epoch')
      }
      if (next.length > 0)
        await this.#session.insist(() =>
          call((done) =>
            producer.sendOffsetsToTransaction(
              plain(next) as never,
              this.#session.consumer,
              TRANSACTION_CALL_MS,
              done,
            ),
          ),
        )
      await this.#session.insist(() => call((done) => producer.commitTransaction(TRANSACTION_CALL_MS, done)))
    } catch (given) {
      if (given instanceof LetheError) throw given
      const refused = given instanceof Refused ? given : undefined
      const error = asClientError(given)
      if (refused === undefined && !isRefusal(error.code) && classify(error) === 'fatal')
        throw this.#session.fail(await this.#reasonOf(error), 'committing')
      if (refused !== undefined) await this.#arrive()
      await this.#publisher.hearReports()
      const found =
        refused ?? this.#publisher.refused(isRefusal(error.code) ? error.code : this.#publisher.refusal)
      const isAgain = found === undefined && this.#hasGap && tries < MOST_TRIES
      const settled = await this.#abort(found?.code ?? codeName(error.code), found !== undefined || isAgain)
      if (refused === undefined && found !== undefined) this.#hasGap = true
      if (found !== undefined) throw found
      if (!isAgain) return settled
      return await this.#settle(epoch, outputs, next, tries + 1)
    }
    this.#hasGap = false
    this.#session.owned.settled(next)
    return 'settled'
  }

  /** `produce` only says that the client has ended; the calls of a transaction say why, at once. */
  async #reasonOf(error: ClientError): Promise<ClientError> {
    if (error.code !== CODE.FATAL) return error
    try {
      await call((done) => this.#session.producer.abortTransaction(TRANSACTION_CALL_MS, done))
    } catch (given) {
      return asClientError(given)
    }
    return error
  }

  /**
   * Lets what was produced arrive. While the broker still ends the transaction before, it takes none of the next; to
   * abort one that it has not begun it answers with an error that ends the client.
   */
  async #arrive(): Promise<void> {
    await call((done) => this.#session.producer.flush(TRANSACTION_CALL_MS, done)).catch(() => {})
  }

  /** Aborts, so that nothing of the batch is visible. `keep`: the same records are settled again at once. */
  async #abort(code: string, keep = false): Promise<Settled> {
    this.#session.options.onEvent({ kind: 'aborted', code })
    try {
      await this.#session.insist(() =>
        call((done) => this.#session.producer.abortTransaction(TRANSACTION_CALL_MS, done)),
      )
    } catch (given) {
      if (given instanceof LetheError) throw given
      throw this.#session.fail(asClientError(given), 'aborting')
    }
    if (!keep) {
      this.#session.owned.endEpoch()
      this.#session.rewind = true
    }
    return 'discarded'
  }
}
