/**
 * The port between Lethe and a Kafka client. A driver joins one consumer group for one route, hands over records in
 * batches, and settles each batch: its outputs and the offsets behind it. Two drivers stand behind it, `rdkafka`
 * and `kafkajs`; one contract suite runs over both. What a driver throws is a `LetheError` that shows no value, or a
 * `Refused`.
 *
 * Positions. A driver keeps, for each partition it owns, the offset behind the last settled record. An *epoch* is the
 * time between two changes of what it owns or of where it reads. A batch belongs to the epoch that it was polled in;
 * once another has begun, `settle` discards it, and its records are polled again by their owner.
 */

import { type ErrorCode, LetheError } from '../errors.ts'
import { CAUSES, type Cause } from './cause.ts'
import type { Tokens } from './oauth/tokens.ts'
import type { PackedRecords } from './packed-records.ts'
import type { Delivery, Route, Start } from './pipeline-file/pipeline.ts'
import type { Outputs, Position, TopicPartition } from './record.ts'

/** How much a batch holds at most, and how long to wait for it. */
export interface BatchBounds {
  readonly records: number
  /** Keys, values and headers. One record may be larger than all of it: then it comes alone. */
  readonly bytes: number
  /** Milliseconds from the call on. */
  readonly time: number
}

export interface Polled {
  readonly epoch: number
  /** In order within each partition. May be empty. */
  readonly records: PackedRecords
  /** Where each partition that has records here, or whose end was reached, is to be read on. */
  readonly next: readonly Position[]
}

/** `discarded`: nothing of the batch is visible, and its records will be polled again (here or elsewhere). */
export type Settled = 'settled' | 'discarded'

/** A broker refuses a record for good. The batch is not settled; alone, the record at fault is known. */
export class Refused extends Error {
  readonly code: 'output-too-large' | 'output-refused'
  /** Position in the outputs, where the client says which. */
  readonly output: number | undefined
  constructor(code: Refused['code'], output: number | undefined) {
    super(code)
    this.code = code
    this.output = output
  }
}

/** Another process has taken over this one's name and work: it stays down. */
export class FencedError extends LetheError {}

/** Brokers, or what gives this client the right to talk to them. */
const AWAY: Readonly<Partial<Record<string, ErrorCode>>> = {
  'no-broker': 'broker-unreachable',
  'token-unavailable': 'token-unavailable',
}

/**
 * This client has failed, and a new one may go on: what was not settled is read again, and exactly once
 * nothing of it is visible.
 */
export class ClientLost extends LetheError {
  /** For logs and metrics: what the client or the broker calls it. */
  readonly clientCode: string
  /** Why it does not get through, where that is what happened. */
  readonly reason: Cause | undefined
  constructor(clientCode: string, message: string, way?: string, reason?: Cause) {
    super(AWAY[clientCode] ?? 'client-lost', message, way)
    this.clientCode = clientCode
    this.reason = reason
  }

  /** Whether what is missing runs elsewhere, and may be away for long. */
  get isAway(): boolean {
    return Object.hasOwn(AWAY, this.clientCode)
  }
}

/** No broker answers. There is nothing to do with this client; brokers may come back. */
export function noBroker(brokers: readonly string[], seconds: number, reason: Cause): ClientLost {
  const [what, way] = CAUSES[reason]
  const where = brokers.join(', ')
  return new ClientLost(
    'no-broker',
    `no broker answers within ${seconds} s at ${where}: ${what} (${reason})`,
    way,
    reason,
  )
}

/** What happens inside a driver, for metrics and logs. Codes only: never a client's own text. */
export type DriverEvent =
  | { readonly kind: 'assigned' | 'revoked' | 'lost'; readonly partitions: readonly TopicPartition[] }
  /** A transaction was aborted, or a batch discarded before one began. */
  | { readonly kind: 'aborted' | 'discarded'; readonly code: string }
  /** An error of the moment: the same call is made again. */
  | { readonly kind: 'retry'; readonly code: string }
  | {
      readonly kind: 'client-log'
      readonly severity: 'error' | 'warn' | 'info' | 'debug'
      readonly code: string
    }

/** How to reach the brokers, secrets resolved. Never logged. */
export interface Connection {
  readonly brokers: readonly string[]
  /** PEM texts; undefined: no TLS. */
  readonly tls:
    | {
        readonly ca: string | undefined
        readonly cert: string | undefined
        readonly key: string | undefined
        readonly keyPassword: string | undefined
      }
    | undefined
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
        readonly username: string
        readonly password: string
      }
    | {
        readonly mechanism: 'oauthbearer'
        readonly tokens: Tokens
        readonly username?: undefined
        readonly password?: undefined
      }
    | undefined
  /** Client settings by their Kafka names, from the pipeline file's allow-list. */
  readonly client: ReadonlyMap<string, string | number | boolean>
  /** Milliseconds within which a broker must answer when a client opens; 15 s unless stated. */
  readonly openMs?: number | undefined
}

