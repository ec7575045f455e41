/**
 * What kafkajs throws, in two classes: another try may succeed (`RetriableError`), and it will not (a `LetheError` with
 * exit code 4). Texts of kafkajs, OpenSSL and the broker stay here.
 */
import { LetheError } from '../../../errors.ts'
import type { Presence } from '../../admin.ts'
import { Unfit } from '../../cause.ts'
import { CompressionError, installOf, PACKAGES } from './codecs.ts'

/** The code is from closed lists: ours, and the error codes of the broker. */
export class RetriableError extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** A topic does not exist; right after it was made, a broker may not know it yet. */
export class MissingTopic extends LetheError {}

/** The parts of the errors of kafkajs that are read. */
interface Thrown {
  readonly name?: string
  readonly message?: unknown
  readonly code?: unknown
  readonly type?: string
  readonly broker?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** The error that kafkajs has wrapped, once or several times. */
export function causeIn(error: unknown): Thrown {
  const { cause, errors } = error as Thrown
  const inner = cause ?? errors?.[0]
  return inner instanceof Error && inner !== error ? causeIn(inner) : (error as Thrown)
}

/** The error code of a broker; undefined: it is none. */
export function protocolCode(error: unknown): number | undefined {
  const { code } = causeIn(error)
  return typeof code === 'number' ? code : undefined
}

export const CODE = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  recordListTooLarge: 18,
  inconsistentGroupProtocol: 23,
  invalidTimestamp: 32,
  policyViolation: 44,
  invalidRecord: 87,
} as const

/** Leaders and coordinators move, logs load, replicas lag: the broker says so itself. */
const RETRIABLE: ReadonlyMap<number, string> = new Map([
  [5, 'leader-not-available'],
  [6, 'not-leader-for-partition'],
  [7, 'request-timed-out'],
  [8, 'broker-not-available'],
  [9, 'replica-not-available'],
  [13, 'network-exception'],
  [14, 'group-load-in-progress'],
  [15, 'group-coordinator-not-available'],
  [16, 'not-coordinator-for-group'],
  [19, 'not-enough-replicas'],
  [20, 'not-enough-replicas-after-append'],
  [41, 'not-controller'],
  [51, 'concurrent-transactions'],
  [56, 'kafka-storage-error'],
  [74, 'fenced-leader-epoch'],
  [75, 'unknown-leader-epoch'],
  [78, 'offset-not-available'],
  [80, 'preferred-leader-not-available'],
  [88, 'unstable-offset-commit'],
  [89, 'throttling-quota-exceeded'],
])

const RIGHTS: ReadonlyMap<number, string> = new Map([
  [29, 'a right on the topic'],
  [30, 'a right on the consumer group'],
  [31, 'a right on the cluster'],
  [53, 'the right on the transactional id'],
])

/** Whether an error says that a right is missing. */
export const isForbidden = (error: unknown): boolean => RIGHTS.has(protocolCode(error) ?? -1)

/** Codes of a group that goes on without this sender: illegal generation, unknown member, rebalance. */
const OUTDATED: ReadonlySet<number> = new Set([22, 25, 27])

/** Why a group does not take offsets from this sender; undefined: for another reason. */
export const outdated = (error: unknown): string | undefined =>
  OUTDATED.has(protocolCode(error) ?? -1) ? wordOf(causeIn(error).type) : undefined

/** An error code as a word: `not-leader-for-partition`. */
export const wordOf = (type: string | undefined): string =>
  type === undefined || !/^[A-Z_]+$/.test(type) ? 'unknown' : type.toLowerCase().replaceAll('_', '-')

/** What an error code of a broker means. */
export function protocolFailure(
  code: number,
  type: string | undefined,
  what: string,
): RetriableError | LetheError {
  const word = RETRIABLE.get(code)
  if (word !== undefined) return new RetriableError(word)
  const right = RIGHTS.get(code)
  if (right !== undefined)
    return new LetheError(
      'right-missing',
      `${what}: ${right} is missing (${wordOf(type)})`,
      '`lethe acl PIPELINE` prints the commands that grant the least it needs',
    )
  if (code === CODE.unknownTopicOrPartition)
    return new MissingTopic(
      'topic-missing',
      `${what}: the topic does not exist`,
      'make it, or let `lethe doctor PIPELINE --fix` make it',
    )
  if (code === CODE.inconsistentGroupProtocol)
    return new LetheError(
      'group-conflict',
      `${what}: the consumer group has members that share its partitions in another way`,
      'give each route a group of its own; all of its members need one driver and assignment',
    )
  return new LetheError('broker-refused', `${what}: the broker refuses (${wordOf(type)})`)
}

