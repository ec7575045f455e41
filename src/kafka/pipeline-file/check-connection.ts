/** Whether a pipeline's connection protects what crosses it, and whether driver, delivery and timeouts go together. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { entryOf } from '../../policy/document.ts'
import { quote } from '../../policy/problems.ts'
import { CLIENT_DEFAULTS, CLIENT_SETTINGS, TRANSACTION_MARGIN_MS } from './client-settings.ts'
import type { PipelineDraft } from './draft-pipeline.ts'
import { MIN_REASON } from './pipeline-schema.ts'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** What would cross a network beside events where there is no TLS. */
export const exposedBy = (mechanism: string | undefined): string =>
  mechanism === 'plain' ? ' and the password' : mechanism === 'oauthbearer' ? ' and the token' : ''

function hostOf(broker: string): string {
  return broker.slice(0, broker.lastIndexOf(':')).replace(/^\[|\]$/g, '')
}

/** Whether the host is this machine, whatever a name server says. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family > 0) return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4')
  const name = host.toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Brokers, TLS, and the reason for going without. */
export function checkConnection(draft: PipelineDraft): void {
  const { parts, findings, at, has } = draft
  const remote: number[] = []
  parts.brokers?.forEach((broker, i) => {
    const host = hostOf(broker)
    if (broker.startsWith('[') && !isIPv6(host))
      findings.add(at('brokers', i), 'bad-broker', 'no IPv6 address stands between the brackets')
    else if (!isLoopback(host)) remote.push(i)
  })
  checkClientCertificate(draft)
  if (has('plaintext')) checkAcceptance(draft, remote.length > 0)
  else if (!has('tls'))
    for (const i of remote)
      findings.add(
        at('brokers', i),
        'plaintext-broker',
        `the broker ${quote(parts.brokers![i]!)} is on another machine, and there is no TLS: events${exposedBy(
          parts.sasl?.mechanism,
        )} would cross the network in the clear`,
        'write `tls: true`, or `plaintext: { accept: "the reason" }`',
      )
}

function checkAcceptance({ parts, findings, at, has, tree }: PipelineDraft, needed: boolean): void {
  const reason = parts.plaintext?.accept
  if (reason !== undefined && reason.trim().length < MIN_REASON)
    findings.add(at('plaintext', 'accept'), 'bad-accept', `a reason has at least ${MIN_REASON} characters`)
  if (has('tls') || (parts.brokers !== undefined && !needed))
    findings.add(
      entryOf(tree, 'plaintext')!.at,
      'accept-without-need',
      has('tls') ? 'the connection is encrypted' : 'all brokers are on this machine',
      'remove plaintext',
    )
}

function checkClientCertificate({ findings, at, tree }: PipelineDraft): void {
  const tls = entryOf(tree, 'tls')?.value
  const given = (word: string) => entryOf(tls, word) !== undefined
  const pairs = [
    ['cert', 'key'],
    ['key', 'cert'],
    ['keyPassword', 'key'],
  ] as const
  for (const [one, other] of pairs)
    if (given(one) && !given(other))
      findings.add(
        at('tls', one),
        'bad-tls',
        `\`${one}\` means nothing without \`${other}\``,
        `add \`${other}:\``,
      )
}

/** Whether the driver that is named can do what is asked of it. */
export function checkDriver({ parts, findings, at }: PipelineDraft): void {
  if (parts.driver === undefined) return
  if (parts.driver === 'kafkajs' && parts.delivery === 'exactly-once')
    findings.add(
      at('driver'),
      'driver-delivery',
      'kafkajs gives no exactly-once: its transactions do not know the generation of the group',
      'say `driver: rdkafka`, or `delivery: at-least-once`',
    )
  for (const name of Object.keys(parts.client ?? {}))
    if (!CLIENT_SETTINGS[name]!.drivers.includes(parts.driver))
      findings.add(at('client', name), 'not-in-driver', `${parts.driver} has no ${quote(name)}`, 'remove it')
  if (parts.driver !== 'kafkajs') return
  if (parts.client?.['partition.assignment.strategy'] === 'cooperative-sticky')
    findings.add(
      at('client', 'partition.assignment.strategy'),
      'not-in-driver',
      'kafkajs shares partitions eagerly only',
      'range',
    )
  for (const [table, place] of Object.entries(parts.tables ?? {}))
    if ('topic' in place)
      findings.add(
        at('tables', table, 'topic'),
        'not-in-driver',
        'kafkajs cannot read a consent table from a topic: it hands over records of aborted transactions',
        'use the driver rdkafka, or a table in a file',
      )
  parts.brokers?.forEach((broker, i) => {
    if (broker.startsWith('['))
      findings.add(
        at('brokers', i),
        'not-in-driver',
        'kafkajs takes no IPv6 address for a broker',
        'write a host name',
      )
  })
}

const DEFAULT_POLL_INTERVAL_MS = 300_000

/** Timeouts that do not go together would let a zombie write, or make a client refuse to start. */
export function checkTimeouts({ parts, findings, at }: PipelineDraft): void {
  const { client } = parts
  if (client === undefined) return
  const given = (name: string): number | undefined => client[name] as number | undefined
  const session = given('session.timeout.ms') ?? CLIENT_DEFAULTS['session.timeout.ms']
  const transaction = given('transaction.timeout.ms') ?? CLIENT_DEFAULTS['transaction.timeout.ms']
  const place = (...names: readonly string[]) =>
    at('client', ...names.filter((name) => given(name) !== undefined).slice(0, 1))
  if (parts.delivery === 'exactly-once') {
    if (transaction + TRANSACTION_MARGIN_MS >= session)
      findings.add(
        place('transaction.timeout.ms', 'session.timeout.ms'),
        'bad-timeouts',
        `a transaction of ${transaction} ms must end ${TRANSACTION_MARGIN_MS} ms before the session of ${session} ms does`,
        `transaction.timeout.ms below ${Math.max(session - TRANSACTION_MARGIN_MS, 0)}, or session.timeout.ms above ${transaction + TRANSACTION_MARGIN_MS}`,
      )
    if ((given('request.timeout.ms') ?? 0) > transaction)
      findings.add(
        place('request.timeout.ms'),
        'bad-timeouts',
        'the timeout of a request must not be longer than that of its transaction',
        `at most ${transaction}`,
      )
  }
  if (3 * (given('heartbeat.interval.ms') ?? 0) > session)
    findings.add(
      place('heartbeat.interval.ms'),
      'bad-timeouts',
      'three heartbeats must fit into a session',
      `at most ${Math.floor(session / 3)}`,
    )
  if ((given('max.poll.interval.ms') ?? DEFAULT_POLL_INTERVAL_MS) < session)
    findings.add(
      place('max.poll.interval.ms', 'session.timeout.ms'),
      'bad-timeouts',
      'the interval of polls must not be shorter than the session timeout',
      `max.poll.interval.ms of at least ${session}`,
    )
}