export interface DriverOptions {
  readonly connection: Connection
  readonly group: string
  readonly topics: Route['from']['topics']
  readonly start: Start
  readonly delivery: Delivery
  /** The same over restarts of this instance, and no other's. Exactly once only. */
  readonly transactionalId: string
  /** The largest batch of records that the output topic takes, and so the largest record; undefined: not known. */
  readonly maxMessageBytes?: number | undefined
  /** The largest batch that every topic takes which is written to; undefined: not known. */
  readonly maxBatchBytes?: number | undefined
  readonly onEvent: (event: DriverEvent) => void
  /** Keeps the positions, in place of the group; the delivery is at least once then, and the driver a `KeptDriver`. */
  readonly keeper?: PositionKeeper | undefined
}

/**
 * Where the positions of a route are kept that publishes elsewhere than in topics: what is published and how far it reaches become
 * visible at once there. The offsets of the group are committed behind that, for lag alone.
 */
export interface PositionKeeper {
  /**
   * Where it stands, as `positions`; undefined: it has no beginning. `partitions`: those of the route; `groupHasRead`: the group has
   * committed offsets of them.
   * @throws LetheError where the two do not go together, or what is kept is damaged
   */
  begun(
    partitions: readonly TopicPartition[],
    groupHasRead: boolean,
  ): Promise<readonly (number | undefined)[] | undefined>
  /** Keeps where it begins. Another process may have been first: then that counts. */
  begin(starts: readonly Position[]): Promise<void>
  /** Where each of the partitions is to be read on; undefined: at its beginning. @throws LetheError */
  positions(partitions: readonly TopicPartition[]): Promise<readonly (number | undefined)[]>
  /** These are owned from now on, and read from there. */
  assigned(positions: readonly Position[]): void
  /** Called before they are let go, or once they are lost. @throws LetheError */
  release(partitions: readonly TopicPartition[]): Promise<void>
}

/**
 * A driver whose positions are kept elsewhere. `settle` produces the outputs, and takes `next` for what is read and need not be read again
 * by this driver, whether it is published or not; nothing is committed.
 */
export interface KeptDriver extends Driver {
  /** Commits offsets of the group, once. @throws where that fails: nothing depends on it */
  commit(positions: readonly Position[]): Promise<void>
  /** Reads an owned partition on from there: a new epoch. */
  move(position: Position): Promise<void>
}

export interface Driver {
  readonly name: 'rdkafka' | 'kafkajs'
  /**
   * Connects and joins the group. Resolves once the brokers answer.
   * @throws LetheError (I/O, exit code 4) if no broker answers within 15 s, or refuses the client
   */
  open(): Promise<void>
  /**
   * The next records, waiting for them no longer than `bounds.time`. Not called again before it has resolved; may be
   * called while batches before it are being settled, or wait for that: in a new epoch it begins at the settled
   * positions.
   */
  poll(bounds: BatchBounds): Promise<Polled>
  /**
   * Makes a batch final: exactly once, outputs and offsets in one transaction; at least once, first the outputs, then
   * the offsets. `next` are the positions behind the batch. Errors of the moment are tried again inside.
   * @throws Refused where a broker refuses a record; ClientLost where only another driver can go on; LetheError where
   *   none can
   */
  settle(epoch: number, outputs: Outputs, next: readonly Position[]): Promise<Settled>
  /** Drops what was polled and not settled, and reads on from the settled positions: a new epoch. */
  rewind(): Promise<void>
  /** Stops fetching, while nothing can be settled; `resume` goes on. The membership is kept. */
  pause(): void
  resume(): void
  /** Partitions owned now, each with the settled position. */
  positions(): readonly Position[]
  /** Ends of the owned partitions (read_committed where exactly once), for lag; asks the broker. */
  ends(): Promise<readonly Position[]>
  /** The committed offset of the group for each of the partitions that has one, of any member; asks the broker. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly Position[]>
  /**
   * The ends of all partitions of the route, where `--until-end` stops; they lie before open transactions. Fixed once
   * per group: while they are not all reached, every process and every restart gets the same ones. Committed as
   * offsets of the group `GROUP.until-end`.
   */
  untilEnd(): Promise<readonly Position[]>
  /** Leaves the group and closes, within `deadline` milliseconds; an open transaction is aborted. */
  close(deadline: number): Promise<void>
}
