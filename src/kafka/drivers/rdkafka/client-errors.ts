/**
 * librdkafka's error codes, in three classes (KIP-360, KIP-447, librdkafka's INTRODUCTION on transactions): of the
 * moment, where the same call is made again; those that end the transaction at hand; and those that end the client.
 * Only codes are passed on: an error's own text may hold names of hosts, topics and more.
 */
import { type ErrorCode, LetheError } from '../../../errors.ts'
import { type Cause, causeOf, Unfit } from '../../cause.ts'
import { ClientLost, FencedError } from '../../driver.ts'

/** What the library throws and calls back with. */
export interface ClientError {
  readonly code: number
  readonly isFatal: boolean
  readonly isRetriable: boolean
  readonly isTxnRequiresAbort: boolean
}

export const CODE = {
  BAD_COMPRESSION: -198,
  NOT_IMPLEMENTED: -170,
  NO_OFFSET: -168,
  AUTHENTICATION: -169,
  ASSIGN: -175,
  REVOKE: -174,
  SSL: -181,
  QUEUE_FULL: -184,
  TIMED_OUT_QUEUE: -166,
  TIMED_OUT: -185,
  TRANSPORT: -195,
  RESOLVE: -193,
  ALL_BROKERS_DOWN: -187,
  UNKNOWN_TOPIC: -188,
  UNKNOWN_PARTITION: -190,
  STATE: -172,
  FATAL: -150,
  FENCED: -144,
  AUTO_OFFSET_RESET: -140,
  PURGE_QUEUE: -152,
  PURGE_INFLIGHT: -151,
  MSG_SIZE_TOO_LARGE: 10,
  RECORD_LIST_TOO_LARGE: 18,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  UNKNOWN_TOPIC_OR_PART: 3,
  WAIT_COORD: -180,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER: 6,
  REQUEST_TIMED_OUT: 7,
  BROKER_NOT_AVAILABLE: 8,
  REPLICA_NOT_AVAILABLE: 9,
  NETWORK_EXCEPTION: 13,
  COORDINATOR_LOADING: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  OFFSET_NOT_AVAILABLE: 78,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  SASL_AUTHENTICATION_FAILED: 58,
  INVALID_RECORD: 87,
  PRODUCER_FENCED: 90,
  UNSTABLE_OFFSET_COMMIT: 88,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  FENCED_INSTANCE_ID: 82,
} as const

const NAMES: Map<number, string> = new Map()

/** Takes the library's own list of codes, for their names. */
export function learnCodes(codes: Readonly<Record<string, number>>): void {
  for (const [name, code] of Object.entries(codes))
    if (!NAMES.has(code))
      NAMES.set(
        code,
        name
          .replace(/^ERR__?/, '')
          .toLowerCase()
          .replaceAll('_', '-'),
      )
}

/** Those that say why a client does not get through have the words that both drivers use. */
const CAUSE_NAMES: ReadonlyMap<number, Cause> = new Map<number, Cause>([
  [CODE.TIMED_OUT, 'timeout'],
  [CODE.RESOLVE, 'dns'],
  [CODE.SSL, 'tls-handshake'],
  [CODE.AUTHENTICATION, 'auth-failed'],
  [CODE.SASL_AUTHENTICATION_FAILED, 'auth-failed'],
])

/** A short name for logs and metrics. */
export const codeName = (code: number): string =>
  CAUSE_NAMES.get(code) ?? NAMES.get(code) ?? (code < 0 ? 'local-other' : 'broker-other')

const UNTOLD = -1

/**
 * What `produce` and `flush` fail with and reports of delivery come without their code: it is recognised by the words of
 * `rd_kafka_err2str`, which stay here.
 */
const WORDS: readonly (readonly [words: RegExp, code: number])[] = [
  [/message size too large/i, CODE.MSG_SIZE_TOO_LARGE],
  [/larger than configured server segment size/i, CODE.RECORD_LIST_TOO_LARGE],
  [/invalid timestamp/i, CODE.INVALID_TIMESTAMP],
  [/failed to validate record/i, CODE.INVALID_RECORD],
  [/topic authorization failed/i, CODE.TOPIC_AUTHORIZATION_FAILED],
  [/cluster authorization failed/i, CODE.CLUSTER_AUTHORIZATION_FAILED],
  [/unknown topic or partition/i, CODE.UNKNOWN_TOPIC_OR_PART],
  [/unknown topic/i, CODE.UNKNOWN_TOPIC],
  [/unknown partition/i, CODE.UNKNOWN_PARTITION],
  [/queue full/i, CODE.QUEUE_FULL],
  [/^timed out/i, CODE.TIMED_OUT],
  [/purged in queue/i, CODE.PURGE_QUEUE],
  [/purged in flight/i, CODE.PURGE_INFLIGHT],
]