/** Whether what was described is there. @throws RetriableError, LetheError where the code says something else */
export function presenceOf(code: number, what: string): Presence {
  if (code === 0) return 'there'
  if (code === CODE.unknownTopicOrPartition) return 'missing'
  if (RIGHTS.has(code)) return 'forbidden'
  throw protocolFailure(code, undefined, what)
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
  [/./, 'the handshake fails', 'check that the listener speaks TLS, and `tls:`'],
]

function tlsFailure(code: string, broker: string): LetheError {
  const [, reason, way] = CERTIFICATE_REASONS.find(([pattern]) => pattern.test(code))!
  const message = `no TLS connection to ${broker}: ${reason} (tls-handshake, ${code})`
  return new Unfit('tls-handshake', 'broker-tls-failed', message, way)
}

/** The broker refuses who this client says it is. */
export const refused = (broker: string, what: string): LetheError =>
  new Unfit(
    'auth-failed',
    'broker-auth-failed',
    `${broker} ${what} (auth-failed)`,
    'check `sasl:`, and that the listener has the mechanism',
  )

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'host-unreachable',
  ENETUNREACH: 'host-unreachable',
}

const COMPRESSIONS: Readonly<Record<string, readonly [string, string]>> = {
  'compression-unknown': ['with a codec that is not known here', 'Lethe reads gzip, snappy, lz4 and zstd'],
  'compression-corrupt': ['and cannot be decompressed', 'look at the log of the brokers for damage'],
  'compression-bomb': [
    'and decompresses to more than 64 MiB, which no usual producer makes',
    'find out who wrote it; to go past it, set the offset of the group by hand',
  ],
}

function compressionFailure({ code, compression }: CompressionError, what: string): LetheError {
  const [reason, way] =
    compression === undefined
      ? COMPRESSIONS[code]!
      : [
          `with ${compression}, and the package that reads it (${PACKAGES[compression]}) cannot be loaded here; the batch is sound`,
          installOf(compression),
        ]
  return new LetheError('records-unreadable', `${what}: a batch is compressed ${reason}`, way)
}

/**
 * What an error means. `what` was asked for, as in `reading topic x`; `brokers` as the user names them.
 * `isCut`: the other side had closed the newest connection.
 */
export function failureOf(
  error: unknown,
  what: string,
  brokers: string,
  isCut: boolean,
): RetriableError | LetheError {
  const cause = causeIn(error)
  if (cause instanceof RetriableError || cause instanceof LetheError) return cause
  if (cause instanceof CompressionError) return compressionFailure(cause, what)
  const { name, code, type, message, broker = brokers } = cause
  if (typeof code === 'number') {
    // A listener without SASL has no state in which it would take the name of a user.
    if (type === 'ILLEGAL_SASL_STATE' || type === 'UNSUPPORTED_SASL_MECHANISM')
      return refused(broker, 'has no such SASL mechanism, or none at all')
    return protocolFailure(code, type, what)
  }
  switch (name) {
    case 'KafkaJSConnectionError':
      if (typeof code === 'string' && CERTIFICATE.test(code)) return tlsFailure(code, broker)
      // It has no code of its own.
      if (message === 'Connection timeout') return new RetriableError('timeout')
      return new RetriableError(NETWORK[String(code)] ?? 'connection-lost')
    case 'KafkaJSRequestTimeoutError':
    case 'KafkaJSLockTimeout':
      return new RetriableError('timeout')
    case 'KafkaJSSASLAuthenticationError':
      // kafkajs calls a connection that breaks while it authenticates the same.
      if (isCut) return new RetriableError('connection-lost')
      return refused(broker, 'refuses the user name, the password, the token or the mechanism')
    case 'KafkaJSServerDoesNotSupportApiKey':
    case 'KafkaJSNotImplemented':
      return new LetheError(
        'broker-unsupported',
        `${broker} is not a Kafka broker that kafkajs supports`,
        'it is too old, or too new',
      )
    case 'KafkaJSGroupCoordinatorNotFound':
      return new RetriableError('group-coordinator-not-available')
    case 'KafkaJSBrokerNotFound':
    case 'KafkaJSMetadataNotLoaded':
    case 'KafkaJSTopicMetadataNotLoaded':
      return new RetriableError('leader-not-available')
    default:
      // Also an answer that cannot be decoded: what listens there does not speak Kafka, or an answer was cut off.
      return new RetriableError(
        /Connection|Broker/.test(name ?? '') ? 'connection-lost' : 'answer-unreadable',
      )
  }
}
