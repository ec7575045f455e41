/**
 * What goes wrong with a broker, in two classes: of the moment (`Moment`: the same is tried again), and for good (a
 * `LetheError` with exit code 4). Texts of kafkajs, OpenSSL and the broker stay here.
 */
import { LetheError } from '../../../errors.ts'
import { Unfit } from '../../cause.ts'
import { ERROR_CODES } from './internals.ts'

/** An error that another try may not meet. The code is from closed lists: ours, and the broker's error codes. */
export class Moment extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** A topic that is not there, or not any more; right after it was made, not yet. */
export class MissingTopic extends LetheError {}

const NAMES: ReadonlyMap<number, string> = new Map(
  ERROR_CODES.map(({ code, type }) => [code, type.toLowerCase().replaceAll('_', '-')]),
)

/** A broker's error code as a word: `not-leader-for-partition`. */
export const codeName = (code: number): string => NAMES.get(code) ?? `error-${code}`

export const CODE = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  recordListTooLarge: 18,
  invalidTopic: 17,
  illegalGeneration: 22,
  inconsistentGroupProtocol: 23,
  unknownMemberId: 25,
  invalidSessionTimeout: 26,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  invalidTimestamp: 32,
  topicAlreadyExists: 36,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidProducerIdMapping: 49,
  unknownProducerId: 59,
  memberIdRequired: 79,
  groupMaxSizeReached: 81,
  invalidRecord: 87,
} as const

/** Leaders and coordinators move, logs load, replicas lag: the broker says so itself. */
const OF_THE_MOMENT: ReadonlySet<number> = new Set([
  5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 74, 75, 78, 80, 88, 89,
])

/** Leaders or coordinators are to be looked up anew. */
const MOVED: ReadonlySet<number> = new Set([3, 5, 6, 9, 15, 16, 41, 74, 75])
export const isMoved = (code: number): boolean => MOVED.has(code)

const RIGHTS: ReadonlyMap<number, string> = new Map([
  [29, 'a right on the topic'],
  [30, 'a right on the consumer group'],
  [31, 'a right on the cluster'],
  [53, 'the right on the transactional id'],
  [65, 'a right on delegation tokens'],
])

export const isMissingRight = (code: number): boolean => RIGHTS.has(code)

/** What an answer's error code means; `what` was asked for, as in `reading topic x`. */
export function codeFailure(code: number, what: string): Moment | LetheError {
  if (OF_THE_MOMENT.has(code)) return new Moment(codeName(code))
  const right = RIGHTS.get(code)
  if (right !== undefined)
    return new LetheError(
      'right-missing',
      `${what}: ${right} is missing (${codeName(code)})`,
      '`lethe acl PIPELINE` prints the commands that grant the least it needs',
    )
  if (code === CODE.unknownTopicOrPartition)
    return new MissingTopic(
      'topic-missing',
      `${what}: the topic does not exist`,
      'make it, or let `lethe doctor PIPELINE --fix` make it',
    )
  return new LetheError('broker-refused', `${what}: the broker refuses (${codeName(code)})`)
}

const CERTIFICATE =
  /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_|HOSTNAME_|PATH_LENGTH|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/

const CERTIFICATE_REASONS: readonly (readonly [RegExp, string, string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_|INVALID_CA|CERT_UNTRUSTED/,
    'its certificate is from no authority that is trusted here',
    'name the authority: `tls: { ca: { file: … } }`',
  ],
  [/ALTNAME|HOSTNAME/, 'its certificate is for another host name', 'use the name that the certificate holds'],
  [/EXPIRED|NOT_YET_VALID/, 'its certificate is out of date', 'renew it, or check the clock'],
  [/ALERT/, 'the broker refuses the certificate of this client', 'check `tls: { cert: …, key: … }`'],
]

function tlsFailure(code: string, broker: string): LetheError {
  const [, reason, way] = CERTIFICATE_REASONS.find(([pattern]) => pattern.test(code)) ?? [
    undefined,
    'the handshake fails',
    'check that the listener speaks TLS, and `tls:`',
  ]
  return new Unfit(
    'tls-handshake',
    'broker-tls-failed',
    `no TLS connection to ${broker}: ${reason} (tls-handshake, ${code})`,
    way,
  )
}

const MOMENT_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'host-unreachable',
  ENETUNREACH: 'host-unreachable',
}

interface Thrown {
  readonly message?: unknown
  readonly name?: unknown
  readonly code?: unknown
  readonly type?: unknown
}

/** What kafkajs throws while a request is under way. `broker` is host and port, as the user or the cluster names it. */
export function failureOf(error: unknown, broker: string): Moment | LetheError {
  if (error instanceof Moment || error instanceof LetheError) return error
  const { name, code, type, message } = error as Thrown
  switch (name) {
    case 'KafkaJSConnectionError':
      if (typeof code === 'string' && CERTIFICATE.test(code)) return tlsFailure(code, broker)
      // It has no code of its own.
      if (message === 'Connection timeout') return new Moment('timeout')
      return new Moment(MOMENT_CODES[String(code)] ?? 'connection-lost')
    case 'KafkaJSConnectionClosedError':
      return new Moment('connection-lost')
    case 'KafkaJSRequestTimeoutError':
    case 'KafkaJSLockTimeout':
      return new Moment('timeout')
    case 'KafkaJSSASLAuthenticationError':
      return new Unfit(
        'auth-failed',
        'broker-auth-failed',
        `${broker} refuses the user name, the password or the mechanism (auth-failed)`,
        'check `sasl:`, and that the listener has the mechanism',
      )
    case 'KafkaJSServerDoesNotSupportApiKey':
    case 'KafkaJSNotImplemented':
      return new LetheError(
        'broker-unsupported',
        `${broker} is no Kafka broker that kafkajs can talk to`,
        'it is too old, or too new',
      )
    case 'KafkaJSProtocolError': {
      // A listener without SASL has no state in which it would take a user's name.
      if (type === 'ILLEGAL_SASL_STATE' || type === 'UNSUPPORTED_SASL_MECHANISM')
        return new Unfit(
          'auth-failed',
          'broker-auth-failed',
          `${broker} has no such SASL mechanism, or none at all (auth-failed)`,
          'check `sasl:`, and that the listener has the mechanism',
        )
      const known = ERROR_CODES.find((one) => one.type === type)
      return codeFailure(known?.code ?? -1, `talking to ${broker}`)
    }
    default:
      // An answer that cannot be decoded: whoever listens there does not speak Kafka, or an answer was cut off.
      return new Moment('answer-unreadable')
  }
}