/** What ended a client for good comes as FATAL, and its reason in words only. */
const FATAL_WORDS: readonly (readonly [words: RegExp, code: number])[] = [
  [/fenced|old epoch|newer (?:producer|instance)/i, CODE.FENCED],
]

/** What comes by itself has no code either; these sentences are of whole connections, never of one call. */
const EVENT_WORDS: readonly (readonly [words: RegExp, code: number])[] = [
  ...WORDS,
  [/broker transport failure/i, CODE.TRANSPORT],
  [/all broker connections are down/i, CODE.ALL_BROKERS_DOWN],
  [/authentication failure/i, CODE.AUTHENTICATION],
  [/^(?:local: )?ssl error/i, CODE.SSL],
  [/host resolution failure/i, CODE.RESOLVE],
]

/** An error that comes as an event. */
export const asEventError = (error: unknown): ClientError => asClientError(error, EVENT_WORDS)

/** A line of the log comes with each of these, and says why. */
export const isToldByLog = (code: number): boolean => toldByLog.has(code)
const toldByLog: ReadonlySet<number> = new Set([CODE.TRANSPORT, CODE.AUTHENTICATION, CODE.SSL, CODE.RESOLVE])

export function asClientError(error: unknown, words: typeof WORDS = WORDS): ClientError {
  const given = (error ?? {}) as Partial<Record<keyof ClientError | 'message', unknown>>
  const { code, message } = given
  const known = code === UNTOLD ? words : code === CODE.FATAL ? FATAL_WORDS : []
  const told =
    typeof message === 'string' ? known.find(([sentence]) => sentence.test(message))?.[1] : undefined
  return {
    code: told ?? (typeof code === 'number' ? code : 0),
    isFatal: given.isFatal === true,
    isRetriable: given.isRetriable === true,
    isTxnRequiresAbort: given.isTxnRequiresAbort === true,
  }
}

const isOneOf = (codes: readonly number[]): ((code: number) => boolean) => {
  const set = new Set(codes)
  return (code) => set.has(code)
}

/** The broker takes no such record, now or later. */
export const isRefusal: (code: number) => boolean = isOneOf([
  CODE.MSG_SIZE_TOO_LARGE,
  CODE.RECORD_LIST_TOO_LARGE,
  CODE.INVALID_TIMESTAMP,
  CODE.INVALID_RECORD,
])

export const isTooLarge: (code: number) => boolean = isOneOf([
  CODE.MSG_SIZE_TOO_LARGE,
  CODE.RECORD_LIST_TOO_LARGE,
])

/** Going on is impossible until a person acts. */
const isForGood = isOneOf([
  CODE.AUTHENTICATION,
  CODE.SASL_AUTHENTICATION_FAILED,
  CODE.TOPIC_AUTHORIZATION_FAILED,
  CODE.GROUP_AUTHORIZATION_FAILED,
  CODE.CLUSTER_AUTHORIZATION_FAILED,
  CODE.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  CODE.UNKNOWN_TOPIC_OR_PART,
  CODE.UNKNOWN_TOPIC,
  CODE.INCONSISTENT_GROUP_PROTOCOL,
  CODE.INVALID_GROUP_ID,
  CODE.FENCED,
  CODE.PRODUCER_FENCED,
  CODE.FENCED_INSTANCE_ID,
  CODE.FATAL,
])

/** Membership changed while offsets were on their way: the batch belongs to another member now. */
export const isOutdated: (code: number) => boolean = isOneOf([
  CODE.ILLEGAL_GENERATION,
  CODE.UNKNOWN_MEMBER_ID,
  CODE.REBALANCE_IN_PROGRESS,
])

export type ErrorClass = 'retriable' | 'abortable' | 'fatal'

/** The class of an error of a transactional call. */
export function classify(error: ClientError): ErrorClass {
  if (error.isFatal || isForGood(error.code)) return 'fatal'
  if (error.isTxnRequiresAbort) return 'abortable'
  if (error.isRetriable || isOfTheMoment(error.code)) return 'retriable'
  return 'abortable'
}

export const isOfTheMoment: (code: number) => boolean = isOneOf([
  CODE.TIMED_OUT,
  CODE.TIMED_OUT_QUEUE,
  CODE.TRANSPORT,
  CODE.ALL_BROKERS_DOWN,
  CODE.QUEUE_FULL,
  CODE.UNSTABLE_OFFSET_COMMIT,
])

