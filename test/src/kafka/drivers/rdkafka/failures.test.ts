/** The lines that librdkafka 2 logs, as seen of real listeners; `test/integration/causes.test.ts` meets them. */
import { expect, it } from 'vitest'
import { failureIn, isUnheard, readLogLine } from '../../../../../src/kafka/drivers/rdkafka/failures.ts'

const fail = (words: string) =>
  readLogLine({ severity: 3, fac: 'FAIL', message: `[thrd:b:1]: b:1: ${words}` })

it.each([
  [
    'Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)',
    'connection-refused',
  ],
  ["Failed to resolve 'b:1': Name or service not known (after 0ms in state CONNECT)", 'dns'],
  ['Connect to ipv4#10.0.0.1:1 failed: No route to host (after 9ms in state CONNECT)', 'host-unreachable'],
  ['ApiVersionRequest failed: Local: Timed out: probably due to broker version', 'timeout'],
  ['Connection setup timed out in state SSL_HANDSHAKE (after 30044ms in state SSL_HANDSHAKE)', 'timeout'],
  ['SSL handshake failed: error:0A000086:SSL routines::certificate verify failed', 'tls-handshake'],
  ['Disconnected: SSL connection closed by peer (after 0ms in state SSL_HANDSHAKE)', 'tls-handshake'],
  ['SASL authentication error: Authentication failed (after 253ms in state AUTH_REQ)', 'auth-failed'],
  ['SASL PLAIN mechanism handshake failed: Broker: Request not valid in current SASL state', 'auth-failed'],
  ['Disconnected: connection closed by peer (after 13ms in state UP)', 'connection-lost'],
  ['Disconnected: connection closed by peer (after 13ms in state AUTH_REQ)', 'connection-lost'],
  ['something new', undefined],
])('%s: %s', (words, code) => {
  expect(failureIn(fail(words))).toBe(code)
})

it('is asked of lines about connections alone', () => {
  expect(failureIn(readLogLine({ severity: 3, fac: 'REQTMOUT', message: 'Timed out' }))).toBeUndefined()
  for (const given of [undefined, null, 'text', { fac: 1, message: {} }])
    expect(failureIn(readLogLine(given))).toBeUndefined()
  const unheard = 'Disconnected: connection closed by peer (after 59ms in state APIVERSION_QUERY)'
  expect([unheard, 'Disconnected (after 9ms in state UP)'].map((words) => isUnheard(fail(words)))).toEqual([
    true,
    false,
  ])
})
