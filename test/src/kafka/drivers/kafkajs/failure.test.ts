/** Which errors can be tried again, which are for good, and that no foreign text passes. */
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../../../src/errors.ts'
import {
  failureOf,
  MissingTopic,
  presenceOf,
  protocolFailure,
  RetriableError,
} from '../../../../../src/kafka/drivers/kafkajs/failure.ts'
import { settingsOf } from '../../../../../src/kafka/drivers/kafkajs/settings.ts'

const SECRET = 'sasl.password=hunter2 ada@example.org'

const thrown = (name: string, fields: object = {}): Error =>
  Object.assign(new Error(SECRET), { name }, fields)

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
    ['KafkaJSProtocolError', { code: 6, type: 'NOT_LEADER_FOR_PARTITION' }, 'not-leader-for-partition'],
    ['RangeError', { code: 'ERR_OUT_OF_RANGE' }, 'answer-unreadable'],
  ])('%s %o can be tried again', (name, fields, code) => {
    const failure = failureOf(thrown(name, fields), 'reading topic x', 'b:9092', false)
    expect(failure).toBeInstanceOf(RetriableError)
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
    [
      'KafkaJSProtocolError',
      { code: 29, type: 'TOPIC_AUTHORIZATION_FAILED' },
      /right on the topic is missing/,
    ],
  ])('%s %o is for good', (name, fields, says) => {
    const failure = failureOf(thrown(name, fields), 'reading topic x', 'b:9092', false)
    expect(failure).toBeInstanceOf(LetheError)
    expect(failure).toMatchObject({ exitCode: 4 })
    expect(shown(failure)).toMatch(says)
    expect(shown(failure)).toContain(name === 'KafkaJSProtocolError' ? 'topic x' : 'b:9092')
    expect(shown(failure)).not.toContain('hunter2')
  })
})

describe('error codes of a broker', () => {
  it('tell a missing right from a missing topic', () => {
    expect(protocolFailure(3, undefined, 'reading topic x')).toBeInstanceOf(MissingTopic)
    for (const code of [29, 30, 31, 53])
      expect(shown(protocolFailure(code, undefined, 'reading topic x'))).toMatch(/lethe acl/)
    expect([0, 3, 29, 30].map((code) => presenceOf(code, 'x'))).toEqual([
      'there',
      'missing',
      'forbidden',
      'forbidden',
    ])
    expect(() => presenceOf(5, 'x')).toThrow(RetriableError)
  })

  it('pass on no text that is not a word of the protocol', () => {
    expect(protocolFailure(6, 'NOT_LEADER_FOR_PARTITION', 'x')).toMatchObject({
      code: 'not-leader-for-partition',
    })
    expect(shown(protocolFailure(4711, SECRET, 'reading topic x'))).not.toContain('hunter2')
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
