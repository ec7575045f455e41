/**
 * A member of a consumer group, by the classic protocol with eager rebalances: joins, beats its heart, lets go of
 * everything when the group rebalances, and joins again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { LetheError } from '../../../errors.ts'
import type { TopicPartition } from '../../record.ts'
import { ASSIGNORS, encodeShares, type Shares, type Subscription } from './assignors.ts'
import type { Brokers } from './brokers.ts'
import { CODE, isMoved, Moment } from './failure.ts'
import type { Generation, Group } from './offsets.ts'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol

/** `rebalance`: still a member, which may settle what is on its way; `lost`: the group has given its share away. */
export type Leaving = 'rebalance' | 'lost'

export interface MembershipHooks {
  /** The topics to read, as they are now. */
  topics(): Promise<readonly string[]>
  /** `gone` is aborted as soon as the share is to be let go. */
  assigned(partitions: readonly TopicPartition[], as: Generation, gone: AbortSignal): Promise<void>
  /** Resolves when nothing of the share is used any more. Heartbeats wait for it. */
  revoked(why: Leaving): Promise<void>
  /** Whether nobody has asked for records for too long. */
  isForsaken(): boolean
  /** Resolves once somebody asks for records, or nobody ever will. */
  wanted(): Promise<void>
  failed(error: unknown): void
}

interface Joined {
  readonly errorCode: number
  readonly generationId: number
  readonly groupProtocol: string
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}

export class Membership {
  readonly #brokers: Brokers
  readonly #group: Group
  readonly #hooks: MembershipHooks
  readonly #leaving = new AbortController()
  #memberId = ''
  #topics: readonly string[] = []
  /** How many partitions each topic had when it was last looked at. */
  #shape = ''

  constructor(brokers: Brokers, group: Group, hooks: MembershipHooks) {
    this.#brokers = brokers
    this.#group = group
    this.#hooks = hooks
  }

