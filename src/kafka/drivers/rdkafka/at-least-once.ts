/** Settling at least once: first the outputs of a batch, and the offsets behind it once all of them have arrived. */
import { LetheError } from '../../../errors.ts'
import { Refused, type Settled } from '../../driver.ts'
import type { Outputs, Position } from '../../record.ts'
import { call } from './client.ts'
import { asClientError, CODE, classify, codeName, isOutdated } from './client-errors.ts'
import type { Publisher } from './publisher.ts'
import type { RdkafkaFetcher } from './rdkafka-fetcher.ts'
import { plain } from './rdkafka-offsets.ts'
import { type Session, TRANSACTION_CALL_MS } from './session.ts'

export class AtLeastOnce {
  readonly #session: Session
  readonly #publisher: Publisher
  readonly #fetcher: RdkafkaFetcher

  constructor(session: Session, publisher: Publisher, fetcher: RdkafkaFetcher) {
    this.#session = session
    this.#publisher = publisher
    this.#fetcher = fetcher
  }

  async settle(epoch: number, outputs: Outputs, next: readonly Position[]): Promise<Settled> {
    this.#publisher.refusal = undefined
    try {
      if (outputs.length > 0) {
        await this.#publisher.produce(outputs)
        await this.#session.insist(() =>
          call((done) => this.#session.producer.flush(TRANSACTION_CALL_MS, done)),
        )
        await this.#publisher.hearReports()
      }
    } catch (given) {
      if (given instanceof LetheError || given instanceof Refused) throw given
      const error = asClientError(given)
      if (classify(error) === 'fatal') throw this.#session.fail(error, 'publishing')
      // Without a new epoch the batch behind this one would be settled, and this one lost.
      this.#session.owned.endEpoch()
      return this.#session.discard(codeName(error.code))
    }
    const refused = this.#publisher.refused(this.#publisher.refusal)
    if (refused !== undefined) throw refused
    // Something of the batch did not arrive: all of it is sent again.
    if (this.#publisher.refusal !== undefined) {
      this.#session.owned.endEpoch()
      return this.#session.discard(codeName(this.#publisher.refusal))
    }
    if (epoch !== this.#session.owned.epoch) return this.#session.discard('epoch')
    if (this.#session.options.keeper === undefined) return await this.#commit(next)
    this.#session.owned.settled(next)
    return 'settled'
  }

  async #commit(next: readonly Position[]): Promise<Settled> {
    if (next.length > 0) {
      try {
        await this.#session.insist(() => this.commitOnce(next))
      } catch (given) {
        if (given instanceof LetheError) throw given
        const error = asClientError(given)
        if (isOutdated(error.code)) {
          this.#session.owned.endEpoch()
          return this.#session.discard(codeName(error.code))
        }
        throw this.#session.fail(error, 'committing offsets')
      }
    }
    this.#session.owned.settled(next)
    return 'settled'
  }

  /** The answer comes through the consumer's queue, which only a `consume` serves: here where no poll does. */
  async commitOnce(next: readonly Position[]): Promise<void> {
    const { consumer } = this.#session
    let answer: { readonly error: unknown } | undefined
    const hear = (error: unknown): void => {
      answer = { error }
    }
    consumer.once('offset.commit', hear)
    try {
      consumer.commit(plain(next))
      await this.#fetcher.serveUntil(() => answer !== undefined)
    } finally {
      consumer.removeListener('offset.commit', hear)
    }
    // Without one the driver closes: the next owner of the partitions writes the batch again.
    const error = answer === undefined ? { code: CODE.TIMED_OUT } : answer.error
    if (error !== null && error !== undefined) throw error
  }
}
