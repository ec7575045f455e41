/** Which errors are of the moment, which are for good, and that no foreign text passes. */
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../../../src/errors.ts'
import type { DriverEvent } from '../../../../../src/kafka/driver.ts'
import { clientLogger } from '../../../../../src/kafka/drivers/kafkajs/client-log.ts'
import {
  codeFailure,
  codeName,
  failureOf,
  MissingTopic,
  Moment,
} from '../../../../../src/kafka/drivers/kafkajs/failure.ts'
import { settingsOf } from '../../../../../src/kafka/drivers/kafkajs/settings.ts'

const SECRET = 'sasl.password=hunter2 ada@example.org'

const thrown = (name: string, fields: object = {}): Error =>
  Object.assign(new Error(SECRET), { name, broker: SECRET }, fields)

const shown = (error: Error): string => `${error.message} ${(error as LetheError).suggestion ?? ''}`

describe('what kafkajs throws', () => {
  it.each([
    ['KafkaJSConnectionError', { code: 'ECONNREFUSED' }, 'connection-refused'],
    ['KafkaJSConnectionError', { code: 'ENOTFOUND' }, 'dns'],
    ['KafkaJSConnectionError', { code: 'ECONNRESET' }, 'connection-lost'],
    ['KafkaJSConnectionError', {}, 'connection-lost'],
    ['KafkaJSConnectionClosedError', {}, 'connection-lost'],
    ['KafkaJSRequestTimeoutError', {}, 'timeout'],
    ['KafkaJSLockTimeout', {}, 'timeout'],
    ['KafkaJSProtocolError', { type: 'NOT_LEADER_FOR_PARTITION' }, 'not-leader-for-partition'],
    ['RangeError', { code: 'ERR_OUT_OF_RANGE' }, 'answer-unreadable'],
  ])('%s %o is of the moment', (name, fields, code) => {
    const failure = failureOf(thrown(name, fields), 'b:9092')
    expect(failure).toBeInstanceOf(Moment)
    expect(failure).toMatchObject({ code, message: code })
  })

  it.each([
    ['KafkaJSConnectionError', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /no authority that is trusted/],
    ['KafkaJSConnectionError', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, /no authority that is trusted/],
    ['KafkaJSConnectionError', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, /another host name/],
    ['KafkaJSConnectionError', { code: 'CERT_HAS_EXPIRED' }, /out of date/],
    [
      'KafkaJSConnectionError',
      { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
      /certificate of this client/,
    ],
    ['KafkaJSSASLAuthenticationError', {}, /user name, the password/],
    ['KafkaJSServerDoesNotSupportApiKey', {}, /too old, or too new/],
    ['KafkaJSProtocolError', { type: 'TOPIC_AUTHORIZATION_FAILED' }, /right on the topic is missing/],
  ])('%s %o is for good', (name, fields, says) => {
    const failure = failureOf(thrown(name, fields), 'b:9092')
    expect(failure).toBeInstanceOf(LetheError)
    expect(failure).toMatchObject({ exitCode: 4 })
    expect(shown(failure)).toMatch(says)
    expect(shown(failure)).toContain('b:9092')
    expect(shown(failure)).not.toContain('hunter2')
  })
})

describe('error codes of a broker', () => {
  it('tell a missing right from a missing topic', () => {
    expect(codeFailure(3, 'reading topic x')).toBeInstanceOf(MissingTopic)
    for (const code of [29, 30, 31, 53])
      expect(shown(codeFailure(code, 'reading topic x'))).toMatch(/lethe acl/)
  })

  it('have names, known or not', () => {
    expect(codeName(6)).toBe('not-leader-for-partition')
    expect(codeName(4711)).toBe('error-4711')
    expect(shown(codeFailure(4711, 'reading topic x'))).toContain('error-4711')
  })
})

describe('the log of kafkajs', () => {
  it('leaves as codes only, at every level', () => {
    const events: DriverEvent[] = []
    type Log = Record<'error' | 'warn' | 'info' | 'debug', (message: string, extra: object) => void>
    const logger = clientLogger((event) => events.push(event)) as { namespace(name: string): Log }
    for (const namespace of ['Connection', 'SaslAuthenticator-PLAIN', 'RequestQueue', 'Broker', SECRET])
      for (const level of ['error', 'warn', 'info', 'debug'] as const)
        for (const message of [
          'Connection error: ',
          'Connection timeout',
          'Response Fetch',
          'Response without match',
          '',
        ])
          logger.namespace(namespace)[level](message + SECRET, { error: SECRET, stack: SECRET })
    expect(events.length).toBeGreaterThan(0)
    for (const event of events) expect(Object.keys(event).toSorted()).toEqual(['code', 'kind', 'severity'])
    expect(JSON.stringify(events)).not.toContain('hunter2')
    expect(new Set(events.map((event) => (event as { severity: string }).severity))).toEqual(
      new Set(['error', 'warn']),
    )
    expect(events).toContainEqual({ kind: 'client-log', severity: 'error', code: 'kafkajs-response-error' })
  })
})

describe('client settings', () => {
  const of = (client: Record<string, string | number>) =>
    settingsOf({ brokers: [], tls: undefined, sasl: undefined, client: new Map(Object.entries(client)) })

  it('go by their Kafka names', () => {
    const settings = of({
      'client.id': 'me',
      'session.timeout.ms': 6000,
      'fetch.max.bytes': 2_000_000,
      'compression.type': 'zstd',
    })
    expect(settings).toMatchObject({
      clientId: 'me',
      sessionTimeout: 6000,
      heartbeatInterval: 2000,
      fetch: { maxBytes: 2_000_000 },
      compression: 'zstd',
    })
  })

  it('are refused where kafkajs has none such', () => {
    expect(() => of({ 'linger.ms': 5 })).toThrow(/linger.ms/)
    expect(() => of({ 'partition.assignment.strategy': 'cooperative-sticky' })).toThrow(/cooperative/)
    expect(of({ 'partition.assignment.strategy': 'range' }).assignors).toEqual(['range'])
  })
})