  start(): void {
    this.#run().catch((error: unknown) => {
      // What fails because everything is closed is no failure.
      if (!this.#leaving.signal.aborted) this.#hooks.failed(error)
    })
  }

  /** Tells the group, so that it need not wait for the session to end. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    if (this.#memberId !== '') {
      const memberId = this.#memberId
      // Not over the group's connection: a join may wait there.
      await this.#group.call('LeaveGroup', { memberId }).catch(() => {})
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#leaving
    while (!signal.aborted) {
      await this.#hooks.wanted()
      const member = await this.#brokers.insist(() => this.#join(), signal)
      if (member === undefined) continue
      const gone = new AbortController()
      const assigned = this.#hooks
        .assigned(member.partitions, member.generation, gone.signal)
        .catch((error: unknown) => {
          if (!gone.signal.aborted) this.#hooks.failed(error)
        })
      const why = await this.#stay(member.generation)
      gone.abort()
      await assigned
      if (why === undefined) return
      await this.#hooks.revoked(why)
    }
  }

  /** One round of joining; undefined where another one is needed. @throws Moment, LetheError */
  async #join(): Promise<{ generation: Generation; partitions: readonly TopicPartition[] } | undefined> {
    const { settings } = this.#brokers
    this.#topics = await this.#hooks.topics()
    const metadata = MemberMetadata.encode({
      version: 0,
      topics: [...this.#topics],
      userData: Buffer.alloc(0),
    })
    const joined = await this.#group.call<Joined>(
      'JoinGroup',
      {
        sessionTimeout: settings.sessionTimeout,
        rebalanceTimeout: settings.maxPollInterval,
        memberId: this.#memberId,
        protocolType: 'consumer',
        groupProtocols: settings.assignors.map((name) => ({ name, metadata })),
      },
      'group',
    )
    if (!this.#isAccepted(joined.errorCode, joined.memberId)) return undefined
    this.#memberId = joined.memberId
    const { generationId, memberId } = joined
    const shares = joined.leaderId === memberId ? await this.#share(joined) : new Map()
    const synced = await this.#group.call<{ errorCode: number; memberAssignment: Buffer }>(
      'SyncGroup',
      { generationId, memberId, groupAssignment: encodeShares(shares) },
      'group',
    )
    if (!this.#isAccepted(synced.errorCode, memberId)) return undefined
    this.#shape = await this.#look()
    const assignment = MemberAssignment.decode(synced.memberAssignment)?.assignment ?? {}
    const partitions = Object.entries(assignment).flatMap(([topic, numbers]) =>
      this.#topics.includes(topic) ? numbers.map((partition) => ({ topic, partition })) : [],
    )
    return { generation: { generationId, memberId }, partitions }
  }

  #isAccepted(code: number, memberId: string): boolean {
    switch (code) {
      case CODE.none:
        return true
      case CODE.memberIdRequired:
        this.#memberId = memberId
        return false
      case CODE.unknownMemberId:
        this.#memberId = ''
        return false
      case CODE.illegalGeneration:
      case CODE.rebalanceInProgress:
        return false
      case CODE.inconsistentGroupProtocol:
        throw new LetheError(
          'group-conflict',
          `the consumer group ${this.#group.name} has members that share partitions in another way`,
          "use a group of its own, or set 'partition.assignment.strategy: range' for all members",
        )
      case CODE.invalidSessionTimeout:
        throw new LetheError(
          'setting-refused',
          "the broker does not allow this 'session.timeout.ms'",
          'stay between its group.min.session.timeout.ms and group.max.session.timeout.ms',
        )
      default:
        this.#group.check(code)
        return false
    }
  }

  /** As the leader: who reads what. */
  async #share({ members, groupProtocol }: Joined): Promise<Shares> {
    const subscriptions: Subscription[] = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }))
    const names = [...new Set(subscriptions.flatMap(({ topics }) => topics))]
    const { topicMetadata } = await this.#brokers.refresh(names)
    const partitions = new Map(
      topicMetadata
        .filter(({ topicErrorCode }) => topicErrorCode === CODE.none)
        .map(({ topic, partitionMetadata }) => [
          topic,
          partitionMetadata.map(({ partitionId }) => partitionId).toSorted((a, b) => a - b),
        ]),
    )
    return ASSIGNORS[groupProtocol]!(subscriptions, partitions)
  }

  /** Beats until the share is to be let go; undefined: because this member leaves. */
  async #stay({ generationId, memberId }: Generation): Promise<Leaving | undefined> {
    const { heartbeatInterval, metadataMaxAge } = this.#brokers.settings
    const { signal } = this.#leaving
    let lookAt = performance.now() + metadataMaxAge
    while (!signal.aborted) {
      await sleep(heartbeatInterval, undefined, { signal }).catch(() => {})
      if (signal.aborted) break
      if (this.#hooks.isForsaken()) {
        await this.#group.call('LeaveGroup', { memberId }).catch(() => {})
        this.#memberId = ''
        return 'lost'
      }
      const why = await this.#beat(generationId, memberId)
      if (why !== undefined) return why
      if (performance.now() > lookAt) {
        lookAt = performance.now() + metadataMaxAge
        if (await this.#hasChanged()) return 'rebalance'
      }
    }
    return undefined
  }

  async #beat(generationId: number, memberId: string): Promise<Leaving | undefined> {
    try {
      const { errorCode } = await this.#group.call<{ errorCode: number }>(
        'Heartbeat',
        { groupGenerationId: generationId, memberId },
        'group',
      )
      if (errorCode === CODE.rebalanceInProgress) return 'rebalance'
      if (errorCode === CODE.unknownMemberId) this.#memberId = ''
      if (errorCode === CODE.unknownMemberId || errorCode === CODE.illegalGeneration) return 'lost'
      if (isMoved(errorCode)) this.#group.forget()
      this.#group.check(errorCode)
    } catch (error) {
      // The next one may come through.
      if (!(error instanceof Moment)) throw error
    }
    return undefined
  }

  /** Whether topics came or went, or have grown. */
  async #hasChanged(): Promise<boolean> {
    try {
      return (await this.#look()) !== this.#shape
    } catch (error) {
      if (error instanceof Moment) return false
      throw error
    }
  }

  async #look(): Promise<string> {
    const names = await this.#hooks.topics()
    const sizes: string[] = []
    for (const name of names)
      sizes.push(`${name}:${(await this.#brokers.partitionsOf(name, `reading topic ${name}`)).length}`)
    return sizes.join()
  }
}
