/** Handing outputs to the producer, and hearing which of them the broker refuses: the same in both ways of settling. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { Refused } from '../../driver.ts'
import type { Outputs } from '../../record.ts'
import {
  asClientError,
  type ClientError,
  CODE,
  classify,
  codeName,
  isRefusal,
  isTooLarge,
} from './client-errors.ts'
import { filled } from './messages.ts'
import type { Session } from './session.ts'

export class Publisher {
  readonly #session: Session
  /** Why the broker refused a record of the batch at hand. */
  refusal: number | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** Before the producer connects. */
  prepare(): void {
    this.#session.producer.on('delivery-report', (error) => this.#undelivered(asClientError(error)))
  }

  async produce(outputs: Outputs): Promise<void> {
    const producer = this.#session.producer
    for (let index = 0; index < outputs.length; index++) {
      const output = outputs.at(index)!
      for (;;) {
        try {
          producer.produce(
            output.topic,
            output.partition,
            filled(output.value),
            filled(output.key),
            output.timestamp,
            undefined,
            output.headers as never,
          )
          break
        } catch (given) {
          const error = asClientError(given)
          if (isRefusal(error.code))
            throw new Refused(isTooLarge(error.code) ? 'output-too-large' : 'output-refused', index)
          if (error.code !== CODE.QUEUE_FULL) throw given
          producer.poll()
          await sleep(1)
          if (this.#session.closing) throw given
        }
      }
    }
  }

  /** Reports of delivery are handed to this thread by themselves: they may come behind the answer to a `flush`. */
  async hearReports(): Promise<void> {
    this.#session.producer.poll()
    for (let turn = 0; turn < 2; turn++) await setImmediate()
  }

  #undelivered({ code }: ClientError): void {
    // What an abort throws away is not refused.
    if (code === CODE.PURGE_QUEUE || code === CODE.PURGE_INFLIGHT) return
    this.#session.options.onEvent({ kind: 'client-log', severity: 'warn', code: codeName(code) })
    if (this.refusal === undefined || isRefusal(code)) this.refusal = code
  }

  /** A broker's refusal, for which the records at fault have to be found; a missing right or topic is none. */
  refused(code: number | undefined): Refused | undefined {
    if (code === undefined) return undefined
    if (isRefusal(code))
      return new Refused(isTooLarge(code) ? 'output-too-large' : 'output-refused', undefined)
    const error: ClientError = { code, isFatal: false, isRetriable: false, isTxnRequiresAbort: false }
    if (classify(error) === 'fatal') throw this.#session.fail(error, 'publishing')
    return undefined
  }
}
