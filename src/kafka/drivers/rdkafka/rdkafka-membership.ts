/** The share of the group: what is assigned begins where the group stands; what is revoked is let go when it may be. */
import { LetheError } from '../../../errors.ts'
import type { Position, TopicPartition } from '../../record.ts'
import { asClientError, CODE, fatalError } from './client-errors.ts'
import { checkRange, committed, plain, watermarks } from './rdkafka-offsets.ts'
import type { Session } from './session.ts'

export class RdkafkaMembership {
  readonly #session: Session
  /** Changes of the assignment, one after the other. */
  rebalancing: Promise<unknown> = Promise.resolve()
  #hasGivenUp = false

  constructor(session: Session) {
    this.#session = session
  }

  rebalanced(given: unknown, partitions: readonly TopicPartition[]): void {
    const { code } = asClientError(given)
    this.#session.owned.endEpoch()
    this.#session.rewind = true
    const change = code === CODE.ASSIGN ? this.#assign(partitions) : this.#revoke(partitions)
    this.rebalancing = change.catch((error: unknown) => {
      this.#session.failure ??=
        error instanceof LetheError ? error : fatalError(asClientError(error), 'rebalancing')
    })
  }

  /**
   * Lets go what is owned, and what is being assigned, without waiting for what is on its way: that is read again. A
   * client that leaves its group waits for each partition to be given up, without end, and Node waits for the client.
   */
  giveUp(): void {
    this.#hasGivenUp = true
    const { owned } = this.#session
    try {
      this.#unassign(owned.positions())
    } catch {
      // It has left by now.
    }
  }

  #unassign(partitions: readonly TopicPartition[]): void {
    const { consumer } = this.#session
    if (consumer.rebalanceProtocol() === 'COOPERATIVE')
      consumer.incrementalUnassign(partitions.map(({ topic, partition }) => ({ topic, partition })))
    else consumer.unassign()
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { consumer, options, owned } = this.#session
    await this.rebalancing
    const { keeper } = options
    const offsets =
      keeper === undefined
        ? await this.#session.askOn(() => committed(consumer, partitions))
        : await keeper.positions(partitions)
    const positions: Position[] = []
    for (const [i, { topic, partition }] of partitions.entries()) {
      const { low, high } = await this.#session.askOn(() => watermarks(consumer, { topic, partition }))
      let offset = offsets[i] ?? low
      if (keeper !== undefined && offset < low) {
        // The group may have passed offsets that hold no record, or a person has accepted that they are gone.
        const [passed] = await this.#session.askOn(() => committed(consumer, [{ topic, partition }]))
        if (passed !== undefined && passed >= low) offset = passed
      }
      checkRange({ topic, partition, offset }, low, high, keeper !== undefined)
      positions.push({ topic, partition, offset })
    }
    if (this.#hasGivenUp) return
    if (consumer.rebalanceProtocol() === 'COOPERATIVE') consumer.incrementalAssign(plain(positions))
    else consumer.assign(plain(positions))
    keeper?.assigned(positions)
    for (const position of positions) owned.add(position)
    owned.endEpoch()
    if (this.#session.paused) consumer.pause(plain(positions))
    options.onEvent({ kind: 'assigned', partitions: positions })
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { options, owned } = this.#session
    await this.rebalancing
    // Until they are given up, no other member can have them: what is on its way may arrive.
    await this.#session.settling.catch(() => {})
    await options.keeper?.release(partitions)
    if (this.#hasGivenUp) return
    this.#unassign(partitions)
    for (const partition of partitions) owned.remove(partition)
    owned.endEpoch()
    options.onEvent({ kind: 'revoked', partitions })
  }
}