const isOfTheCluster = isOneOf([
  CODE.WAIT_COORD,
  CODE.LEADER_NOT_AVAILABLE,
  CODE.NOT_LEADER,
  CODE.REQUEST_TIMED_OUT,
  CODE.BROKER_NOT_AVAILABLE,
  CODE.REPLICA_NOT_AVAILABLE,
  CODE.NETWORK_EXCEPTION,
  CODE.COORDINATOR_LOADING,
  CODE.COORDINATOR_NOT_AVAILABLE,
  CODE.NOT_COORDINATOR,
  CODE.FENCED_LEADER_EPOCH,
  CODE.UNKNOWN_LEADER_EPOCH,
  CODE.OFFSET_NOT_AVAILABLE,
])

export const isUnknown: (code: number) => boolean = isOneOf([
  CODE.UNKNOWN_TOPIC_OR_PART,
  CODE.UNKNOWN_TOPIC,
  CODE.UNKNOWN_PARTITION,
])

/** A question to the brokers that may be asked again: they are unreachable, or are electing leaders. */
export const isPassing = ({ code, isRetriable }: ClientError): boolean =>
  isRetriable || isOfTheMoment(code) || isOfTheCluster(code)

const SENTENCES: Readonly<Record<number, readonly [ErrorCode, is: string, way: string]>> = {
  [CODE.AUTHENTICATION]: [
    'broker-auth-failed',
    'the broker refuses the user name, the password or the token',
    'check `sasl:`',
  ],
  [CODE.SASL_AUTHENTICATION_FAILED]: [
    'broker-auth-failed',
    'the broker refuses the user name, the password or the token',
    'check `sasl:`',
  ],
  [CODE.SSL]: [
    'broker-tls-failed',
    'no TLS connection could be made: certificates, authority or protocol do not fit',
    'check `tls:`',
  ],
  [CODE.TOPIC_AUTHORIZATION_FAILED]: [
    'right-missing',
    'a right on a topic is missing',
    'lethe acl PIPELINE prints what is needed',
  ],
  [CODE.GROUP_AUTHORIZATION_FAILED]: [
    'right-missing',
    'the right to the consumer group is missing',
    'lethe acl PIPELINE',
  ],
  [CODE.INCONSISTENT_GROUP_PROTOCOL]: [
    'group-conflict',
    'the group has members that share its partitions in another way, or is none of consumers',
    "use a group of its own, or set 'partition.assignment.strategy' to what its other members use",
  ],
  [CODE.INVALID_GROUP_ID]: [
    'group-conflict',
    'the broker takes no group of that name',
    'use another `group:`',
  ],
  [CODE.CLUSTER_AUTHORIZATION_FAILED]: [
    'right-missing',
    'a right on the cluster is missing',
    'lethe acl PIPELINE',
  ],
  [CODE.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: [
    'right-missing',
    'the right to the transactional id is missing',
    'lethe acl PIPELINE',
  ],
  [CODE.UNKNOWN_TOPIC_OR_PART]: [
    'topic-missing',
    'a topic or partition does not exist',
    'lethe doctor PIPELINE says which',
  ],
  [CODE.UNKNOWN_TOPIC]: ['topic-missing', 'a topic does not exist', 'lethe doctor PIPELINE says which'],
}

/** Errors of the broker for a transaction that it has aborted. */
export const isGivenUp: (code: number) => boolean = isOneOf([
  CODE.INVALID_TXN_STATE,
  CODE.INVALID_PRODUCER_EPOCH,
  CODE.INVALID_PRODUCER_ID_MAPPING,
])

export const isFenced: (code: number) => boolean = isOneOf([
  CODE.FENCED,
  CODE.PRODUCER_FENCED,
  CODE.FENCED_INSTANCE_ID,
])

/** The error for people. */
export function fatalError(error: ClientError, during: string): LetheError {
  if (isFenced(error.code))
    return new FencedError(
      'fenced',
      'another process uses the same transactional id, and this one is out of date',
      'give each instance a name of its own (`instance:`), then start this one again',
    )
  const sentence = SENTENCES[error.code]
  const code = codeName(error.code)
  const reason = causeOf(code)
  if (sentence !== undefined) {
    const [problem, is, way] = sentence
    return reason === 'unknown'
      ? new LetheError(problem, is, way)
      : new Unfit(reason, problem, `${is} (${reason})`, way)
  }
  const what = `the client failed while ${during} (${code})`
  // Nothing has to be done: a producer whose sequence is not the broker's any more, and the like. Without a code it
  // is no word of the client's.
  return error.code === 0 ? new LetheError('client-failed', what) : new ClientLost(code, what)
}

/** Not fenced by another process: the broker aborts what stays open for too long, and no call may follow. */
export const timedOut = (milliseconds: number): ClientLost =>
  new ClientLost(
    'transaction-timeout',
    `a transaction was open for longer than ${milliseconds} ms, so the broker aborted it: this process stood still, or the broker was away`,
    'nothing is lost; if it goes on, set `transaction.timeout.ms` higher, or `batch:` lower',
  )
