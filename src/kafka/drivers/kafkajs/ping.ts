/** Asks one broker whether it answers, over a connection that is kept. */
import type { Connection } from '../../driver.ts'
import { Brokers } from './brokers.ts'
import { Moment } from './failure.ts'

export class Ping {
  readonly #brokers: Brokers

  /** Of the first broker of the connection. @throws LetheError (usage) where certificates do not fit */
  constructor(connection: Connection) {
    this.#brokers = new Brokers({ ...connection, brokers: connection.brokers.slice(0, 1) }, () => {})
  }

  /** @throws Moment, LetheError where it does not answer within so many milliseconds, or refuses this client */
  async once(most: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Moment('timeout')), most)
    })
    const answered = this.#ask()
    answered.catch(() => {})
    try {
      await Promise.race([answered, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** The question that costs a broker least. */
  async #ask(): Promise<void> {
    const link = await this.#brokers.any()
    await link.call('ApiVersions', {})
  }

  close(): Promise<void> {
    return this.#brokers.close()
  }
}
