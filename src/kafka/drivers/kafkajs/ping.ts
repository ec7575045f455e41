/** Asks one broker whether it answers, over a connection that is kept. */
import type { Connection } from '../../driver.ts'
import { RetriableError } from './failure.ts'
import { KafkajsClient } from './kafkajs-client.ts'
import { KafkajsCluster } from './kafkajs-cluster.ts'

export class Ping {
  readonly #client: KafkajsClient
  readonly #cluster: KafkajsCluster

  /** Of the first broker of the connection. @throws LetheError (usage) where certificates do not fit */
  constructor(connection: Connection) {
    this.#client = new KafkajsClient({ ...connection, brokers: connection.brokers.slice(0, 1) }, () => {})
    this.#cluster = new KafkajsCluster(this.#client)
  }

  /** @throws RetriableError, LetheError where it does not answer within `most` milliseconds, or refuses this client */
  async once(most: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new RetriableError('timeout')), most)
    })
    const answered = this.#client.once('connecting', async () => {
      // The question that costs a broker least.
      await (await this.#cluster.brokers.any()).apiVersions()
    })
    answered.catch(() => {})
    try {
      await Promise.race([answered, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.#cluster.close()
  }
}
