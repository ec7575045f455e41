/** The closed list of codes: all that the installed clients know, and nothing that is no code. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { RECORD_CODES } from '../../../src/errors.ts'
import { clientCode, deadLetterCode, knownCode } from '../../../src/telemetry/codes.ts'
import { FAILURE_CODES } from '../../../transforms/transform.ts'

const require = createRequire(import.meta.url)

/** Source of a client's list of errors; undefined where an optional client is not installed. */
function source(path: string): string | undefined {
  try {
    return readFileSync(require.resolve(path), 'utf8')
  } catch {
    return undefined
  }
}

const rdkafka = source('node-rdkafka/lib/error.js')

describe('codes of clients', () => {
  it('hold every error of the protocol that kafkajs knows, and its classes', () => {
    const types = [...source('kafkajs/src/protocol/error.js')!.matchAll(/type: '(\w+)'/g)]
    const classes = [...source('kafkajs/src/errors.js')!.matchAll(/^class (KafkaJS\w+)/gm)]
    expect(types.length).toBeGreaterThan(80)
    expect(classes.length).toBeGreaterThan(20)
    for (const [, code] of [...types, ...classes]) expect(clientCode(code!)).toBe(code)
  })

  it.skipIf(rdkafka === undefined)('hold every error that librdkafka knows, without its ERR_', () => {
    const codes = new Set(rdkafka!.match(/\bERR_[A-Z_0-9]+/g))
    expect(codes.size).toBeGreaterThan(150)
    for (const code of codes) expect(clientCode(code)).toBe(code.slice(4))
  })

  it('keep a code that begins with ERR_ by itself', () => {
    expect(clientCode('ERR_TLS_CERT_ALTNAME_INVALID')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  })
})

describe('codes of dead letters', () => {
  it('are those of src/errors.ts', () => {
    for (const code of Object.keys({ ...RECORD_CODES, ...FAILURE_CODES })) {
      expect(deadLetterCode(code)).toBe(code)
      expect(knownCode(code)).toBe(code)
    }
  })
})

it.each([
  '',
  'ERR_',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'Ada Lovelace',
  'bad-utf8 ',
  'econnreset',
])('%j is no code', (text) => {
  expect(clientCode(text)).toBe('other')
  expect(deadLetterCode(text)).toBe('other')
  expect(knownCode(text)).toBe('other')
})

it.each([undefined, null, 42, {}, [], new Error('E-mail: ada@example.org')])(
  'what is no text is no code',
  (thing) => {
    expect(knownCode(thing as never)).toBe('other')
  },
)
