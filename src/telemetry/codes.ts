/**
 * The closed list of codes that may stand in a metric's label or in a log line. Whatever is not in it becomes
 * `other`: a client's free text, and so a value of the data, cannot pass as a code.
 */
import { type DeadLetterCode, describeCode, ERROR_CODES } from '../errors.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** What Lethe's own loop and drivers say. */
const OWN: readonly string[] = words(`
  rebalance assign revoke revoked lost epoch rewind closed aborted fenced fatal timed-out too-many-dead-letters
  stopping deadline no-broker missing-topic missing-right missing-offsets out-of-range stalled topic-deleted
  transaction-timeout topic-unknown partitions-added policy-changed keys-changed output-blocked output-too-large output-refused
  range-taken   no-snapshot cut-short changed unreadable other-version other-key other-table other-topic outside-log too-old log-unknown
  not-delivered defect local-other broker-other librdkafka
  connection-refused tls-handshake auth-failed token-unavailable token-refused dns timeout connection-lost connection-closed host-unreachable
  answer-unreadable batch-corrupt batch-format-old compression-unknown compression-corrupt compression-bomb compression-missing
  not-a-member crash stopped kafkajs-response-error kafkajs-connection kafkajs-response-unmatched kafkajs-request-queue kafkajs-broker kafkajs-other`)

/** Errors of the Kafka protocol. The two clients name some of them differently; both names are here. */
const PROTOCOL: readonly string[] = words(`
  broker-not-available cluster-authorization-failed concurrent-transactions coordinator-load-in-progress
  coordinator-not-available corrupt-message delegation-token-authorization-failed delegation-token-auth-disabled
  delegation-token-expired delegation-token-not-found delegation-token-owner-mismatch
  delegation-token-request-not-allowed duplicate-resource duplicate-sequence-number election-not-needed
  eligible-leaders-not-available feature-update-failed fenced-instance-id fenced-leader-epoch fenced-member-epoch
  fetch-session-id-not-found group-authorization-failed group-coordinator-not-available group-id-not-found
  group-load-in-progress group-max-size-reached group-subscribed-to-topic illegal-generation illegal-sasl-state
  inconsistent-group-protocol inconsistent-voter-set invalid-commit-offset-size invalid-config
  invalid-fetch-session-epoch invalid-fetch-size invalid-group-id invalid-msg invalid-msg-size invalid-partitions
  invalid-principal-type invalid-producer-epoch invalid-producer-id-mapping invalid-record
  invalid-replication-factor invalid-replica-assignment invalid-request invalid-required-acks
  invalid-session-timeout invalid-timestamp invalid-topic-exception invalid-transaction-timeout invalid-txn-state
  invalid-update-version kafka-storage-error leader-not-available listener-not-found log-dir-not-found
  member-id-required message-too-large msg-size-too-large network-exception non-empty-group not-controller
  not-coordinator not-coordinator-for-group not-enough-replicas not-enough-replicas-after-append
  not-leader not-leader-for-partition coordinator-loading no-error no-reassignment-in-progress offset-metadata-too-large offset-not-available
  offset-out-of-range operation-not-attempted out-of-order-sequence-number policy-violation
  preferred-leader-not-available principal-deserialization-failure producer-fenced reassignment-in-progress
  rebalance-in-progress rebootstrap-required record-list-too-large replica-not-available request-timed-out
  resource-not-found sasl-authentication-failed security-disabled stale-broker-epoch stale-controller-epoch
  stale-ctrl-epoch stale-member-epoch telemetry-too-large throttling-quota-exceeded topic-already-exists
  topic-authorization-failed topic-deletion-disabled topic-exception transaction-abortable
  transactional-id-authorization-failed transaction-coordinator-fenced unacceptable-credential unknown
  unknown-leader-epoch unknown-member-id unknown-producer-id unknown-subscription-id unknown-topic-id
  unknown-topic-or-part unknown-topic-or-partition unreleased-instance-id unstable-offset-commit
  unsupported-assignor unsupported-compression-type unsupported-for-message-format unsupported-sasl-mechanism
  unsupported-version`)

/** Errors that librdkafka finds itself. */
const LOCAL: readonly string[] = words(`
  all-brokers-down application assignment-lost assign-partitions authentication auto-offset-reset
  bad-compression bad-msg begin conflict crit-sys-resource destroy destroy-broker end existing-subscription fail
  fatal fenced fs gapless-guarantee inconsistent intr invalid-arg invalid-different-record invalid-type
  in-progress isr-insuff key-deserialization key-serialization log-truncation max-poll-exceeded msg-timed-out
  node-update noent noop not-configured not-implemented no-offset outdated partial partition-eof
  prev-in-progress purge-inflight purge-queue queue-full read-only resolve retry revoke-partitions ssl state
  timed-out timed-out-queue transport underflow unknown-broker unknown-group unknown-partition unknown-protocol
  unknown-topic unsupported-feature value-deserialization value-serialization wait-cache wait-coord`)

/** Errors of the system and of TLS, as Node.js names them. */
const SYSTEM: readonly string[] = words(`
  eacces eaddrinuse eaddrnotavail eagain eai-again econnaborted econnrefused econnreset ehostdown ehostunreach
  edquot eisdir emfile enetdown enetunreach enfile enobufs enoent enomem enospc enotfound eperm epipe eproto erofs etimedout
  cert-has-expired cert-not-yet-valid cert-signature-failure cert-untrusted depth-zero-self-signed-cert
  hostname-mismatch self-signed-cert-in-chain unable-to-get-issuer-cert unable-to-get-issuer-cert-locally
  unable-to-verify-leaf-signature tls-cert-altname-invalid ssl-wrong-version-number`)

const KNOWN: ReadonlySet<string> = new Set([...OWN, ...PROTOCOL, ...LOCAL, ...SYSTEM])

/** How many codes of clients there are at most, `other` included: the bound of a label. */
export const CLIENT_CODES: number = KNOWN.size + 1

/**
 * A code of a client, of the system or of Lethe's own loop, as it is listed; else `other`. Libraries shout theirs:
 * `ERR__TRANSPORT`, `REBALANCE_IN_PROGRESS` and `ECONNRESET` are `transport`, `rebalance-in-progress`, `econnreset`.
 */
export function clientCode(code: unknown): string {
  if (typeof code !== 'string') return 'other'
  if (KNOWN.has(code)) return code
  const quiet = /^(?:ERR_)?_?([A-Z0-9_]+)$/.exec(code)?.[1]?.toLowerCase().replaceAll('_', '-')
  return quiet !== undefined && KNOWN.has(quiet) ? quiet : 'other'
}

/** The code of a dead letter as `src/errors.ts` lists it; else `other`. */
export function deadLetterCode(code: unknown): string {
  // A name such as `constructor` is found on every object, but describes nothing in words.
  return typeof code === 'string' && typeof describeCode(code as DeadLetterCode) === 'string' ? code : 'other'
}

/** Any code that Lethe knows, of an error too; else `other`. */
export function knownCode(code: unknown): string {
  if (typeof code !== 'string') return 'other'
  const known = clientCode(code)
  if (known !== 'other') return known
  return Object.hasOwn(ERROR_CODES, code) ? code : deadLetterCode(code)
}
