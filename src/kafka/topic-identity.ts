/**
 * Whether a topic is still the one that it was: brokers give each topic an id, which one of the same name that is made later does not
 * have. Who goes on reading at an offset of the first would miss what stands before it in the second.
 */
import { LetheError } from '../errors.ts'
import type { Admin } from './admin.ts'
import type { Connection } from './driver.ts'
import { openAdmin } from './open-admin.ts'

export class TopicIdentity {
  readonly #connect: () => Connection
  readonly #topic: string
  #admin: Promise<Admin> | undefined
  #first: string | undefined
  #closed = false

  /** `known`: its id, where it was asked for before. */
  constructor(connect: () => Connection, topic: string, known?: string) {
    this.#first = known
    this.#connect = connect
    this.#topic = topic
  }

  /**
   * Asks a broker. True too where brokers are too old to tell; false where none answers within `milliseconds`.
   * @throws LetheError (`offsets-lost`) where it is another topic now
   */
  async isSame(milliseconds: number): Promise<boolean> {
    const asked = this.#ask()
    // Its answer, or failure, may come after the time is over.
    asked.catch(() => {})
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), milliseconds)
    })
    const ids = await Promise.race([asked, late])
      .catch(() => undefined)
      .finally(() => clearTimeout(timer))
    if (ids === undefined) {
      this.#drop()
      return false
    }
    const id = ids.get(this.#topic)
    this.#first ??= id
    if (id === undefined || id === this.#first) return true
    throw new LetheError(
      'offsets-lost',
      `the topic ${this.#topic} of a consent table was made again while it was followed: what stands in the new one before the offset that was reached was not read`,
      'start again, when the whole table is in the new topic',
    )
  }

  async #ask(): Promise<ReadonlyMap<string, string>> {
    if (this.#closed) throw new Error('closed')
    this.#admin ??= openAdmin(this.#connect())
    return await (await this.#admin).topicIds([this.#topic])
  }

  #drop(): void {
    const admin = this.#admin
    this.#admin = undefined
    // One that does not answer may not close either.
    void admin?.then((one) => one.close()).catch(() => {})
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }
}
